"""SparkplugSink: the bridge as an edge node of Sparkplug B, on a connection of its own.

Sparkplug has every message but the will published with QoS 0, which no broker confirms. So after each batch
the subscription to commands is asked for once more: a broker reads in order, and has read the batch when it
answers.
"""

import asyncio
import socket
import time
from collections.abc import Mapping, Sequence

from bridge.core.metric import Metric
from bridge.core.sample import Sample
from bridge.core.state import Json, number
from bridge.log import get_logger
from bridge.protocols.mqtt import Message, escape
from bridge.protocols.sparkplug import EdgeNode, Verb, asks_for_rebirth
from bridge.protocols.sparkplug_node import ROUND, Node
from bridge.settings import MqttSettings
from bridge.sinks.mqtt.link import Link
from bridge.sinks.mqtt.publisher import Publisher
from bridge.sinks.mqtt.role import Role

SUFFIX = "-sparkplug"
"""Of the client id."""
PACE = 1.0
"""Seconds between two answers to requests for births: who asks in a loop does not make us loop."""

log = get_logger(component="sparkplug")


def edge_node(group: str, node: str) -> EdgeNode:
    """The ids that settings give; without a node it is named after this host.

    Raises:
        ValueError: one of them can be no id.
    """
    return EdgeNode.checked(group, node or escape(socket.gethostname()))


class SparkplugSink(Publisher):
    """Publishes births, data and deaths of the node and of a device for each PBX; obeys requests for births.

    Args:
        settings: where and how.
        name: who we are to hosts.
        metrics: the catalogue, by name.

    Raises:
        ValueError: the URL is not one of an MQTT broker.
    """

    name = "sparkplug"

    def __init__(self, settings: MqttSettings, name: EdgeNode, metrics: Mapping[str, Metric]) -> None:
        super().__init__(settings)
        self._node = Node(name, metrics)
        self._commands = name.topic(Verb.NODE_COMMAND)
        self._answered = float("-inf")
        self._answering: asyncio.TimerHandle | None = None

    def state(self) -> Json:
        """The number of the session, so that no death of it is taken for one of the next process."""
        return self._node.bd_seq

    def restore(self, state: Json) -> None:
        """Go on behind the session that `state` gave; anything else is ignored."""
        last = number(state)
        if last is not None:
            self._node.bd_seq = (int(last) + 1) % ROUND

    async def open(self) -> None:
        """Connect, listen to commands, and publish all births.

        Raises:
            TemporaryError: the broker cannot be reached, refused us, or cannot be trusted.
        """
        with self._in_our_words():
            will = self._node.begin(time.time())
            link = await self._connected(Role(will, hears={self._commands: self._hear}, suffix=SUFFIX))
            self._warn("read", await link.listen())
            await self._publish(link, self._node.births(time.time()))

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Publish what the batch changes.

        Raises:
            TemporaryError: the connection is lost, or the broker is too slow.
        """
        assert self._link
        messages, lost = self._node.update(batch, time.time())
        with self._in_our_words():
            await self._publish(self._link, messages)
        if lost.get("no_room") and self._throttle.suppressed("full") is not None:
            log.warning("series are not published: too many")
        return lost

    async def close(self) -> None:
        """Publish the death of the node, if the broker still listens, and disconnect."""
        if self._answering:
            self._answering.cancel()
            self._answering = None
        await super().close()

    async def _publish(self, link: Link, messages: Sequence[Message]) -> None:
        """Publish messages at once, so that none comes between their numbers; wait until they were read."""
        for message in messages:
            link.say(message)
        await link.send([])  # raises why the connection is lost, if it is
        if messages:
            await link.listen()

    def _hear(self, _: str, command: bytes, retained: bool) -> None:
        """Take a command; one that the broker had retained is none, and would come again and again."""
        if retained:
            self._refuse("it is retained")
            return
        try:
            asked = asks_for_rebirth(command)
        except ValueError as error:
            self._refuse(str(error))
            return
        if not asked:
            self._refuse("it asks for nothing that we do")
        elif not self._answering:
            loop = asyncio.get_running_loop()
            wait = self._answered + PACE - loop.time()
            self._answering = loop.call_later(max(0.0, wait), self._answer)

    def _answer(self) -> None:
        """Publish all births; the numbers of messages begin anew with them, so nothing may come between."""
        self._answering = None
        self._answered = asyncio.get_running_loop().time()
        if self._link:
            for message in self._node.births(time.time()):
                self._link.say(message)

    def _refuse(self, why: str) -> None:
        kept_back = self._throttle.suppressed("command")
        if kept_back is not None:
            log.warning(
                "Sparkplug command not obeyed", reason=why, topic=self._commands, suppressed=kept_back
            )
