"""Pipeline: from every source to every sink. One call, no waiting, no I/O."""

import math
from collections.abc import Sequence

from bridge.core import own
from bridge.core.sample import BRIDGE, Sample
from bridge.core.trust import Trust
from bridge.pipeline.health import Health
from bridge.pipeline.interfaces import Clock, Emit


class Pipeline:
    """Sifts what sources emit and fans it out.

    Args:
        outlets: where samples go; each must return at once, as `Delivery.accept` does.
        trust: which source is believed.
        health: where samples are counted.
        clock: the time by which trust ages.
    """

    def __init__(self, outlets: Sequence[Emit], trust: Trust, health: Health, clock: Clock) -> None:
        self._outlets = outlets
        self._trust = trust
        self._health = health
        self._clock = clock

    def emitter(self, source: str) -> Emit:
        """What a source of that name is given as `emit`."""
        seen, superseded, discarded = (
            metric.series(BRIDGE, source)
            for metric in (own.PIPELINE_SAMPLES, own.PIPELINE_SUPERSEDED, own.PIPELINE_DISCARDED)
        )

        def emit(samples: Sequence[Sample]) -> None:
            finite = [sample for sample in samples if math.isfinite(sample.value)]
            believed = self._trust.believed(source, finite, self._clock.monotonic())
            self._health.count(seen, len(samples))
            self._health.count(discarded, len(samples) - len(finite))
            self._health.count(superseded, len(finite) - len(believed))
            for accept in self._outlets:
                accept(believed)

        return emit
