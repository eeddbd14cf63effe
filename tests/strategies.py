"""Hypothesis strategies that several tests share."""

from hypothesis import strategies as st

from bridge.core.sample import Kind, Measurement, Series

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=12)

buckets = st.sampled_from(("calls", "calls.time", "queue.support", "a:b", "PJSIP.contacts.bob;@f3.rtt"))
"""Names of StatsD buckets."""

numbers = st.integers(-(10**6), 10**6)


def _measured(kind: Kind, values: st.SearchStrategy[float | str]) -> st.SearchStrategy[Measurement]:
    return st.tuples(buckets, values).map(lambda drawn: Measurement(Series(drawn[0]), kind, drawn[1]))


counters = _measured(Kind.COUNTER, numbers.map(float))
timers = _measured(Kind.TIMER, st.integers(0, 10**6).map(float))
members = _measured(Kind.SET, st.sampled_from(("a", "b", "c", "d")))
gauges = st.one_of(_measured(Kind.GAUGE, numbers.map(float)), _measured(Kind.DELTA, numbers.map(float)))
measurements = st.one_of(counters, timers, members, gauges)
"""What a StatsD client reports."""


def _line(name: str, value: str, code: str, tail: str) -> bytes:
    return f"{name}:{value}|{code}{tail}".encode()


statsd_lines = st.builds(
    _line,
    st.one_of(buckets, WORDS),
    st.one_of(numbers.map(str), WORDS, st.sampled_from(("+1", "-1", "1:2", ".5", "nan"))),
    st.one_of(st.sampled_from(("c", "g", "ms", "s", "m", "h", "d")), WORDS),
    st.one_of(
        st.sampled_from(("", "", "|@0.5", "|@0.00", "|#a:b,flag", "|c:f3", "|T1700000000", "\r")), WORDS
    ),
)
"""Lines of StatsD: most of them good, the others wrong somewhere."""

statsd_datagrams = st.one_of(st.lists(statsd_lines, max_size=5).map(b"\n".join), st.binary(max_size=60))
"""What may arrive at a StatsD port."""
