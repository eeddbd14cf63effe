"""Latest: what is remembered of each series, and for how long."""

from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core.sample import Sample
from bridge.sinks.http.latest import Latest


def sample(value: float, queue: str) -> Sample:
    return Sample(QUEUE_WAITING.series("hq", queue), value, 1_700_000_000)


def test_only_what_was_silent_for_too_long_is_forgotten() -> None:
    latest = Latest(stale=10)
    latest.update([sample(1, "a"), sample(1, "b")], now=100)
    latest.update([sample(2, "a")], now=105)

    assert latest.alive(now=110) == [sample(1, "b"), sample(2, "a")]
    assert latest.alive(now=111) == [sample(2, "a")]


def test_when_there_are_too_many_the_most_silent_is_forgotten() -> None:
    latest = Latest(stale=10, limit=2)
    latest.update([sample(1, "a"), sample(1, "b"), sample(2, "a"), sample(1, "c")], now=100)

    assert latest.alive(now=100) == [sample(2, "a"), sample(1, "c")]
