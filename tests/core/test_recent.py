"""Recent: what comes twice counts once, with bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.recent import Recent


def test_the_second_word_is_no_news() -> None:
    recent = Recent(span=5, limit=10)

    assert recent.news("a", 0)
    assert not recent.news("a", 5)


def test_after_the_span_it_is_news_again() -> None:
    recent = Recent(span=5, limit=10)
    recent.news("a", 0)

    assert recent.news("a", 5.1)


@given(st.lists(st.integers()), st.integers(1, 5))
def test_memory_is_bounded(keys: list[int], limit: int) -> None:
    recent = Recent(span=5, limit=limit)

    for key in keys:
        recent.news(key, 0)

    assert len(recent) <= limit


def test_to_ask_for_a_key_is_not_to_tell_it() -> None:
    recent = Recent(span=5)

    assert not recent.has("a", 0)
    assert recent.news("a", 0)
    assert recent.has("a", 5)
    assert not recent.has("a", 5.1)
