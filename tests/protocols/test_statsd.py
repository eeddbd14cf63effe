"""Lines of StatsD. The comments say what other servers make of a line where it is not what we make of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.sample import Kind, Labels, Measurement, Series
from bridge.protocols import statsd
from bridge.protocols.refusal import BadLine, Reason
from bridge.protocols.statsd import LINE_LIMIT, MEMBER_LIMIT, NAME_LIMIT, Parsed, parse_datagram
from tests.strategies import statsd_datagrams, statsd_lines

RECORDED = Path(__file__).parents[1] / "data" / "statsd" / "asterisk.txt"

NO_NUMBERS = [
    *("abc", "1abc", "0x10", "1_0", " 1", "1 ", "1,5", "--1", "+", "-", ".", "e5", "1e", "1e+", "$1", "1%"),
    *("\u0661", "\uff11", "1\u00a0", "1/2", "0b1", "0o7", "1 2", "\u00bd", "nano", "in", "infinite"),
]
NOT_FINITE = ["nan", "NaN", "+nan", "inf", "-inf", "INF", "Infinity", "-Infinity"]

COUNTER, GAUGE, DELTA, TIMER, SET = Kind.COUNTER, Kind.GAUGE, Kind.DELTA, Kind.TIMER, Kind.SET


def only(data: bytes) -> Measurement:
    parsed = parse_datagram(data)
    assert parsed.bad == ()
    (measurement,) = parsed.measurements
    return measurement


def reasons(data: bytes) -> list[str]:
    return [line.reason.value for line in parse_datagram(data).bad]


class TestTypes:
    @pytest.mark.parametrize(
        ("line", "kind", "value"),
        [
            (b"a:1|c", COUNTER, 1),
            (b"a:-2.5|c", COUNTER, -2.5),
            (b"a:+1|c", COUNTER, 1),
            # Asterisk's meter: telegraf, collectd, statsd_exporter, gostatsd, vector and Datadog refuse it.
            (b"a:1|m", COUNTER, 1),
            (b"a:42|g", GAUGE, 42),
            (b"a:+5|g", DELTA, 5),
            (b"a:-3|g", DELTA, -3),
            (b"a:-0.5|g", DELTA, -0.5),
            (b"a:320|ms", TIMER, 320),
            (b"a:320.75|h", TIMER, 320.75),  # etsy's statsd counts h and d like c
            (b"a:320|d", TIMER, 320),
            # "No answer" for a phone's round trip; the aggregator does not use it.
            (b"a:-1|ms", TIMER, -1),
            (b"a:alice|s", SET, "alice"),
            (b"a:-1|s", SET, "-1"),
            (b"a:a b c|s", SET, "a b c"),
        ],
    )
    def test_every_type_is_understood(self, line: bytes, kind: Kind, value: float | str) -> None:
        assert only(line) == Measurement(Series("a"), kind, value)

    @pytest.mark.parametrize("code", ["", "C", "x", "msx", "g2", "c ms"])
    def test_other_types_are_refused(self, code: str) -> None:
        """etsy's statsd counts any other type like c."""
        assert reasons(f"a:1|{code}".encode()) == ["bad_type"]


class TestSets:
    def test_a_long_member_is_told_from_every_other_and_takes_no_more_room_than_a_short_one(self) -> None:
        longest = "m" * MEMBER_LIMIT
        members = [only(f"a:{longest + end}|s".encode()).value for end in ("", "x", "y", "x" * 5000, "y")]

        assert members[0] == longest
        assert members[2] == members[4]
        assert len(set(members)) == 4
        assert all(isinstance(member, str) and len(member) <= MEMBER_LIMIT for member in members)


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("0", 0),
            ("007", 7),
            ("3.14", 3.14),
            (".5", 0.5),  # Asterisk lets both of these through
            ("5.", 5),
            ("1e3", 1000),
            ("-1.5E-3", -0.0015),
            ("9223372036854775808", 2.0**63),
            ("0.00000000000000000000001", 1e-23),
        ],
    )
    def test_numbers_are_read_exactly(self, text: str, value: float) -> None:
        assert only(f"a:{text}|c".encode()).value == value

    @pytest.mark.parametrize("text", NO_NUMBERS)
    def test_what_only_some_language_takes_for_a_number_is_refused(self, text: str) -> None:
        assert reasons(f"a:{text}|c".encode()) == ["bad_value"]

    @pytest.mark.parametrize("text", NOT_FINITE)
    def test_numbers_that_are_none_are_refused_in_every_spelling(self, text: str) -> None:
        assert reasons(f"a:{text}|g".encode()) == ["not_finite"]

    @pytest.mark.parametrize("text", ["1e400", "-1e400", "9" * 400])
    def test_what_no_float_holds_is_refused(self, text: str) -> None:
        assert reasons(f"a:{text}|c".encode()) == ["overflow"]


