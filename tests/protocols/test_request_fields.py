"""The fields of requests: each thing once, of one shape, and a word for whoever is mistaken."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.alert import State
from bridge.core.rule import glob
from bridge.core.silence import Selector
from bridge.protocols.request_fields import (
    GLOBS_LIMIT,
    LARGEST_NUMBER,
    LONGEST,
    NAME_LIMIT,
    TEXT_LIMIT,
    Given,
    Reason,
    RequestError,
    duration,
    object_in,
    quoted,
    selecting,
    selector,
    states,
    transaction,
)

texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
ids = st.from_regex(r"[0-9a-f]{12}(-[0-9]{1,15})?", fullmatch=True)
selectors = st.builds(
    Selector,
    rule=st.just("*") | texts,
    labels=st.dictionaries(
        texts, st.lists(texts, min_size=1, max_size=2).map(tuple), max_size=GLOBS_LIMIT // 2
    ),
    id=st.just("") | ids,
)
"""Which alerts are meant, in all ways."""


def reason(data: bytes) -> str:
    with pytest.raises(RequestError) as caught:
        object_in(data, 100, 3)
    return caught.value.reason


class TestObjects:
    """RFC 8259, and what it leaves open."""

    def test_an_object_is_what_json_says(self) -> None:
        assert object_in('{"a":[1,2.5,"ü"],"b":{"c":null}}'.encode(), 100, 3) == {
            "a": [1, 2.5, "ü"],
            "b": {"c": None},
        }

    @pytest.mark.parametrize("blank", [b"", b" ", b"\r\n\t"])
    def test_blanks_are_an_empty_object(self, blank: bytes) -> None:
        assert object_in(blank, 100, 3) == {}

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (b'{"a":"%s"}' % (b"x" * 100), Reason.TOO_LONG),
            (b'{"a":"\xff"}', Reason.ENCODING),
            ('{"a":1}'.encode("utf-16"), Reason.ENCODING),
            (b"\0", Reason.MALFORMED),
            (b"{", Reason.MALFORMED),
            (b'{"a":1}x', Reason.MALFORMED),
            (b"[]", Reason.MALFORMED),
            (b"null", Reason.MALFORMED),
            (b"7", Reason.MALFORMED),
            (b'\xef\xbb\xbf{"a":1}', Reason.MALFORMED),
            (b'{"a":{"b":{"c":{}}}}', Reason.TOO_DEEP),
            (b'{"a":[[[]]]}', Reason.TOO_DEEP),
            (b'{"a":1,"a":2}', Reason.DUPLICATE),
            (b'{"a":1,"a":1}', Reason.DUPLICATE),
            (b'{"b":[{"a":1,"\\u0061":2}]}', Reason.DUPLICATE),
            (b'{"a":NaN}', Reason.VALUE),
            (b'{"a":-Infinity}', Reason.VALUE),
            (b'{"a":1e999}', Reason.VALUE),
        ],
    )
    def test_anything_else_is_refused_with_a_reason(self, data: bytes, why: Reason) -> None:
        assert reason(data) == why

    def test_what_is_nested_beyond_measure_is_too_deep(self) -> None:
        with pytest.raises(RequestError, match="nested deeper than 3 levels") as caught:
            object_in(b'{"a":' + b"[" * 100_000, 1_000_000, 3)

        assert caught.value.reason is Reason.TOO_DEEP


class TestSelector:
    def test_all_that_is_given_must_fit(self) -> None:
        given: Given = {
            "rule": "trunk_*",
            "labels": {"trunk": ["a*", "!ab"]},
            "pbx": "hq",
            "id": "0123456789ab-7",
        }

        chosen = selector(given)

        assert chosen == Selector("trunk_*", {"pbx": ("hq",), "trunk": ("a*", "!ab")}, "0123456789ab-7")

    def test_all_alerts_are_meant_only_by_saying_so(self) -> None:
        assert selector({"all": True}) == Selector()
        for nothing in ({}, {"all": False}):
            with pytest.raises(RequestError, match="does not say which alerts") as caught:
                selector(nothing)
            assert caught.value.reason is Reason.MISSING

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"all": True, "rule": "x"}, "it means all alerts, and those of some rule"),
            ({"all": 1}, "all 1 is neither true nor false"),
            ({"all": "true"}, 'all "true" is neither true nor false'),
            ({"rule": None}, "rule null is not text"),
            ({"rule": ""}, 'rule "" does not have 1 to 200 characters'),
            ({"rule": ["x"]}, r'rule \["x"\] is not text'),
            ({"rule": "a\x1b[2J"}, "holds a character that is not to be seen"),
            ({"rule": "\ud800"}, "holds a character that is not to be seen"),
            ({"labels": {}}, "labels {} is not an object; write"),
            ({"labels": "pbx=hq"}, 'labels "pbx=hq" is not an object; write'),
            ({"labels": {"trunk": []}}, r"trunk \[\] names nothing"),
            ({"labels": {"trunk": 5}}, "trunk 5 is not text"),
            ({"labels": {"trunk": [["a"]]}}, "is not text"),
            ({"labels": {"": "a"}}, "does not have 1 to 64 characters"),
            ({"labels": {"trunk": ""}}, 'trunk "" does not have'),
            ({"labels": {"trunk": ["a"] * (GLOBS_LIMIT + 1)}}, "more than 8 globs"),
            ({"labels": {"a": ["a"] * GLOBS_LIMIT, "b": "b"}}, "more than 8 globs"),
            ({"labels": {"a": "x" * (TEXT_LIMIT + 1)}}, "does not have 1 to 200 characters"),
            ({"pbx": "hq", "labels": {"pbx": "lab"}}, "it gives pbx, and pbx among the labels"),
            ({"id": "7"}, 'id "7" is not an id as alerts have it'),
            ({"id": "0123456789AB"}, "is not an id as alerts have it"),
            ({"id": "0123456789ab-"}, "is not an id as alerts have it"),
            ({"id": "0123456789ab-" + "9" * 16}, "is not an id as alerts have it"),
            ({"id": 7}, "is not an id as alerts have it"),
        ],
    )
    def test_what_is_wrong_is_told(self, given: dict[str, object], words: str) -> None:
        with pytest.raises(RequestError, match=words):
            selector(given)  # type: ignore[arg-type]

    @given(selectors)
    def test_what_is_written_reads_back(self, chosen: Selector) -> None:
        assert selector(selecting(chosen)) == chosen

    @pytest.mark.parametrize(
        "evil", ["*a" * 100, "[!a]*" * 40, "?*" * 100, "*" * 200, "[" * 200, "(a+)+$" * 33]
    )
    def test_no_glob_that_is_let_through_is_slow(self, evil: str) -> None:
        chosen = selector({"rule": evil})
        began = time.process_time()

        for length in (1, 100, 255):
            glob(chosen.rule, "a" * length)

        assert time.process_time() - began < 0.1


class TestDuration:
    @pytest.mark.parametrize(
        ("written", "seconds"),
        [
            ("2h", 7200),
            ("90", 90),
            ("1.5m", 90),
            (90, 90),
            (0.5, 0.5),
            ("500ms", 0.5),
            (" 1d ", 86400),
            ("30d", LONGEST),
        ],
    )
    def test_it_is_seconds(self, written: str | float, seconds: float) -> None:
        assert duration({"duration": written}) == seconds

    @pytest.mark.parametrize("bounds", [0, -1, "0s", LONGEST + 1, "31d", "9999999999d", 10**400, 1e300])
    def test_it_is_more_than_0_and_30_days_at_most(self, bounds: object) -> None:
        with pytest.raises(RequestError, match="is not more than 0 and at most 30d"):
            duration({"duration": bounds})  # type: ignore[dict-item]

    @pytest.mark.parametrize(
        "wrong", ["", "long", "2 weeks", "1h30m", "٣h", "-1h", "1e9", True, [], {}, "9" * 100]
    )
    def test_anything_else_is_none(self, wrong: object) -> None:
        with pytest.raises(RequestError, match="is not a duration; write it as"):
            duration({"duration": wrong})  # type: ignore[dict-item]

    def test_there_must_be_one(self) -> None:
        with pytest.raises(RequestError, match='write "duration":"2h"') as caught:
            duration({})

        assert caught.value.reason is Reason.MISSING


class TestTransaction:
    @pytest.mark.parametrize("word", ["a", "x" * NAME_LIMIT, 0, -1, 1.5, LARGEST_NUMBER])
    def test_it_is_text_or_a_number(self, word: str | float) -> None:
        assert transaction(word) == word

    @pytest.mark.parametrize(
        "word", ["", "x" * (NAME_LIMIT + 1), "\n", None, True, [], {}, 2**53 + 1, 10**4000]
    )
    def test_anything_else_is_refused(self, word: object) -> None:
        with pytest.raises(RequestError):
            transaction(word)  # type: ignore[arg-type]


def test_states_are_one_several_or_all() -> None:
    assert states({}) == {State.FIRING, State.PENDING}
    assert states({"state": "firing"}) == {State.FIRING}
    assert states({"state": ["firing", "inactive"]}) == {State.FIRING, State.INACTIVE}
    assert states({"state": "all"}) == set(State)
    for wrong in ("burning", [], None, ["all", "firing"], [["firing"]], {"firing": 1}):
        with pytest.raises(RequestError, match="is neither all nor of inactive, pending, firing"):
            states({"state": wrong})


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each)
    )
)
def test_what_is_quoted_is_short_and_does_nothing_to_a_terminal(value: object) -> None:
    shown = quoted(value)  # type: ignore[arg-type]

    assert shown.isprintable()
    assert len(shown) <= 60
