"""Samples as carbon takes them."""

import math
import pickle
import re
import string
import struct
from collections.abc import Callable, Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.asterisk.catalog.system import SECURITY_EVENTS, SYSTEM_INFO
from bridge.core.metric import MetricKind
from bridge.core.number import text
from bridge.core.sample import Sample, Series
from bridge.protocols.graphite import (
    DATAGRAM,
    LONGEST_NAME,
    LONGEST_WORD,
    PICKLE_BYTES,
    PICKLE_POINTS,
    WORD,
    Layout,
    Names,
    datagrams,
    lines,
    path_layout,
    pickles,
    plaintext,
    tag_layout,
)

NOW = 1_700_000_000.9
PATH = path_layout("asterisk", CATALOG)
TAGS = tag_layout("asterisk")
WAITING = QUEUE_WAITING.series("hq", "support")


def bucket(name: str, /, **labels: str) -> Series:
    return Series(f"statsd.{name}", (("pbx", "hq"), *labels.items()))


class TestPathLayout:
    @pytest.mark.parametrize(
        ("series", "name"),
        [
            (WAITING, "asterisk.hq.queue.support.waiting"),
            (QUEUE_WAITING.series("hq", "a.b c/d"), "asterisk.hq.queue.a%2Eb%20c%2Fd.waiting"),
            (QUEUE_WAITING.series("hq", ""), "asterisk.hq.queue.%.waiting"),
            (SECURITY_EVENTS.series("hq", "PJSIP", "x"), "asterisk.hq.security.PJSIP.x.events"),
            (bucket("calls.in.count"), "asterisk.hq.statsd.calls.in.count"),
            (bucket("a b/c..d;e"), "asterisk.hq.statsd.a%20b%2Fc.%.d%3Be"),
            (bucket("hits", site="x=y"), "asterisk.hq.statsd.site=x%3Dy.hits"),
        ],
    )
    def test_a_series_is_a_path(self, series: Series, name: str) -> None:
        assert PATH(series) == name

    def test_text_has_no_place_in_a_path(self) -> None:
        assert not PATH(SYSTEM_INFO.series("hq", "22.4.1"))

    def test_an_empty_prefix_leaves_no_dot(self) -> None:
        assert path_layout("", CATALOG)(WAITING) == "hq.queue.support.waiting"

    def test_a_prefix_may_have_dots_and_nothing_that_breaks_a_line(self) -> None:
        assert path_layout("site 1.pbx", CATALOG)(WAITING).startswith("site%201.pbx.hq.")

    def test_other_wires_may_have_fewer_safe_characters(self) -> None:
        layout = path_layout("asterisk", CATALOG, safe=WORD)

        assert layout(QUEUE_WAITING.series("hq", "a:b@c")) == "asterisk.hq.queue.a%3Ab%40c.waiting"


class TestTagLayout:
    @pytest.mark.parametrize(
        ("series", "name"),
        [
            (WAITING, "asterisk.queue.waiting;pbx=hq;queue=support"),
            (QUEUE_WAITING.series("hq", "~a b;c.d"), "asterisk.queue.waiting;pbx=hq;queue=%7Ea%20b%3Bc.d"),
            (QUEUE_WAITING.series("hq", ""), "asterisk.queue.waiting;pbx=hq;queue=%"),
            (SYSTEM_INFO.series("hq", "22.4.1"), "asterisk.system.info;pbx=hq;version=22.4.1"),
            (bucket("a.b", **{"k^!": "v"}), "asterisk.statsd.a.b;k%5E%21=v;pbx=hq"),
        ],
    )
    def test_labels_are_tags(self, series: Series, name: str) -> None:
        assert TAGS(series) == name

    def test_a_label_called_name_does_not_hide_the_metric(self) -> None:
        """carbon keeps the metric itself under the tag `name`."""
        assert TAGS(bucket("hits", name="x")) == "asterisk.statsd.hits;%6Eame=x;pbx=hq"


