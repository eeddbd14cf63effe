"""Outbox: messages on their way to a broker, until it has acknowledged them.

They are encoded here, many at once: paho takes several times as long for each.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence

import aiomqtt

from bridge.protocols.mqtt import Message
from bridge.protocols.mqtt_packets import acknowledged, is_refusal, publish
from bridge.sinks.mqtt.paho import NO_CONNECTION, Paho

SLICE = 100
"""Messages handed over at once: some 2 ms of work, after which others have a turn."""
WINDOW = 5000
"""Messages handed over before they are waited for; there are 65,535 numbers to tell them apart."""


class Outbox:
    """What one connection sends.

    Args:
        paho: through which it goes.
        write: writes what paho was given.
        properties: it is MQTT 5.
        timeout: seconds in which the broker must take something.

    Attributes:
        numbers: of messages that are not acknowledged, to their places; always the same object.
    """

    def __init__(self, paho: Paho, write: Callable[[], None], *, properties: bool, timeout: float) -> None:
        self.numbers: dict[int, int] = {}
        self._paho = paho
        self._write = write
        self._properties = properties
        self._timeout = timeout
        self._refused: set[int] = set()
        self._at_once = WINDOW
        self._left = 0
        self._moved: asyncio.Future[None] | None = None
        self._lost: Exception | None = None

    def limit(self, most: int) -> None:
        """The broker takes no more than so many at once; a quarter is left to others on the connection."""
        self._at_once = max(1, min(WINDOW, most - most // 4))

    def fail(self, error: Exception) -> None:
        """The connection is over: nothing more is sent, and whoever waits is told."""
        self._lost = error
        if self._moved and not self._moved.done():
            self._moved.set_exception(error)
            self._moved.exception()

    async def send(self, messages: Sequence[Message]) -> Collection[int]:
        """Publish; on return the broker has read all of them, in this order.

        The last of a window is sent with QoS 1: a broker that acknowledges it has read those before it.

        Returns:
            The places of those which the broker refused; only with MQTT 5 does it tell, and only of QoS 1.
        """
        self._refused = set()
        self._check()
        for start in range(0, len(messages), WINDOW):
            await self._send_window(messages, range(start, min(start + WINDOW, len(messages))))
        return self._refused

    def acknowledged(self, number: int, body: bytes | bytearray) -> None:
        """A message has arrived, or was refused."""
        place = self.numbers.pop(number)
        if is_refusal(body):
            self._refused.add(place)
        self._tell()

    def take(self, received: bytes) -> int:
        """Take plain acknowledgements of what was sent, for which paho has as many steps as for any packet.

        Args:
            received: what comes next on the connection.

        Returns:
            How many bytes of it those were. What follows them is for paho, and for who judges it.
        """
        numbers, size = acknowledged(received, properties=self._properties)
        before = len(self.numbers)
        for number in numbers:
            if self.numbers.pop(number, None) is None:
                break
        self._tell()
        return size * (before - len(self.numbers))

    def _tell(self) -> None:
        """Wake up who waits for few enough to be left."""
        if self._moved and len(self.numbers) <= self._left and not self._moved.done():
            self._moved.set_result(None)

    async def _send_window(self, messages: Sequence[Message], places: range) -> None:
        self.numbers.clear()
        most = min(SLICE, max(1, self._at_once // 2))
        for start in range(places.start, places.stop, most):
            await self._until_left(self._at_once - most)
            self._hand_over(messages, range(start, min(start + most, places.stop)), places[-1])
            await asyncio.sleep(0)
        await self._until_left(0)

    def _hand_over(self, messages: Sequence[Message], places: range, last: int) -> None:
        if not self._paho.socket:
            self._check()
            raise aiomqtt.MqttCodeError(NO_CONNECTION)
        packets = []
        for place in places:
            message, number = messages[place], 0
            if place == last:
                message = message._replace(qos=1)
            if message.qos:
                number = self._paho.number()
                self.numbers[number] = place
            packets.append(publish(message, number, properties=self._properties))
        self._paho.queue(b"".join(packets))
        self._write()

    async def _until_left(self, left: int) -> None:
        """Wait until no more than so many are not acknowledged."""
        self._check()
        if len(self.numbers) > left:
            self._left = left
            self._moved = asyncio.get_running_loop().create_future()
            await self._progress(self._moved)

    async def _progress(self, moved: asyncio.Future[None]) -> None:
        """Wait for acknowledgements; a broker that takes one after another may take its time."""
        left = -1
        while left != len(self.numbers):
            left = len(self.numbers)
            if (await asyncio.wait({moved}, timeout=self._timeout))[0]:
                return moved.result()
        raise TimeoutError

    def _check(self) -> None:
        if self._lost:
            raise self._lost
