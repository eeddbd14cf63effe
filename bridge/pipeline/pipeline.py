"""Pipeline: from every source to every sink. One call, no waiting, no I/O."""

import contextlib
import math
import operator
from collections.abc import Iterator, Sequence

from bridge.core import own
from bridge.core.privacy import Veil
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.trust import Trust
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock, Emit

VALUE = operator.itemgetter(1)
"""The value of a sample."""


class Pipeline:
    """Sifts what sources emit, reconciles it, veils it, and fans it out.

    Args:
        outlets: where samples go; each must return at once, as `Delivery.accept` does.
        trust: what is published of what several sources tell.
        veil: what may be seen of it.
        health: where samples are counted.
        clock: the time by which trust ages.

    Attributes:
        outlets, trust, veil: as given; new settings may change them at any time.
        watch: is shown all that is published, and what is offered between; it returns at once.
    """

    def __init__(
        self, outlets: Sequence[Emit], trust: Trust, veil: Veil, health: Health, clock: Clock
    ) -> None:
        self.outlets = outlets
        self.trust = trust
        self.veil = veil
        self._health = health
        self._clock = clock
        self.watch: Emit = overlook
        self._observers: dict[str, Emit] = {}
        health.watch(self._disagreements)
        health.lost = self._lost

    def observe(self, source: str, observe: Emit) -> None:
        """Show a source what others say, unveiled; it returns at once, and what it makes of it is veiled."""
        self._observers[source] = observe

    def overlook(self, source: str) -> None:
        """Show a source no more of what others say, if it was shown it."""
        self._observers.pop(source, None)

    def hides(self, series: Series) -> bool:
        """Whether nothing of the series may be seen now."""
        return self.veil.hides(series)

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
            finite = _finite(samples)
            believed = self.trust.believed(source, finite, self._clock.monotonic())
            for name, observe in self._observers.items():
                if name != source:
                    observe(believed)
            veiled = self.veil.samples(believed)
            self._health.count(seen, len(samples))
            self._health.count(discarded, len(samples) - len(finite))
            self._health.count(superseded, len(finite) - len(believed))
            self._health.count(hidden, len(believed) - len(veiled))
            self.watch(veiled)
            for accept in self.outlets:
                accept(veiled)

        return emit

    @contextlib.contextmanager
    def unwatched(self) -> Iterator[None]:
        """What is emitted within is published, and is no reason for an alert: it was asked for."""
        watch, self.watch = self.watch, overlook
        try:
            yield
        finally:
            self.watch = watch

    def offerer(self, source: str) -> Emit:
        """Shows rules what has changed, before it is published: what a source is given as `offer`."""

        def offer(samples: Sequence[Sample]) -> None:
            believed = self.trust.believed(source, _finite(samples), self._clock.monotonic())
            self.watch(self.veil.samples(believed))

        return offer

    def _disagreements(self) -> Iterator[tuple[Series, float]]:
        return self.trust.disagreements(self._clock.monotonic())

    def _lost(self, part: Part) -> None:
        self.trust.lost(part.name, part.pbx)


def _finite(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Those whose value is a number: as a rule all."""
    if all(map(math.isfinite, map(VALUE, samples))):
        return samples
    return [sample for sample in samples if math.isfinite(sample.value)]


def overlook(_: Sequence[Sample]) -> None:
    """What comes is not watched."""
