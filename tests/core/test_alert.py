"""What is said of an alert, and how it travels as a sample."""

import contextlib
import json
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.alert import (
    EVENTS,
    ID_LENGTH,
    NOTICE,
    Happening,
    Key,
    Notice,
    Severity,
    State,
    key_in,
    notice_in,
    of_key,
    sample_of,
)
from bridge.core.sample import Sample, Series

KEY = Key("trunk_down", (("pbx", "hq"), ("trunk", "acme")))
FIRING = Notice(KEY, Happening.FIRING, 1_700_000_000.0, 7, State.FIRING, Severity.CRITICAL, 1_700_000_000.0)

names = st.text(max_size=8)
amounts = st.floats(-1e300, 1e300)
perhaps = st.none() | amounts
keys = st.builds(
    lambda rule, pbx, more: Key(rule, (("pbx", pbx), *more)),
    names.filter(bool),
    names,
    st.lists(st.tuples(names, names), max_size=3).map(tuple),
)
notices = st.builds(
    Notice,
    keys,
    st.sampled_from(Happening),
    amounts,
    st.integers(0, 2**60),
    st.sampled_from(State),
    st.sampled_from(Severity),
    amounts,
    perhaps,
    perhaps,
    names,
    st.booleans(),
    perhaps,
    st.booleans(),
    st.booleans(),
)


class TestKey:
    """Which alert."""

    def test_the_id_is_the_same_always_and_everywhere(self) -> None:
        assert KEY.id == "9feee1ef26f3"
        assert len(KEY.id) == ID_LENGTH

    def test_labels_that_only_look_alike_have_another_id(self) -> None:
        keys = [
            KEY,
            Key("trunk_down", (("pbx", "hq"), ("trunk", "acme "))),
            Key("trunk_down", (("pbx", "hq"), ("acme", "trunk"))),
            Key("trunk_down", (("pbx", "hq"),)),
            Key("trunk_downpbx", (("pbx", "hq"), ("trunk", "acme"))),
        ]

        assert len({key.id for key in keys}) == len(keys)

    def test_the_pbx_is_the_first_label(self) -> None:
        assert KEY.pbx == "hq"

    @given(keys)
    def test_what_was_written_is_read_again(self, key: Key) -> None:
        assert key_in(json.loads(json.dumps(of_key(key)))) == key

    @pytest.mark.parametrize(
        "word", [None, [], ["rule"], ["rule", "pbx"], ["rule", "queue", "a"], [1, "pbx", "a"]]
    )
    def test_what_is_no_key_is_none(self, word: list[str]) -> None:
        assert key_in(word) is None


class TestNotice:
    """One thing that happened."""

    def test_what_comes_twice_has_the_same_id(self) -> None:
        assert FIRING.id == f"{KEY.id}-7"

    def test_what_people_see_is_all_but_how_it_came_about(self) -> None:
        assert FIRING.shown() == {
            "state": "firing",
            "severity": "critical",
            "since": 1_700_000_000.0,
            "value": None,
            "threshold": None,
            "summary": "",
            "acknowledged": False,
            "silenced_until": None,
            "inhibited": False,
            "flapping": False,
            "labels": {"pbx": "hq", "trunk": "acme"},
            "rule": "trunk_down",
            "id": FIRING.id,
        }

    @pytest.mark.parametrize("happening", Happening)
    def test_people_are_told_of_events_of_what_is_not_inactive(self, happening: Happening) -> None:
        assert made(happening).is_event is (happening in EVENTS)

    def test_of_what_is_inactive_only_that_it_is_over_is_an_event(self) -> None:
        events = {each for each in Happening if made(each, State.INACTIVE).is_event}

        assert events == {Happening.PENDING, Happening.FIRING, Happening.INACTIVE}

    def test_of_what_is_silenced_only_the_silence_is_an_event(self) -> None:
        events = {each for each in Happening if made(each, silenced_until=5.0).is_event}

        assert events == {Happening.SILENCED}

    def test_a_transition_is_what_brings_it_into_another_state(self) -> None:
        transitions = {each for each in Happening if made(each).is_transition}

        assert transitions == {Happening.PENDING, Happening.FIRING, Happening.INACTIVE}


def made(happening: Happening, state: State = State.FIRING, silenced_until: float | None = None) -> Notice:
    return Notice(KEY, happening, 1.0, 1, state, Severity.INFO, 1.0, silenced_until=silenced_until)


class TestTravel:
    """Only samples travel."""

    def test_a_notice_is_a_sample_of_its_alert_whose_value_is_how_it_stands(self) -> None:
        sample = sample_of(FIRING)

        assert sample.series.name == NOTICE
        assert sample.series.labels[:3] == (*KEY.labels, ("rule", "trunk_down"))
        assert (sample.value, sample.time) == (2.0, FIRING.time)

    @given(notices)
    def test_what_is_made_of_a_notice_is_that_notice_again(self, notice: Notice) -> None:
        assert notice_in(sample_of(notice)) == notice

    @given(notices)
    def test_so_is_what_was_on_a_disk_meanwhile(self, notice: Notice) -> None:
        """There a label is plain text."""
        series, value, time = sample_of(notice)
        plain = tuple((name, "".join(words)) for name, words in series.labels)

        assert notice_in(Sample(Series(series.name, plain), value, time)) == notice

    @given(notices)
    def test_its_sample_is_one_like_any_other(self, notice: Notice) -> None:
        sample = sample_of(notice)

        assert isfinite(sample.value)
        assert all(isinstance(word, str) for label in sample.series.labels for word in label)

    @given(
        st.sampled_from((NOTICE, "queue.waiting")),
        st.lists(
            st.tuples(
                st.sampled_from(("pbx", "rule", "notice", "")),
                names
                | st.recursive(
                    st.none() | st.floats() | names,
                    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(names, deeper, max_size=3),
                ).map(json.dumps),
            ),
            max_size=4,
        ),
    )
    def test_what_is_no_notice_is_refused_and_no_other_error_comes(
        self, name: str, labels: list[tuple[str, str]]
    ) -> None:
        with pytest.raises(ValueError, match=r".*"):
            notice_in(Sample(Series(name, tuple(labels)), 1.0, 0.0))

    @given(notices, st.data())
    def test_a_notice_with_something_else_in_it_is_one_or_is_refused(
        self, notice: Notice, data: st.DataObject
    ) -> None:
        series, value, time = sample_of(notice)
        *labels, (_, words) = series.labels
        told = json.loads(words)
        word = data.draw(st.sampled_from(sorted(told)))
        told[word] = data.draw(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | names
            | st.lists(st.none())
            | st.just({})
        )

        with contextlib.suppress(ValueError):
            notice_in(Sample(Series(NOTICE, (*labels, ("notice", json.dumps(told)))), value, time))

    def test_what_is_nested_beyond_measure_is_refused(self) -> None:
        labels = (*KEY.labels, ("rule", "x"), ("notice", "[" * 100_000))

        with pytest.raises(ValueError, match="not a notice"):
            notice_in(Sample(Series(NOTICE, labels), 1.0, 0.0))
