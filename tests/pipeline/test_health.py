"""Health: counts go on, a change of state is told once and at once."""

import json

import pytest

from bridge.core import own
from bridge.core.sample import BRIDGE, Sample
from bridge.pipeline.buffer import Buffer, Limits
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import STOPPING, Health, Part
from bridge.pipeline.ledger import Ledger
from tests.fakes import FakeClock, MemorySink

AMI = Part("source", "hq", "ami")
UP = own.SOURCE_UP.series("hq", "ami")


@pytest.fixture
def emitted() -> list[Sample]:
    return []


@pytest.fixture
def health(emitted: list[Sample]) -> Health:
    health = Health(FakeClock(100))
    health.emit = emitted.extend
    return health


def test_a_part_that_never_worked_is_missing(health: Health) -> None:
    health.expect(AMI)

    assert health.missing() == {AMI: "not connected yet"}
    assert Sample(UP, 0, 7) in list(health.samples(7))


def test_a_change_is_told_at_once_and_once(health: Health, emitted: list[Sample]) -> None:
    health.up(AMI)
    health.up(AMI)
    health.down(AMI, "connection refused")
    health.down(AMI, "connection refused")

    assert emitted == [Sample(UP, 1, 100), Sample(UP, 0, 100)]


def test_a_new_reason_is_no_change_of_state(health: Health, emitted: list[Sample]) -> None:
    health.down(AMI, "connection refused")
    health.down(AMI, "authentication failed")

    assert emitted == [Sample(UP, 0, 100)]
    assert health.missing() == {AMI: "authentication failed"}


def test_each_change_is_one_line_of_the_log(health: Health, capsys: pytest.CaptureFixture[str]) -> None:
    health.up(AMI)
    health.up(AMI)
    health.down(AMI, "connection refused")
    health.down(AMI, "connection refused")

    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == 2
    assert "connection refused" in lines[1]


def test_the_end_of_the_bridge_is_no_warning(health: Health, capsys: pytest.CaptureFixture[str]) -> None:
    health.up(AMI)
    health.down(AMI, STOPPING)

    assert "warning" not in capsys.readouterr().out


def test_gauges_are_asked_at_every_flush(health: Health) -> None:
    buffered = own.SINK_BUFFERED.series(BRIDGE, "graphite")
    health.watch(lambda: [(buffered, 5)])

    assert list(health.samples(9)) == [Sample(buffered, 5, 9)]


def test_counts_outlive_a_part_and_its_gauges_do_not(health: Health) -> None:
    restarts, uptime = own.SOURCE_RESTARTS.series("hq", "ami"), own.PROCESS_UPTIME.series(BRIDGE)
    health.watch(lambda: [(uptime, 1)])
    with health.building(AMI):
        health.watch(lambda: [(own.SOURCE_POLL_TIME.series("hq", "ami"), 2)])
    health.count(restarts)
    health.expect(AMI)

    health.forget(AMI)

    assert list(health.samples(9)) == [Sample(uptime, 1, 9), Sample(restarts, 1, 9)]
    assert health.states() == {}


def test_the_report_is_plain_words(health: Health) -> None:
    health.down(AMI, "connection refused")
    health.count(own.SOURCE_RESTARTS.series("hq", "ami"))

    assert health.report() == {
        "states": {"source hq/ami": {"up": False, "reason": "connection refused"}},
        "counts": {"source.restarts hq ami": 1},
        "gauges": {},
    }


def test_the_report_holds_the_whole_ledger_of_a_sink(health: Health) -> None:
    """Accepted = delivered + dropped + buffered can be seen to hold by who has nothing but this."""
    sink = MemorySink()
    buffer = Buffer(Limits(3, 2), Ledger(health, sink.name))
    delivery = Delivery(sink, buffer, health, FakeClock())

    delivery.accept([Sample(UP, value, 0) for value in range(5)])

    report = json.loads(json.dumps(health.report()))
    assert report["counts"] | report["gauges"] == {
        "sink.accepted bridge memory": 5,
        "sink.delivered bridge memory": 0,
        "sink.dropped bridge memory overflow": 2,
        "sink.buffered bridge memory": 3,
        "sink.unconfirmed bridge memory": 0,
        "sink.retries bridge memory": 0,
    }
    assert (
        report["gauges"].items()
        >= {"sink.buffered bridge memory": 3, "sink.unconfirmed bridge memory": 0}.items()
    )
