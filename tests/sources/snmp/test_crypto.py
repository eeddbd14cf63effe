"""AES as RFC 3826 has it."""

import pytest

from bridge.sources.snmp.crypto import Aes

CLEAR = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a" + "ae2d8a571e03ac9c9eb76fac45af8e51")
VECTOR = bytes(range(16))
EXAMPLES = {
    "2b7e151628aed2a6abf7158809cf4f3c": "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b",
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b": (
        "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a"
    ),
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4": (
        "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"
    ),
}
"""Key to what it makes of two blocks (NIST SP 800-38A, appendix F.3.13 to F.3.17)."""


@pytest.mark.parametrize("key", EXAMPLES)
def test_the_examples_of_nist(key: str) -> None:
    assert Aes().encrypt(bytes.fromhex(key), VECTOR, CLEAR).hex() == EXAMPLES[key]
    assert Aes().decrypt(bytes.fromhex(key), VECTOR, bytes.fromhex(EXAMPLES[key])) == CLEAR


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17])
def test_any_length_stays_as_it_is(size: int) -> None:
    assert len(Aes().encrypt(bytes(16), VECTOR, bytes(size))) == size
