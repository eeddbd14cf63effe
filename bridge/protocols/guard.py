"""Guards: lines of StatsD that a sender may not send, since a caller may have made them up."""

from bridge.protocols.refusal import BadLine, Reason
from bridge.protocols.statsd import Parsed, joined, parse_datagram, parse_line


def parse_within(prefix: bytes, data: bytes) -> Parsed:
    """As `parse_datagram`, of a sender all of whose names begin with `prefix`: other lines are refused."""
    if not data or (data.startswith(prefix) and data.find(b"\n", 0, -1) < 0):
        return parse_datagram(data)
    lines = data.removesuffix(b"\n").split(b"\n")
    return joined([_parse_within(prefix, line) for line in lines])


def _parse_within(prefix: bytes, line: bytes) -> Parsed:
    if line.startswith(prefix) or not line.strip():
        return parse_line(line)
    return Parsed(bad=(BadLine(line, Reason.OUTSIDE_PREFIX),), lines=1)


def without_cut_names(data: bytes, parsed: Parsed) -> Parsed:
    """What is left of a datagram with bad lines, if the reason is that a name held a line feed: nothing.

    Asterisk's StatsD() lets line feeds through, in names and in members of sets, but no pipe: only the last
    line then has a type, and it may be what a caller has made up.
    """
    head, newline, _ = data.removesuffix(b"\n").rpartition(b"\n")
    if not newline or b"|" in head:
        return parsed
    cut = (BadLine(data, Reason.CUT_NAME),) * parsed.accepted
    return parsed._replace(measurements=(), bad=parsed.bad + cut, accepted=0, notices=0)
