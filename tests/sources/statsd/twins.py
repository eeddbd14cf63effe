"""The same packets through the compiled core and through Python alone: what comes of them must be equal."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

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
    """Both; `hear` and `flush` tell them the same, and `flush` compares what they say."""

    def __init__(self, prefix: str = "", **settings: object) -> None:
        self.compiled = Twin(settings, "auto", prefix)
        self.python = Twin(settings, "off", prefix)
        self._out, self._into = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        drain = self.compiled.receiver.core("udp", HOST)
        assert drain is not None, "there is no compiled core"
        self._drain = drain

    def hear(self, packets: Iterable[bytes]) -> None:
        for number, packet in enumerate(packets):
            self._out.send(packet)
            self.python.receiver.receive("udp", [(packet, HOST)])
            if number % WAITING == WAITING - 1:
                self._read()
        self._read()

    def _read(self) -> None:
        while self._drain(self._into.fileno())[1]:
            pass

    def flush(self) -> list[Sample]:
        """End the interval of both, and compare every number to its last digit."""
        compiled, python = self.compiled.flushed(), self.python.flushed()
        assert list(map(repr, compiled)) == list(map(repr, python))
        assert self.compiled.counted() == self.python.counted()
        assert self.compiled.receiver.state() == self.python.receiver.state()
        return python

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
