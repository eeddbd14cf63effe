from hypothesis import given
from hypothesis import strategies as st

from bridge.core.printable import printable


@given(st.text())
def test_only_what_is_not_to_be_seen_changes(text: str) -> None:
    shown = printable(text)

    assert shown.isprintable()
    assert (shown == text) == text.isprintable()


def test_what_is_not_to_be_seen_is_written_as_in_python() -> None:
    assert printable("Zoë\r\n\x1b[31m\x9b\u202e\x00") == r"Zoë\r\n\x1b[31m\x9b\u202e\x00"
