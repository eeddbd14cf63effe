import pytest

from bridge.core.vocabulary import LONGEST, OTHER, Vocabulary


def test_values_are_learned_as_they_come_up_to_the_limit() -> None:
    words = Vocabulary(2)

    learned = [words.learn(word) for word in ("PJSIP", "IAX2", "PJSIP", "Local", "IAX2")]

    assert learned == ["PJSIP", "IAX2", "PJSIP", OTHER, "IAX2"]
    assert [*words] == ["PJSIP", "IAX2", OTHER]


@pytest.mark.parametrize("nonsense", ["", "x" * (LONGEST + 1)])
def test_what_can_be_no_name_is_other(nonsense: str) -> None:
    assert Vocabulary(2).learn(nonsense) == OTHER


def test_equal_words_become_one_object() -> None:
    words = Vocabulary(2)
    first = words.learn(b"PJSIP".decode())

    assert words.learn(b"PJSIP".decode()) is first
