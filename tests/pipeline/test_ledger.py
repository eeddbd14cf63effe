"""The ledger: every sample under what became of it."""

from bridge.core import own
from bridge.core.sample import BRIDGE
from bridge.pipeline.health import Health
from bridge.pipeline.ledger import Ledger
from tests.fakes import FakeClock


def test_what_becomes_of_samples_is_counted_for_the_sink() -> None:
    health = Health(FakeClock())
    ledger = Ledger(health, "graphite")

    ledger.accepted(5)
    ledger.delivered(3)
    ledger.dropped(2, "overflow")

    assert health.counted(own.SINK_ACCEPTED.series(BRIDGE, "graphite")) == 5
    assert health.counted(own.SINK_DELIVERED.series(BRIDGE, "graphite")) == 3
    assert health.counted(own.SINK_DROPPED.series(BRIDGE, "graphite", "overflow")) == 2


def test_a_sink_is_told_of_from_the_start() -> None:
    health = Health(FakeClock())

    Ledger(health, "graphite")

    assert {sample.series.name: sample.value for sample in health.samples(0)} == {
        "sink.accepted": 0,
        "sink.delivered": 0,
    }
