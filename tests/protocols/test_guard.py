"""Lines that a caller may have made up do not pass for lines of their sender."""

import pytest
from hypothesis import given

from bridge.protocols.guard import parse_within, without_cut_names
from bridge.protocols.statsd import Parsed, parse_datagram
from tests.strategies import statsd_datagrams


def names(parsed: Parsed) -> list[str]:
    return [measurement.series.name for measurement in parsed.measurements]


def reasons(parsed: Parsed) -> list[str]:
    return [line.reason.value for line in parsed.bad]


class TestPrefix:
    def test_a_line_within_the_prefix_is_what_it_is(self) -> None:
        for data in (b"hq.calls:1|c", b"hq.calls:1|c\n", b"hq.a:1|c\nhq.b:x|c", b"hq.calls;k=v:1|c|@0.5"):
            assert parse_within(b"hq.", data) == parse_datagram(data)

    def test_lines_outside_are_refused_one_by_one(self) -> None:
        parsed = parse_within(b"hq.", b"hq.a:1|c\nb:1|c\nhqb:1|c\n\n_sc|x|0\nhq.c:1|c")

        assert names(parsed) == ["hq.a", "hq.c"]
        assert reasons(parsed) == ["outside_prefix", "outside_prefix", "blank", "outside_prefix"]
        assert (parsed.lines, parsed.accepted, parsed.notices) == (5, 2, 0)

    @given(statsd_datagrams)
    def test_no_input_makes_a_name_outside(self, data: bytes) -> None:
        assert all(name.startswith("calls") for name in names(parse_within(b"calls", data)))
        assert parse_within(b"", data) == parse_datagram(data)


class TestLineFeedsInNames:
    @pytest.mark.parametrize(
        "data",
        [
            b"caller.x\ncalls:1|c",
            b"\ncalls:1|c\n",
            b"callers:x\ncalls:y|s",
            b"a\nb\ncalls:1|c",
            b"a:1\ncalls:1|c",
        ],
    )
    def test_nothing_is_left_of_a_datagram_that_was_cut(self, data: bytes) -> None:
        parsed = without_cut_names(data, parse_datagram(data))

        assert parsed.measurements == ()
        assert parsed.accepted == 0
        assert reasons(parsed)[-1] == "cut_name"

    @pytest.mark.parametrize("data", [b"a:1|c\nb\nc:1|c", b"a:1|c\n\n", b"a", b"a:1|c\nb:x|c\n"])
    def test_bad_lines_among_others_do_not_spoil_them(self, data: bytes) -> None:
        parsed = parse_datagram(data)

        assert without_cut_names(data, parsed) == parsed
