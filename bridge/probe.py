"""Trying out, once, what the bridge would do: for `check`, `poll` and `listen`."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine
from typing import NamedTuple, Protocol, runtime_checkable

from bridge.core.endpoint import Endpoint
from bridge.core.sample import Sample
from bridge.errors import BridgeError, SourceError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.pipeline.interfaces import Sink, Source
from bridge.plans import build_sources, sink_plans
from bridge.protocols.statsd import Parsed, parse_datagram
from bridge.settings import Settings

OURS = frozenset({"console", "http"})
"""Sinks that are no peers: nothing to connect to."""


@runtime_checkable
class Pollable(Protocol):
    """A source that can be asked once."""

    async def poll_once(self) -> list[Sample]:
        """Connect, poll everything, disconnect.

        Raises:
            SourceError: the peer cannot be reached or refused us.
        """


class Outcome(NamedTuple):
    """How it went with one peer.

    Attributes:
        peer: the sink, or the PBX and the source.
        name: the source or sink.
        error: what failed and what to do; empty when it worked.
        samples: what a source said.
        how: by which of several ways it was asked; empty where there is but one.
    """

    peer: str
    name: str
    error: str = ""
    samples: tuple[Sample, ...] = ()
    how: str = ""


Watch = Callable[[str, str | None], None]
"""Is told of each peer twice: when it is tried, with None, and then what failed, which may be empty."""


def overlook(_peer: str, _error: str | None) -> None:
    """Watches nothing."""


async def poll(settings: Settings, pbx: str | None = None, watch: Watch = overlook) -> list[Outcome]:
    """Poll every source of one PBX, or of all, once and at the same time."""
    clock = SystemClock()
    sources = build_sources(settings, Health(clock), clock)
    wanted = [each for each in sources if isinstance(each, Pollable) and pbx in {None, each.pbx}]
    return await asyncio.gather(*(_watched(_poll(each), _peer(each), watch) for each in wanted))


def _peer(source: Source) -> str:
    return f"{source.pbx} {source.name}"


async def _poll(source: Source) -> Outcome:
    assert isinstance(source, Pollable)
    try:
        samples = tuple(await source.poll_once())
    except BridgeError as error:
        return Outcome(_peer(source), source.name, str(error))
    return Outcome(_peer(source), source.name, samples=samples, how=getattr(source, "how", ""))


async def connect(settings: Settings, watch: Watch = overlook) -> list[Outcome]:
    """Connect to every sink that is a peer, and disconnect again."""
    plans = sink_plans(_as_a_guest(settings), Health(SystemClock()))
    sinks = [plan.sink for plan in plans if plan.sink.name not in OURS]
    return await asyncio.gather(*(_watched(_connect(each), each.name, watch) for each in sinks))


async def _watched(trial: Coroutine[None, None, Outcome], peer: str, watch: Watch) -> Outcome:
    watch(peer, None)
    outcome = await trial
    watch(peer, outcome.error)
    return outcome


def _as_a_guest(settings: Settings) -> Settings:
    """With a client id of its own: the broker would throw out a running bridge that has the same."""
    mqtt = settings.mqtt.model_copy(update={"client_id": f"asterisk-bridge-check-{os.getpid()}"})
    return settings.model_copy(update={"mqtt": mqtt})


async def _connect(sink: Sink) -> Outcome:
    try:
        await sink.open()
    except BridgeError as error:
        return Outcome(sink.name, sink.name, str(error))
    finally:
        await sink.close()
    return Outcome(sink.name, sink.name)


Tell = Callable[[str, Parsed], None]
"""Is told of each datagram: who sent it, and what is in it."""


async def hear(endpoint: Endpoint, tell: Tell) -> None:
    """Listen for StatsD datagrams until cancelled.

    Raises:
        SourceError: the address cannot be listened on.
    """
    loop = asyncio.get_running_loop()
    address = endpoint.host, endpoint.port
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(tell), address)
    except OSError as error:
        raise SourceError(f"cannot listen on {endpoint}: {error.strerror}; is the bridge running?") from error
    with contextlib.closing(transport):
        await loop.create_future()


class _Ear(asyncio.DatagramProtocol):
    """Made for watching, one datagram at a time; the bridge itself receives in batches."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._tell(f"{addr[0]}:{addr[1]}", parse_datagram(data))
