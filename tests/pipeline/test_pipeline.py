"""The pipeline passes on finite numbers of believed sources, veiled, to every outlet."""

import math

import pytest

from bridge.core import own
from bridge.core.metric import Metric, MetricKind
from bridge.core.privacy import Veil
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.trust import Trust
from bridge.pipeline.health import Health, Part
from bridge.pipeline.pipeline import Pipeline
from tests.fakes import FakeClock

METRIC = Metric("channels.active", MetricKind.GAUGE, "Channels", sources=("ami", "snmp"))
CHANNELS = Sample(METRIC.series("hq"), 3, 0)
ADA = Sample(Series("agent.calls", (("pbx", "hq"), ("agent", "Ada"))), 1, 0)
AMI = Part("source", "hq", "ami")


class Plant:
    """A pipeline with two outlets."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.health = Health(clock)
        self.one: list[Sample] = []
        self.two: list[Sample] = []
        trust, veil = Trust({METRIC.name: METRIC}, freshness=60), Veil({"agent": "hide"})
        self.pipeline = Pipeline([self.one.extend, self.two.extend], trust, veil, self.health, clock)

    def counted(self, metric: Metric, source: str) -> float:
        return self.health.counted(metric.series(BRIDGE, source))


@pytest.fixture
def plant() -> Plant:
    return Plant()


def test_every_outlet_gets_every_sample(plant: Plant) -> None:
    plant.pipeline.emitter("ami")([CHANNELS])

    assert plant.one == plant.two == [CHANNELS]


def test_outlets_trust_and_veil_may_change_while_sources_emit(plant: Plant) -> None:
    emit = plant.pipeline.emitter("snmp")
    plant.pipeline.emitter("ami")([CHANNELS])

    plant.pipeline.outlets = [plant.two.extend]
    plant.pipeline.trust.freshness = 0
    plant.pipeline.veil = Veil({"agent": "show"})
    emit([CHANNELS._replace(value=4), ADA])

    assert plant.one == [CHANNELS]
    assert plant.two == [CHANNELS, CHANNELS._replace(value=4), ADA]
    assert not plant.pipeline.hides(ADA.series)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_finite_number_is_discarded_and_counted(plant: Plant, value: float) -> None:
    plant.pipeline.emitter("ami")([CHANNELS._replace(value=value), CHANNELS])

    assert plant.one == [CHANNELS]
    assert plant.counted(own.PIPELINE_DISCARDED, "ami") == 1


def test_a_less_trusted_source_is_heard_only_when_the_other_is_silent(plant: Plant) -> None:
    plant.pipeline.emitter("ami")([CHANNELS])
    plant.pipeline.emitter("snmp")([CHANNELS._replace(value=4)])

    assert plant.one == [CHANNELS]
    assert plant.counted(own.PIPELINE_SUPERSEDED, "snmp") == 1
    assert plant.counted(own.PIPELINE_SAMPLES, "snmp") == 1


def test_a_source_that_goes_down_loses_the_word_at_once(plant: Plant) -> None:
    plant.health.up(AMI)
    plant.pipeline.emitter("ami")([CHANNELS])

    plant.health.down(AMI, "connection refused")
    plant.pipeline.emitter("snmp")([CHANNELS._replace(value=4)])

    assert [sample.value for sample in plant.one] == [3, 4]


def test_by_how_much_sources_differ_is_among_the_numbers_of_the_bridge(plant: Plant) -> None:
    plant.pipeline.emitter("ami")([CHANNELS])
    plant.pipeline.emitter("snmp")([CHANNELS._replace(value=1)])

    series = own.SOURCE_DISAGREEMENT.series("hq", "channels.active")
    assert Sample(series, 2, 5) in list(plant.health.samples(5))


def test_what_a_privacy_setting_hides_is_counted_and_reaches_no_outlet(plant: Plant) -> None:
    plant.pipeline.emitter("ami")([ADA, CHANNELS])

    assert plant.one == plant.two == [CHANNELS]
    assert plant.counted(own.PIPELINE_HIDDEN, "ami") == 1


def test_a_source_may_see_what_the_others_say_and_nothing_of_its_own(plant: Plant) -> None:
    """It needs names as they are to find its own; what it says is veiled as everything is."""
    seen: list[Sample] = []
    plant.pipeline.observe("statsd", seen.extend)

    plant.pipeline.emitter("ami")([CHANNELS, ADA])
    plant.pipeline.emitter("snmp")([CHANNELS._replace(value=9)])
    plant.pipeline.emitter("statsd")([ADA._replace(value=5)])

    assert seen == [CHANNELS, ADA]


class TestWatch:
    """Rules are shown what is published, and what changes between."""

    def test_they_see_what_the_sinks_get(self, plant: Plant) -> None:
        seen: list[Sample] = []
        plant.pipeline.watch = seen.extend

        plant.pipeline.emitter("ami")([CHANNELS, ADA])
        plant.pipeline.emitter("snmp")([CHANNELS._replace(value=4)])

        assert seen == plant.one == [CHANNELS]

    def test_what_is_offered_goes_to_nobody_else(self, plant: Plant) -> None:
        seen: list[Sample] = []
        plant.pipeline.watch = seen.extend

        plant.pipeline.offerer("ami")([CHANNELS, ADA, CHANNELS._replace(value=math.nan)])

        assert seen == [CHANNELS]
        assert plant.one == []
        assert plant.counted(own.PIPELINE_SAMPLES, "ami") == 0

    def test_an_offer_of_a_less_trusted_source_is_not_believed(self, plant: Plant) -> None:
        seen: list[Sample] = []
        plant.pipeline.emitter("ami")([CHANNELS])
        plant.pipeline.watch = seen.extend

        plant.pipeline.offerer("snmp")([CHANNELS._replace(value=4)])

        assert seen == []