class TestRates:
    @pytest.mark.parametrize(
        ("rate", "value"), [("0.5", 0.5), ("0.10", 0.1), ("1", 1), ("1.00", 1), (".25", 0.25), ("1e-3", 1e-3)]
    )
    def test_the_rate_is_kept_with_the_value(self, rate: str, value: float) -> None:
        assert only(f"a:3|c|@{rate}".encode()) == Measurement(Series("a"), COUNTER, 3, value)

    @pytest.mark.parametrize("rate", ["0", "0.0", "0.00", "-0", "0e5"])
    def test_a_rate_of_zero_is_unknown(self, rate: str) -> None:
        """Asterisk prints 0.004 as 0.00. etsy's statsd writes Infinity; others take the rate for 1."""
        assert reasons(f"a:1|c|@{rate}".encode()) == ["zero_rate"]

    @pytest.mark.parametrize(("line", "kind"), [(b"a:5|g|@0.00", GAUGE), (b"a:5|s|@0.00", SET)])
    def test_what_is_not_counted_needs_no_rate(self, line: bytes, kind: Kind) -> None:
        measurement = only(line)

        assert (measurement.kind, measurement.rate) == (kind, 1)

    @pytest.mark.parametrize("line", [b"a:5|ms|@0.00", b"a:+1|g|@0.00", b"a:1|m|@0.00"])
    def test_what_is_counted_needs_one(self, line: bytes) -> None:
        assert reasons(line) == ["zero_rate"]

    @pytest.mark.parametrize("rate", ["-0.5", "-1", "2", "1.01", "1e400", "1e-320"])
    def test_a_rate_is_a_share(self, rate: str) -> None:
        """etsy's statsd takes one above 1, and divides by it."""
        assert reasons(f"a:1|c|@{rate}".encode()) == ["rate_out_of_range"]

    @pytest.mark.parametrize("rate", ["", "x", "nan", "inf", "0x1", " 1", "0,5"])
    def test_what_is_no_number_is_no_rate(self, rate: str) -> None:
        assert reasons(f"a:1|c|@{rate}".encode()) == ["bad_rate"]

    def test_a_tiny_rate_costs_no_more_than_another(self) -> None:
        """telegraf and statsd_exporter repeat the value 1/rate times."""
        assert only(b"a:1|ms|@1e-300").rate == 1e-300


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "lab.calls",
            "lab calls",
            "lab/calls/x",
            "lab@calls",
            "UPPER-lower_09~%20",
            "${EXTEN}.${CHANNEL(channeltype)}",
            ".leading.dot",
            "trailing.dot.",
            "l\u00e4b",
            "PJSIP.contacts.101;@682d5506da843858a394cbfebbba5c88.rtt",
            "PJSIP.contacts.bob@@392e.rtt",
            "__class__",
            "constructor",  # ends the process of etsy's statsd, as a timer
            "a=b",
        ],
    )
    def test_a_name_is_taken_as_it_is(self, name: str) -> None:
        assert only(f"{name}:1|ms".encode()).series == Series(name)

    def test_a_name_ends_at_the_last_colon(self) -> None:
        """etsy's statsd and DogStatsD end it at the first one."""
        assert only(b"lab:calls:1|c") == Measurement(Series("lab:calls"), COUNTER, 1)
        assert only(b"queue:100:1|c").series.name == "queue:100"

    def test_the_name_of_a_set_ends_at_the_first_colon_for_its_members_are_free_text(self) -> None:
        assert only(b"lab.callers:sip:alice@x|s") == Measurement(Series("lab.callers"), SET, "sip:alice@x")

    def test_names_are_bounded(self) -> None:
        assert only(b"n" * NAME_LIMIT + b":1|c").series.name == "n" * NAME_LIMIT
        assert reasons(b"n" * (NAME_LIMIT + 1) + b":1|c") == ["long_name"]
        assert reasons(b"n." * 32 + b":1|c") == ["long_name"]

    @pytest.mark.parametrize("line", [b":1|c", b";k=v:1|c", b"::1|c|#k:v"])
    def test_an_empty_name_is_refused(self, line: bytes) -> None:
        assert parse_datagram(line).measurements == ()


