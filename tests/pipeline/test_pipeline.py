"""The pipeline passes on finite numbers of believed sources, to every outlet."""

import math

import pytest

from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.trust import Trust
from bridge.pipeline.health import Health
from bridge.pipeline.pipeline import Pipeline
from tests.fakes import FakeClock

CALLS = Sample(Series("calls.active", (("pbx", "hq"),)), 3, 0)


class Plant:
    """A pipeline with two outlets."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.health = Health(clock)
        self.one: list[Sample] = []
        self.two: list[Sample] = []
        trust = Trust({"calls.active": ("ami", "snmp")}, freshness=60)
        self.pipeline = Pipeline([self.one.extend, self.two.extend], trust, self.health, clock)


def test_every_outlet_gets_every_sample() -> None:
    plant = Plant()

    plant.pipeline.emitter("ami")([CALLS])

    assert plant.one == plant.two == [CALLS]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_finite_number_is_discarded_and_counted(value: float) -> None:
    plant = Plant()

    plant.pipeline.emitter("ami")([CALLS._replace(value=value), CALLS])

    assert plant.one == [CALLS]
    assert plant.health.counted(own.PIPELINE_DISCARDED.series(BRIDGE, "ami")) == 1


def test_a_less_trusted_source_is_heard_only_when_the_other_is_silent() -> None:
    plant = Plant()

    plant.pipeline.emitter("ami")([CALLS])
    plant.pipeline.emitter("snmp")([CALLS._replace(value=4)])

    assert plant.one == [CALLS]
    assert plant.health.counted(own.PIPELINE_SUPERSEDED.series(BRIDGE, "snmp")) == 1
    assert plant.health.counted(own.PIPELINE_SAMPLES.series(BRIDGE, "snmp")) == 1
