"""The same packets past the grammar and through it: what comes of them must be equal."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from bridge.core.sample import Sample
from bridge.pipeline.health import Health
from bridge.settings import StatsdSettings
from bridge.sources.statsd import StatsdSource
from tests.fakes import FakeClock

HOST = "10.0.0.5"
SENDERS = {"hq": (HOST,)}
WAITING = 5
"""Datagrams that a unix socket holds for sure."""


class Twin:
    """One of the two.

    Args:
        settings: what both have in common.
        native: `auto` or `off`.
        prefix: what the PBX has in its statsd.conf.
    """

    def __init__(self, settings: dict[str, object], native: str, prefix: str) -> None:
        self.clock = FakeClock()
        self.health = Health(self.clock)
        made = StatsdSettings.model_validate(settings | {"native": native})
        prefixes = {"hq": prefix} if prefix else {}
        self.source = StatsdSource(made, SENDERS, self.health, self.clock, prefixes=prefixes)
        self.receiver = self.source._receiver

    def flushed(self) -> list[Sample]:
        self.clock.now += 10
        return list(self.receiver.flush(self.clock.now))

    def counted(self) -> dict[object, float]:
        return {sample.series: sample.value for sample in self.health.samples(0)}


class Twins:
    """One that has lanes, and one that reads everything by the grammar; `flush` compares what they say."""

    def __init__(self, prefix: str = "", **settings: object) -> None:
        self.fast = Twin(settings, "auto", prefix)
        self.slow = Twin(settings, "off", prefix)
        self._out, self._into = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._into.setblocking(False)
        self._drain = self.fast.receiver.drain("udp", HOST)

    def hear(self, packets: Iterable[bytes]) -> None:
        for number, packet in enumerate(packets):
            self._out.send(packet)
            self.slow.receiver.receive("udp", [(packet, HOST)])
            if number % WAITING == WAITING - 1:
                self._read()
        self._read()

    def _read(self) -> None:
        while self._drain(self._into)[1]:
            pass

    def plain(self, packets: Iterable[bytes]) -> int:
        """How many of the packets go past the grammar; the fast one alone hears them."""
        receiver, amount = self.fast.receiver, 0
        assert receiver._lanes
        read = receiver._lanes.reader(
            lambda _: "hq", partial(receiver._taught, receiver._lanes, "udp"), HOST
        ).drain
        for packet in packets:
            self._out.send(packet)
            amount += read(self._into)[1]
        return amount

    def flush(self) -> list[Sample]:
        """End the interval of both, and compare every number to its last digit."""
        fast, slow = self.fast.flushed(), self.slow.flushed()
        assert list(map(repr, fast)) == list(map(repr, slow))
        assert self.fast.counted() == self.slow.counted()
        assert self.fast.receiver.state() == self.slow.receiver.state()
        return slow

    def close(self) -> None:
        self._out.close()
        self._into.close()


@contextmanager
def twins(prefix: str = "", **settings: object) -> Iterator[Twins]:
    """Both, as long as the block lasts."""
    made = Twins(prefix, **settings)
    try:
        yield made
    finally:
        made.close()