class TestTags:
    SITE: Labels = (("site", "a"), ("zone", "b"))

    @pytest.mark.parametrize(
        "line",
        [
            b"calls:1|c|#site:a,zone:b",  # DogStatsD
            b"calls:1|c|#zone:b,site:a",
            b"calls:1|c|@1|#site:a,zone:b",
            b"calls:1|c|#site:a,zone:b|@1",
            b"calls,site=a,zone=b:1|c",  # InfluxDB
            b"calls;site=a;zone=b:1|c",  # Graphite
            b"calls[site=a,zone=b]:1|c",  # SignalFX
        ],
    )
    def test_every_dialect_gives_the_same_labels(self, line: bytes) -> None:
        """A server knows one or two of them as a rule; collectd knows none."""
        assert only(line) == Measurement(Series("calls", self.SITE), COUNTER, 1)

    def test_a_tag_named_twice_has_its_first_value(self) -> None:
        assert only(b"a:1|c|#k:1,k:2").series.labels == (("k", "1"),)

    def test_a_value_may_hold_colons(self) -> None:
        assert only(b"a,url=http://x:1:5|c") == Measurement(Series("a", (("url", "http://x:1"),)), COUNTER, 5)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b"a;k=v:1|c|#site:a", "mixed_tags"),
            (b"a,k=v:1|c|#site:a", "mixed_tags"),
            (b"a;k=:1|c", "bad_tag"),
            (b"a,=v:1|c", "bad_tag"),
            (b"a:1|c|#k:", "bad_tag"),
            (b"a:1|c|#:v", "bad_tag"),
            (b"a:1|c|#k:" + b"v" * 129, "bad_tag"),
            (b"a:1|c|#" + b",".join(b"k%d:v" % n for n in range(21)), "many_tags"),
            (b"a:1|c|#" + b",".join(b"k%d:v" % n for n in range(500)), "many_tags"),
        ],
    )
    def test_wrong_tags_are_refused(self, line: bytes, reason: str) -> None:
        assert reasons(line) == [reason]


class TestDogstatsd:
    @pytest.mark.parametrize(
        "line",
        [b"a:1:2:3|h", b"a:1:2:3|d", b"a:1:2:3|ms|#k:v", b"a:1:2:3|ms|c:f3a2", b"a:1:2:3|ms|T1700000000"],
    )
    def test_packed_values_count_one_by_one(self, line: bytes) -> None:
        parsed = parse_datagram(line)

        assert [measurement.value for measurement in parsed.measurements] == [1, 2, 3]
        assert {measurement.series.name for measurement in parsed.measurements} == {"a"}
        assert (parsed.lines, parsed.accepted) == (1, 1)

    def test_without_a_mark_of_dogstatsd_the_colons_are_asterisks(self) -> None:
        """DogStatsD reads two values; Asterisk means a name with a colon."""
        assert only(b"queue:100:1|ms").series.name == "queue:100"

    def test_one_bad_value_in_a_pack_refuses_the_line(self) -> None:
        assert parse_datagram(b"a:1:x|h") == Parsed((), (BadLine(b"a:1:x|h", Reason.BAD_VALUE),), 1, 0, 0)

    def test_sections_that_mean_nothing_here_are_let_be(self) -> None:
        line = b"a:1|c|@0.5|#k:v|c:ci-f3a2|e:it-false|card:low"

        assert only(line) == Measurement(Series("a", (("k", "v"),)), COUNTER, 1, 0.5)

    def test_a_time_stamp_is_kept(self) -> None:
        """statsd_exporter drops it."""
        assert only(b"a:1|g|T1656581400").time == 1656581400

    @pytest.mark.parametrize("line", [b"_e{5,4}:title|text|#a:b", b"_sc|trunk|0|m:up"])
    def test_events_and_service_checks_are_no_metrics_and_not_bad(self, line: bytes) -> None:
        assert parse_datagram(line) == Parsed(lines=1, notices=1)

    @pytest.mark.parametrize("line", [b"_e{5,40}:title|text", b"_sc|trunk|9"])
    def test_events_whose_lengths_lie_are_refused(self, line: bytes) -> None:
        assert reasons(line) == ["bad_notice"]


class TestEtsyPacking:
    def test_each_value_counts_as_a_line_of_its_own(self) -> None:
        parsed = parse_datagram(b"a:1|c|@0.5:2|c:3|ms|#k:v")

        series = Series("a", (("k", "v"),))
        assert parsed.measurements == (
            Measurement(series, COUNTER, 1, 0.5),
            Measurement(series, COUNTER, 2),
            Measurement(series, TIMER, 3),
        )
        assert (parsed.lines, parsed.accepted) == (1, 1)

    def test_what_they_share_spoils_all_of_them_as_one_line(self) -> None:
        assert reasons(b"a:1|c:2|c:3|c|#k:") == ["bad_tag"]
        assert reasons(b":1|c:2|c:3|c") == ["no_name"]

    def test_a_bad_value_does_not_spoil_the_others(self) -> None:
        parsed = parse_datagram(b"a:1|c:x|c")

        assert [measurement.value for measurement in parsed.measurements] == [1]
        assert [line.reason for line in parsed.bad] == [Reason.BAD_VALUE]


