"""Pipeline: from every source to every sink. One call, no waiting, no I/O."""

import math
from collections.abc import Iterator, Sequence

from bridge.core import own
from bridge.core.privacy import Veil
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.trust import Trust
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock, Emit


class Pipeline:
    """Sifts what sources emit, reconciles it, veils it, and fans it out.

    Args:
        outlets: where samples go; each must return at once, as `Delivery.accept` does.
        trust: what is published of what several sources tell.
        veil: what may be seen of it.
        health: where samples are counted.
        clock: the time by which trust ages.
    """

    def __init__(
        self, outlets: Sequence[Emit], trust: Trust, veil: Veil, health: Health, clock: Clock
    ) -> None:
        self._outlets = outlets
        self._trust = trust
        self._veil = veil
        self._health = health
        self._clock = clock
        self._observers: list[tuple[str, Emit]] = []
        health.watch(self._disagreements)
        health.lost = self._lost

    def observe(self, source: str, observe: Emit) -> None:
        """Show a source what others say, unveiled; it returns at once, and what it makes of it is veiled."""
        self._observers.append((source, observe))

    def emitter(self, source: str) -> Emit:
        """What a source of that name is given as `emit`."""
        seen, superseded, discarded, hidden = (
            metric.series(BRIDGE, source)
            for metric in (
                own.PIPELINE_SAMPLES,
                own.PIPELINE_SUPERSEDED,
                own.PIPELINE_DISCARDED,
                own.PIPELINE_HIDDEN,
            )
        )

        def emit(samples: Sequence[Sample]) -> None:
            finite = [sample for sample in samples if math.isfinite(sample.value)]
            believed = self._trust.believed(source, finite, self._clock.monotonic())
            for name, observe in self._observers:
                if name != source:
                    observe(believed)
            veiled = self._veil.samples(believed)
            self._health.count(seen, len(samples))
            self._health.count(discarded, len(samples) - len(finite))
            self._health.count(superseded, len(finite) - len(believed))
            self._health.count(hidden, len(believed) - len(veiled))
            for accept in self._outlets:
                accept(veiled)

        return emit

    def _disagreements(self) -> Iterator[tuple[Series, float]]:
        return self._trust.disagreements(self._clock.monotonic())

    def _lost(self, part: Part) -> None:
        self._trust.lost(part.name, part.pbx)
