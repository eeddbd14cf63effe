"""The sentence that people are told of an alert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.summary import Field, fields_of, filled


@pytest.mark.parametrize(
    ("sentence", "value", "expected"),
    [
        ("{value} wait in {queue}", 12.0, "12 wait in support"),
        ("{value} s", 0.123456, "0.1235 s"),
        ("{value} bytes", 123456789.0, "123456789 bytes"),
        ("{value:.2f} s", 1.0, "1.00 s"),
        ("{value:%} of them", 0.256, "26% of them"),
        ("{value:.1%} of them", 0.256, "25.6% of them"),
        ("{value}", None, "unknown"),
        ("{value:.1f}", None, "unknown"),
        ("{strange}!", 1.0, "!"),
        ("{{braces}} {value}", 1.0, "{braces} 1"),
        ("", 1.0, ""),
    ],
)
def test_what_is_known_is_filled_in(sentence: str, value: float | None, expected: str) -> None:
    assert filled(sentence, {"queue": "support", "value": value}) == expected


@pytest.mark.parametrize(
    "sentence", ["{value", "value}", "{value.real}", "{value[0]}", "{value!r}", "{0}", "{}", "{value:{x}}"]
)
def test_a_field_is_a_name_and_a_form_and_nothing_else(sentence: str) -> None:
    with pytest.raises(ValueError, match=r"has|[Ss]ingle|expected"):
        fields_of(sentence)


def test_the_parts_of_a_sentence_come_in_order() -> None:
    assert fields_of("a {value:.1f} b {queue} c") == (
        Field("a ", "value", ".1f"),
        Field(" b ", "queue"),
        Field(" c"),
    )


@given(st.text())
def test_a_label_is_shown_as_it_is_whatever_it_looks_like(label: str) -> None:
    assert filled("<{queue}>", {"queue": label}) == f"<{label}>"


@given(st.text(max_size=30))
def test_any_sentence_is_filled_or_refused(sentence: str) -> None:
    try:
        fields_of(sentence)
    except ValueError:
        return
    filled(sentence, {"value": 1.0})