class TestBadLines:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "empty"),
            (b"\n", "blank"),
            (b" \r\n", "blank"),
            (b"calls", "no_value"),
            (b"calls|c", "no_value"),
            (b"calls:1", "no_type"),
            (b"calls:1|", "bad_type"),
            (b"calls:|c", "empty_value"),
            (b"calls:|s", "empty_value"),
            (b"calls:1|c|", "bad_section"),
            (b"calls:1|c|||", "bad_section"),
            (b"calls:1|c|x", "bad_section"),
            (b"calls:1|c|T", "bad_section"),
            (b"calls:1|c|T1x", "bad_section"),
            (b"calls:1|c|T12345678901", "bad_section"),
            (b"ca\xfclls:1|c", "encoding"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "binary"),  # TLS says hello
            (b"ca\0lls:1|c", "control_character"),
            (b"ca\x1b[31mlls:1|c", "control_character"),
            (b"calls:a\tb|s", "control_character"),
            (b"x" * (LINE_LIMIT + 1), "long_line"),
            (b"x" * 65507, "long_line"),
            (b"x:" + b"9" * 65505, "long_line"),
            (b"x" * (LINE_LIMIT + 1) + b":1|c", "long_name"),
        ],
    )
    def test_every_way_to_be_wrong_has_its_reason(self, data: bytes, reason: str) -> None:
        parsed = parse_datagram(data)

        assert [line.reason.value for line in parsed.bad] == [reason]
        assert parsed.measurements == ()
        assert parsed.accepted == 0

    def test_a_bad_line_does_not_spoil_the_datagram(self) -> None:
        parsed = parse_datagram(b"a:1|c\nrubbish\nb:2|c\n")

        assert [measurement.series.name for measurement in parsed.measurements] == ["a", "b"]
        assert parsed.bad == (BadLine(b"rubbish", Reason.NO_VALUE),)
        assert (parsed.lines, parsed.accepted) == (3, 2)

    def test_a_blank_line_is_counted_but_the_last_line_feed_is_none(self) -> None:
        assert reasons(b"a:1|c\n\nb:2|c\n") == ["blank"]


class TestEnds:
    @pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b" \n", b"\t"])
    def test_a_line_may_end_in_any_way(self, end: bytes) -> None:
        assert only(b"a:1|c" + end) == Measurement(Series("a"), COUNTER, 1)

    def test_lines_are_told_in_their_order(self) -> None:
        data = b"\n".join(b"a:%d|g" % number for number in range(50))

        assert [measurement.value for measurement in parse_datagram(data).measurements] == list(range(50))


class TestRecorded:
    def test_all_that_asterisk_sends_is_understood(self) -> None:
        """But for a rate that it cannot print, and a set that `meter_support=no` made a counter of."""
        refused = {
            line: parse_datagram(line).bad[0].reason
            for line in RECORDED.read_bytes().splitlines()
            if parse_datagram(line).bad
        }

        assert refused == {
            b"lab.rare:1|c|@0.00": Reason.ZERO_RATE,
            b"lab.callers_meter:alice|c": Reason.BAD_VALUE,
        }

    def test_it_gives_the_same_line_by_line_and_in_one_datagram(self) -> None:
        data = RECORDED.read_bytes()
        single = [parse_datagram(line) for line in data.splitlines()]

        whole = parse_datagram(data)

        assert list(whole.measurements) == [value for parsed in single for value in parsed.measurements]
        assert whole.accepted == sum(parsed.accepted for parsed in single)


class TestLaws:
    @given(statsd_datagrams)
    def test_no_input_is_without_answer_and_no_line_uncounted(self, data: bytes) -> None:
        parsed = parse_datagram(data)

        assert parsed.lines >= parsed.accepted + parsed.notices
        assert parsed.measurements or parsed.bad or parsed.notices

    @given(statsd_lines.filter(lambda line: b"\n" not in line))
    def test_the_short_way_and_the_long_way_find_the_same(self, line: bytes) -> None:
        assert parse_datagram(line) == statsd._parse_any(line)

    @given(st.lists(statsd_lines, min_size=1, max_size=5))
    def test_a_datagram_is_the_sum_of_its_lines(self, lines: list[bytes]) -> None:
        whole = parse_datagram(b"\n".join(lines) + b"\n")

        single = [parse_datagram(part) for line in lines for part in line.split(b"\n")]
        assert list(whole.measurements) == [value for parsed in single for value in parsed.measurements]
        assert list(whole.bad) == [bad for parsed in single for bad in parsed.bad]
