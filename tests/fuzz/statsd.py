"""StatsD: each line counts once, what is accepted is a number with a name, and cuts change nothing."""

import math

from bridge.asterisk.statsd import meaning
from bridge.core.sample import Kind, Measurement
from bridge.protocols.etsy import bucket
from bridge.protocols.guard import parse_within
from bridge.protocols.lines import LineStream
from bridge.protocols.refusal import NOTHING
from bridge.protocols.statsd import LINE_LIMIT, NAME_LIMIT, TAGS_LIMIT, Parsed, parse_datagram, parse_line

LONGEST = 64


def one(data: bytes) -> None:
    """Take a datagram, and the same bytes as a stream."""
    parsed = parse_datagram(data)
    _check(parsed)
    assert parse_datagram(data) == parsed
    lines = [parse_line(line) for line in data.removesuffix(b"\n").split(b"\n")]
    assert sum(each.lines for each in lines) == parsed.lines
    _check(parse_within(b"hq.", data))
    _check_stream(data, LINE_LIMIT)
    _check_stream(data, LONGEST)


def _check(parsed: Parsed) -> None:
    refused = [bad for bad in parsed.bad if bad.reason not in NOTHING]
    assert parsed.accepted + parsed.notices <= parsed.lines
    assert parsed.accepted + parsed.notices + len(refused) >= parsed.lines
    for measurement in parsed.measurements:
        _check_measurement(measurement)


def _check_measurement(measurement: Measurement) -> None:
    name, labels, _ = measurement.series
    assert 0 < len(name) <= NAME_LIMIT
    assert len(labels) <= TAGS_LIMIT
    assert len(dict(labels)) == len(labels)
    assert 0 < measurement.rate <= 1
    if measurement.kind is Kind.SET:
        assert isinstance(measurement.value, str)
    else:
        assert isinstance(measurement.value, float)
        assert math.isfinite(measurement.value)
    meaning(name)
    bucket(measurement.series)


def _check_stream(data: bytes, limit: int) -> None:
    whole, cut = LineStream(limit), LineStream(limit)
    at = data[0] if data else 0
    expected = whole.feed(data)
    got = cut.feed(data[:at]) + b"".join(cut.feed(data[end : end + 1]) for end in range(at, len(data)))
    assert (got, cut.is_over) == (expected, whole.is_over)
    assert expected.startswith(data[: len(expected)])
    assert cut.end() == whole.end()
