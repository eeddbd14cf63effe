"""Layouts: what is cut out at once is what reading step by step finds, whatever has changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocols.ber import OCTETS, BerError
from bridge.protocols.snmp_layout import Memory, Variable
from bridge.protocols.snmp_messages import read_variables
from tests.sources.snmp.forger import number, oid, text, tlv

NAME, OTHER = oid((1, 3, 6, 1, 5)), oid((1, 3, 6, 1, 6))
CONTENT = NAME[2:]


def variable(value: bytes, name: bytes = NAME) -> bytes:
    return tlv(0x30, name, value)


def taught(data: bytes, times: int = 2) -> Memory:
    """A memory that has seen these variables so often."""
    memory = Memory()
    for _ in range(times):
        memory.learn(data, 0, len(data), read_variables(data, 0, len(data)))
    return memory


def recalled(memory: Memory, data: bytes) -> list[Variable] | None:
    """As it is inside a message."""
    return memory.read(b"before" + data + b"behind", 6, 6 + len(data))


def test_other_values_of_the_same_sizes_are_cut_out() -> None:
    memory = taught(variable(number(70_000)) + variable(text(b"yes"), OTHER))

    found = recalled(memory, variable(number(80_000)) + variable(text(b"nay"), OTHER))

    assert found == [(CONTENT, 2, b"\x01\x38\x80"), (OTHER[2:], OCTETS, b"nay")]


@pytest.mark.parametrize(
    "other",
    [
        variable(number(300)) + variable(text(b"yes!"), OTHER),
        variable(number(70_000), OTHER) + variable(text(b"yes"), OTHER),
        variable(number(70_000, 0x41)) + variable(text(b"yes"), OTHER),
        variable(number(70_000)),
        b"",
    ],
    ids=["other sizes", "another name", "another type", "fewer", "none"],
)
def test_what_has_another_layout_is_left_to_the_reader(other: bytes) -> None:
    memory = taught(variable(number(70_000)) + variable(text(b"yes"), OTHER))

    assert recalled(memory, other) is None


def test_a_layout_is_learnt_once_it_has_been_seen_twice() -> None:
    """So what always changes does not cost more."""
    data = variable(number(1))

    assert recalled(taught(data, times=1), data) is None
    assert recalled(taught(data, times=2), data)


def test_a_new_layout_takes_the_place_of_the_old_one() -> None:
    memory, longer = taught(variable(number(1))), variable(number(1000))

    for _ in range(2):
        memory.learn(longer, 0, len(longer), read_variables(longer, 0, len(longer)))

    assert recalled(memory, longer) == [(CONTENT, 2, b"\x03\xe8")]
    assert recalled(memory, variable(number(1))) is None


@pytest.mark.parametrize("data", [b"", variable(text(b"x" * 200)), b"\x30\x81\x08" + NAME[:7] + b"\5\0"])
def test_nothing_and_long_lengths_are_not_learnt(data: bytes) -> None:
    assert recalled(taught(data), data) is None


@given(st.data())
def test_whatever_is_changed_it_is_read_as_by_the_reader_or_not_at_all(data: st.DataObject) -> None:
    good = variable(number(1)) + variable(text(b"two"), OTHER) + variable(b"\x80\0")
    memory, changed = taught(good), bytearray(good)
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=3)):
        changed[place] = data.draw(st.integers(0, 255))

    found = recalled(memory, bytes(changed))

    assert found is None or found == read_variables(bytes(changed), 0, len(changed))


def test_what_cannot_be_read_teaches_nothing() -> None:
    with pytest.raises(BerError):
        taught(b"\x30\x03\x02\x01\x01")
