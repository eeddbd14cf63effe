"""MqttSink: publishes samples to an MQTT broker.

One connection lives from `open` to `close`: aiomqtt cannot use a client again after it was disconnected, and
redelivery is Delivery's work. After every `open` the broker is told everything anew, as it may have lost its
memory. What is published to which topic stands in `protocols/mqtt.py` and `protocols/mqtt_values.py`.
"""

import time
from collections.abc import Callable, Mapping, Sequence

from bridge.core import own
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import BRIDGE, Sample
from bridge.log import get_logger
from bridge.protocols.mqtt import Availability, Message, announce, report
from bridge.protocols.mqtt_values import Values
from bridge.settings import MqttSettings
from bridge.sinks.mqtt.home import Home
from bridge.sinks.mqtt.link import Link
from bridge.sinks.mqtt.publisher import Publisher
from bridge.sinks.mqtt.role import Role

Report = Callable[[], Mapping[str, object]]
"""Gives the content of a JSON object at the moment of the call."""

OURS = frozenset(metric.name for metric in own.OWN)
"""Names of what the bridge tells of itself and of its sources."""
log = get_logger(component="mqtt")


class MqttSink(Publisher):
    """Publishes samples, the bridge's own state and the availability of each PBX.

    A sample counts as delivered when the broker has acknowledged the last message of its batch: it reads
    what comes on a connection in order, so it has read those of QoS 0 too. Only that it refuses one of QoS 0
    cannot be known.

    Args:
        settings: where and how.
        metrics: the catalogue, by name.
        info: content of `<prefix>/bridge/info`: version and effective settings, secrets masked.
        health: content of `<prefix>/bridge/health`, asked for whenever the bridge's own numbers come.
        home: what Home Assistant is told; None if nothing is.

    Raises:
        ValueError: the URL is not one of an MQTT broker.
    """

    name = "mqtt"

    def __init__(
        self,
        settings: MqttSettings,
        metrics: Mapping[str, Metric],
        info: Report,
        health: Report,
        home: Home | None = None,
    ) -> None:
        super().__init__(settings)
        self._info = info
        self._health = health
        self._birth = announce(settings.prefix, online=True)
        self._home = home
        will = announce(settings.prefix, online=False)
        self._role = Role(will, self._birth, home.hears if home else {})
        self._availability = Availability(settings.prefix)
        self._values = Values(
            settings.prefix,
            settings.layout,
            {name for name, metric in metrics.items() if metric.kind is MetricKind.INFO},
            qos=settings.qos,
            retain=settings.retain,
        )
        self._told: Mapping[str, object] = {}

    async def open(self) -> None:
        """Connect and publish everything that is retained; the birth message comes last.

        Raises:
            TemporaryError: the broker cannot be reached, refused us, or cannot be trusted.
        """
        with self._in_our_words():
            link = await self._connected(self._role)
            await self._publish(link, self._everything())
            if self._home:
                await self._announce(link, self._home.everything())
            self._warn("read", await link.listen())

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Publish what the batch changes.

        Raises:
            TemporaryError: the connection is lost, or the broker is too slow.
        """
        assert self._link
        now = time.time()
        ours = [sample for sample in batch if sample.series.name in OURS]
        messages = self._values.update(batch, now) + self._availability.update(ours, now)
        if any(sample.series.pbx == BRIDGE for sample in ours):
            messages.append(self._report_health())
            messages += [] if self._info() == self._told else [self._report_info()]
        with self._in_our_words():
            lost = await self._publish(self._link, messages)
            for news in self._home.news(batch) if self._home else ():
                await self._announce(self._link, news)
        self._values.forget(self._home.gone() if self._home else ())
        return lost

    async def _announce(self, link: Link, messages: Sequence[Message]) -> None:
        refused = await link.send(messages)
        self._warn("write", [messages[place].topic for place in refused])

    async def _publish(self, link: Link, messages: Sequence[Message]) -> Mapping[str, int]:
        """Publish messages of which those of values come first; return what of the samples is lost."""
        refused = await link.send(messages)
        self._warn("write", [messages[place].topic for place in refused])
        lost = self._values.settle(refused)
        if lost.get("no_room") and self._throttle.suppressed("full") is not None:
            log.warning("series are not published: too many, or names too long")
        return lost

    def _everything(self) -> list[Message]:
        return [
            *self._values.everything(),
            self._report_info(),
            self._report_health(),
            *self._availability.everything(),
            self._birth,
        ]

    def _report_info(self) -> Message:
        self._told = self._info()
        return report(self._settings.prefix, "info", self._told)

    def _report_health(self) -> Message:
        return report(self._settings.prefix, "health", self._health())
