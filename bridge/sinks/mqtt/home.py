"""Home: what Home Assistant is told, beside the values, on the same connection."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bridge.core.alert import Key
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.protocols.homeassistant import Discovery
from bridge.protocols.mqtt import Message
from bridge.sinks.mqtt.role import Hear


class Home:
    """Args:
    discovery: what there is to say.
    watched: gives the keys of all alerts that there are at the moment of the call.
    """

    def __init__(self, discovery: Discovery, watched: Callable[[], Iterable[Key]] = tuple) -> None:
        self._discovery = discovery
        self._watched = watched
        self._told: set[Key] = set()

    @property
    def hears(self) -> Mapping[str, Hear]:
        """What to subscribe. What follows from what comes there is said with the next batch."""
        return dict.fromkeys(self._discovery.filters, self._hear)

    def _hear(self, topic: str, payload: bytes, _: bool) -> None:
        self._discovery.hear(topic, payload, time.monotonic())

    def everything(self) -> list[Message]:
        """All that a broker should retain."""
        return self._discovery.everything()

    def news(self, batch: Sequence[Sample]) -> Iterator[list[Message]]:
        """What is new with these samples, or has gone, a few messages at a time."""
        now = time.monotonic()
        self._discovery.take(batch, now)
        if any(sample.series.pbx == BRIDGE for sample in batch):
            self._follow_alerts()
        while messages := self._discovery.due(now):
            yield messages

    def gone(self) -> list[Series]:
        """The series of things that have gone since the last call: a queue, a trunk."""
        gone, self._discovery.lost = self._discovery.lost, []
        return gone

    def _follow_alerts(self) -> None:
        before, self._told = self._told, set(self._watched())
        for key in self._told - before:
            self._discovery.alert(key)
        for key in before - self._told:
            self._discovery.forget_alert(key)