@pytest.mark.parametrize("layout", [PATH, TAGS])
class TestBothLayouts:
    def test_a_path_that_an_older_naming_demands_is_kept(self, layout: Layout) -> None:
        series = Series("statsd.hits.count", (("pbx", "hq"),), path="stats.counters.hits.count")

        assert layout(series) == "stats.counters.hits.count"

    def test_a_word_longer_than_a_file_name_is_cut_and_still_its_own(self, layout: Layout) -> None:
        one, other = (layout(QUEUE_WAITING.series("hq", "ä" * 100 + end)) for end in "xy")

        assert one != other
        assert max(map(len, re.split("[.;=]", one))) <= LONGEST_WORD

    def test_a_name_that_would_make_carbon_hang_up_is_left_out(self, layout: Layout) -> None:
        series = bucket("x", **{f"label{number}": "v" * 100 for number in range(LONGEST_NAME // 100)})

        assert not layout(series)


TEXTS = st.text(max_size=8) | st.text(alphabet="ab.%=;~-", max_size=4)
KEYS = st.sampled_from(["site", "name", "a=b", "%6Eame", "~", ""]) | TEXTS
BUCKETS = st.builds(
    lambda what, labels: Series(f"statsd.{what}", (("pbx", "hq"), *sorted(labels.items()))),
    TEXTS,
    st.dictionaries(KEYS.filter(lambda key: key != "pbx"), TEXTS, max_size=2),
)
METRICS = st.sampled_from([metric for metric in CATALOG.values() if metric.kind is not MetricKind.INFO])
ENTRIES = METRICS.flatmap(
    lambda metric: st.builds(
        metric.series,
        st.sampled_from(["hq", "bridge"]),
        *[TEXTS for _ in metric.labels],
    )
)
SERIES = BUCKETS | ENTRIES


class TestLaws:
    @given(st.sets(SERIES, max_size=20))
    def test_no_two_series_share_a_path(self, series: set[Series]) -> None:
        assert len(set(map(PATH, series))) == len(series)

    @given(st.sets(SERIES, max_size=20))
    def test_no_two_series_share_their_tags(self, series: set[Series]) -> None:
        assert len(set(map(TAGS, series))) == len(series)

    @given(SERIES)
    def test_a_path_has_only_harmless_characters_and_no_empty_component(self, series: Series) -> None:
        path = PATH(series)

        assert re.fullmatch(r"[\w:@%=-]+(\.[\w:@%=-]+)+", path, re.ASCII)

    @given(SERIES)
    def test_tags_obey_the_rules_of_carbon(self, series: Series) -> None:
        """A tag: not empty, no ; ! ^ = or space. A value: not empty, no ; or space, no ~ in front."""
        name, *tags = TAGS(series).split(";")

        assert re.fullmatch(r"[\w:@%-]+(\.[\w:@%-]+)+", name, re.ASCII)
        for tag in tags:
            assert re.fullmatch(r"[\w:@%-]+=[\w:@%.-]+", tag, re.ASCII)


def names() -> Names:
    return Names(PATH)


def test_a_line_is_name_value_and_whole_seconds() -> None:
    samples = [Sample(WAITING, 3.0, NOW), Sample(WAITING, 0.25, NOW)]

    assert lines(samples, names()) == [
        "asterisk.hq.queue.support.waiting 3 1700000000\n",
        "asterisk.hq.queue.support.waiting 0.25 1700000000\n",
    ]


def test_each_line_has_its_own_time_and_the_order_stays() -> None:
    samples = [Sample(WAITING, 1, NOW), Sample(WAITING, 2, NOW - 10), Sample(WAITING, 3, NOW)]

    assert [line.split()[1:] for line in lines(samples, names())] == [
        ["1", "1700000000"],
        ["2", "1699999990"],
        ["3", "1700000000"],
    ]


Encode = Callable[[Sequence[Sample], Names], Iterable[bytes]]
ENCODERS = pytest.mark.parametrize("encode", [plaintext, datagrams, pickles])


@ENCODERS
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_never_written(encode: Encode, value: float) -> None:
    assert list(encode([Sample(WAITING, value, NOW)], names())) == []


@ENCODERS
def test_what_has_no_name_is_never_written(encode: Encode) -> None:
    assert list(encode([Sample(SYSTEM_INFO.series("hq", "22"), 1, NOW)], names())) == []


def test_plaintext_is_one_piece() -> None:
    samples = [Sample(WAITING, number, NOW) for number in range(1000)]

    assert [piece.decode() for piece in plaintext(samples, names())] == ["".join(lines(samples, names()))]


def test_datagrams_hold_whole_lines_and_fit_a_frame() -> None:
    samples = [Sample(WAITING, number, NOW) for number in range(1000)]

    pieces = list(datagrams(samples, names()))

    assert max(map(len, pieces)) <= DATAGRAM
    assert min(map(len, pieces[:-1])) > DATAGRAM - len(lines(samples, names())[-1])
    assert b"".join(pieces).decode() == "".join(lines(samples, names()))


def unpickled(messages: Iterable[bytes]) -> list[list[tuple[str, tuple[int, float]]]]:
    for message in messages:
        assert struct.unpack("!L", message[:4]) == (len(message) - 4,)
        assert len(message) - 4 <= PICKLE_BYTES
    return [pickle.loads(message[4:]) for message in messages]


def test_pickles_have_their_length_in_front_and_500_points_at_most() -> None:
    samples = [Sample(WAITING, number / 4, NOW) for number in range(PICKLE_POINTS + 1)]

    messages = list(pickles(samples, names()))

    expected = [("asterisk.hq.queue.support.waiting", (1700000000, sample.value)) for sample in samples]
    assert unpickled(messages) == [expected[:PICKLE_POINTS], expected[PICKLE_POINTS:]]
    assert all(message[4:6] == b"\x80\x02" for message in messages), "protocol 2"


def test_pickles_of_long_names_stay_below_what_carbon_takes() -> None:
    long = [bucket(f"x{number}", **dict.fromkeys(string.ascii_letters, "v" * 110)) for number in range(250)]
    samples = [Sample(series, 1, NOW) for series in long]

    messages = unpickled(list(pickles(samples, names())))

    assert len(messages) > 1
    assert [point for message in messages for point in message] == [
        (PATH(series), (1700000000, 1)) for series in long
    ]


def test_a_name_is_worked_out_once_and_the_memory_is_bounded() -> None:
    asked: list[Series] = []

    def layout(series: Series) -> str:
        asked.append(series)
        return PATH(series)

    remembered = Names(layout, limit=2)
    for queue in ("a", "b", "a", "b", "c"):
        assert remembered[QUEUE_WAITING.series("hq", queue)] == f"asterisk.hq.queue.{queue}.waiting"

    assert len(asked) == 3
    assert len(remembered) == 1


def test_names_of_many_are_those_of_each_and_worked_out_once() -> None:
    asked: list[Series] = []

    def layout(series: Series) -> str:
        asked.append(series)
        return PATH(series)

    remembered = Names(layout)
    run = tuple(QUEUE_WAITING.series("hq", queue) for queue in "abc")

    assert remembered.of(run) == remembered.of(run) == [PATH(series) for series in run]
    assert asked == list(run)


FEW = st.sampled_from(
    [*(QUEUE_WAITING.series("hq", queue) for queue in "abc"), SYSTEM_INFO.series("hq", "22")]
)
BATCHES = st.lists(
    st.lists(st.builds(Sample, FEW, st.floats() | st.integers(-9, 9), st.sampled_from([NOW, NOW + 1])))
)


@given(BATCHES)
def test_whatever_came_before_a_batch_is_the_lines_of_its_samples(batches: list[list[Sample]]) -> None:
    remembered = Names(PATH, limit=5)

    for batch in batches:
        expected = [
            f"{PATH(series)} {text(value)} {int(time)}\n"
            for series, value, time in batch
            if math.isfinite(value) and PATH(series)
        ]
        assert b"".join(plaintext(batch, remembered)).decode() == "".join(expected)
