"""AES for the privacy of SNMPv3 (RFC 3826), from the package `cryptography`."""

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES


class Aes:
    """The Cipher of `protocols/usm.py`: AES by 128 bits of feedback, with a key of 16, 24 or 32 octets."""

    def encrypt(self, key: bytes, vector: bytes, data: bytes) -> bytes:
        """See Cipher."""
        return Cipher(AES(key), CFB(vector)).encryptor().update(data)

    def decrypt(self, key: bytes, vector: bytes, data: bytes) -> bytes:
        """See Cipher."""
        return Cipher(AES(key), CFB(vector)).decryptor().update(data)
