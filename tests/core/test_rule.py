"""A rule: when a number is bad, and which labels are meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.rule import Compare, Measure, Rule, Term, Test, glob, matches

LABELS = (("pbx", "hq"), ("queue", "Support"))
ABOVE, BELOW, EQUAL, UNEQUAL = Compare.ABOVE, Compare.BELOW, Compare.EQUAL, Compare.UNEQUAL


class TestTest:
    """When a number is bad."""

    @pytest.mark.parametrize(
        ("compare", "less", "same", "more"),
        [
            (ABOVE, False, False, True),
            (BELOW, True, False, False),
            (EQUAL, False, True, False),
            (UNEQUAL, True, False, True),
        ],
    )
    def test_it_is_held_against_the_threshold(
        self, compare: Compare, less: bool, same: bool, more: bool
    ) -> None:
        test = Test(compare, 5)

        assert [test.met(value) for value in (4.9, 5, 5.1)] == [less, same, more]

    @pytest.mark.parametrize(("compare", "clear"), [(ABOVE, 3), (BELOW, 7)])
    def test_what_was_bad_stays_so_until_it_is_clearly_good(self, compare: Compare, clear: float) -> None:
        test = Test(compare, 5, clear)

        assert not test.met(5)
        assert test.met(5, bad=True)
        assert not test.met(clear, bad=True)

    @given(st.sampled_from([ABOVE, BELOW]), st.floats(-9, 9), st.floats(0, 9), st.floats(-99, 99))
    def test_what_is_bad_afresh_is_bad_if_it_was_before(
        self, compare: Compare, threshold: float, span: float, value: float
    ) -> None:
        test = Test(compare, threshold, threshold - span if compare is ABOVE else threshold + span)

        assert test.met(value, bad=True) or not test.met(value)


class TestMatching:
    """Which labels are meant."""

    @pytest.mark.parametrize(
        ("match", "meant"),
        [
            ({}, True),
            ({"queue": ("Support",)}, True),
            ({"queue": ("support",)}, False),
            ({"queue": ("sales", "S*t")}, True),
            ({"queue": ("[A-T]upp?rt",)}, True),
            ({"queue": ("!S*",)}, False),
            ({"queue": ("*", "!Support")}, False),
            ({"queue": ("!sales", "!emergency")}, True),
            ({"pbx": ("hq",), "queue": ("sales",)}, False),
            ({"trunk": ("",)}, True),
            ({"trunk": ("*",)}, True),
            ({"trunk": ("acme",)}, False),
            ({"trunk": ("!acme",)}, True),
            ({"queue": ()}, True),
        ],
    )
    def test_every_label_has_its_globs(self, match: dict[str, tuple[str, ...]], meant: bool) -> None:
        assert matches(match, LABELS) is meant

    @given(st.text(max_size=20), st.text(max_size=20))
    def test_any_text_is_a_glob_and_never_an_error(self, pattern: str, value: str) -> None:
        assert glob(pattern, value) in {True, False}

    @given(st.text(st.characters(exclude_characters="*?["), max_size=20))
    def test_a_glob_without_signs_means_itself_alone(self, word: str) -> None:
        assert glob(word, word)
        assert not glob(word, word + "x")
        assert not glob(word, word + "\n")


def test_a_rule_reads_its_term_its_divisor_and_what_is_given() -> None:
    term, divisor, given_term = Term("a"), Term("b"), Term("c", measure=Measure.RATE, over=5)
    test = Test(ABOVE, 0)

    assert Rule("one", term, test).terms == [term]
    assert Rule("all", term, test, divisor=divisor, given=(given_term, test)).terms == [
        term,
        divisor,
        given_term,
    ]
