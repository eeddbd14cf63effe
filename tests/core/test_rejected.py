"""Rejected: what may be seen of a line that was refused."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.rejected import Rejected

LINE = b"pbx.caller.4930123:1|zz\xff\x1b"


def rejected(line: bytes, *, shown: bool) -> Rejected:
    return Rejected(0.0, "udp", "10.0.0.5", "bad_type", line, shown)


def test_by_default_only_its_shape_is_seen() -> None:
    assert rejected(LINE, shown=False).text() == "aaa.aaaaaa.9999999:9|aaa?"


def test_a_setting_shows_it_as_it_came() -> None:
    assert rejected(LINE, shown=True).text() == r"pbx.caller.4930123:1|zz\xff\x1b"


@given(st.binary(), st.booleans())
def test_nothing_in_it_steers_a_terminal(line: bytes, shown: bool) -> None:
    assert rejected(line, shown=shown).text().isprintable()
