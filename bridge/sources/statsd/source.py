"""StatsdSource: opens the listeners, keeps the flush, and closes again without losing anything."""

import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from functools import partial
from itertools import islice
from pathlib import Path

from bridge.core import own
from bridge.core.aggregate import IN_PYTHON, Terms
from bridge.core.endpoint import Endpoint, parse
from bridge.core.mapping import Mapper, read_rules
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import Fault, SettingsError
from bridge.log import get_logger
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock, Emit
from bridge.pipeline.memory import Memory
from bridge.pipeline.ticker import ticks
from bridge.settings import STATSD_SCHEMES, StatsdSettings
from bridge.sources.statsd import lanes
from bridge.sources.statsd.asterisks import Asterisks
from bridge.sources.statsd.books import Book, BridgeBook, EtsyBook
from bridge.sources.statsd.doors import Doors
from bridge.sources.statsd.listener import DatagramListener, StreamListener
from bridge.sources.statsd.receiver import NAME, Receiver
from bridge.sources.statsd.senders import LOCAL, Senders
from bridge.sources.statsd.sockets import is_loopback

NO_PREFIXES: Mapping[str, str] = {}
SLICE = 250
"""Samples emitted before other tasks, and the sockets, get their turn."""

Listener = DatagramListener | StreamListener
log = get_logger(component=NAME)


class StatsdSource:
    """Listens to StatsD for all PBXs, and emits what each interval came to.

    What has added up outlives the sockets: when the Supervisor starts it again, gauges go on.

    Args:
        settings: where to listen, and how to add up.
        senders: the addresses and networks of each PBX.
        health: where lines, losses and the state are counted.
        clock: where flushes get their time from.
        memory: where gauges and totals are remembered; none to begin afresh.
        prefixes: what the statsd.conf of each PBX has for `prefix`, as far as a setting says.
        show_lines: whether the log shows bad lines as they are, or only their shape.
        doors: where sockets come from; those of the source before, to go on with the ones that it kept open.

    Raises:
        SettingsError: the mapping file is wrong.
    """

    name = NAME
    pbx = BRIDGE

    def __init__(
        self,
        settings: StatsdSettings,
        senders: Mapping[str, tuple[str, ...]],
        health: Health,
        clock: Clock,
        memory: Memory | None = None,
        *,
        prefixes: Mapping[str, str] = NO_PREFIXES,
        show_lines: bool = False,
        doors: Doors | None = None,
    ) -> None:
        self._settings = settings
        self._health = health
        self._clock = clock
        self._senders = Senders(senders, settings.allow, refuse_unknown=settings.unknown_senders == "refuse")
        known = dict.fromkeys(senders, "") | dict(prefixes)
        self._asterisks = Asterisks(known, is_shared=settings.names != "bridge")
        made = book(settings)
        self._receiver = Receiver(
            made,
            self._senders,
            self._asterisks,
            health,
            clock,
            show_lines=show_lines,
            lanes=_lanes(made, settings),
        )
        if memory:
            self._receiver.restore(memory.recall(NAME))
            memory.keep(NAME, partial(self._receiver.state, memory.hides))
        self._doors = doors or Doors()
        self._listeners: list[Listener] = []
        self._ended: Iterator[Sample] = iter(())
        health.watch(self._gauges)

    def observe(self, samples: Iterable[Sample]) -> None:
        """Hold gauges of which StatsD tells only the changes to what other sources say.

        To be given every sample that other sources emit, at once, and none of this one.
        """
        self._asterisks.observe(samples, self._clock.time())

    async def run(self, emit: Emit) -> None:
        """Listen until cancelled; what came in before that is emitted as a last, shorter interval.

        Raises:
            SourceError: an address cannot be listened on.
        """
        if self._settings.native == "auto" and not lanes.COMPILED:
            log.info(
                "StatsD is read by Python, which takes more of the processor: there was no C compiler when "
                "the bridge was installed"
            )
        async with AsyncExitStack() as stack:
            try:
                await self._listen(stack)
            finally:
                self._doors.clear()
            self._health.up(Part("source", self.pbx, self.name))
            try:
                async for due in ticks(self._clock, self._settings.flush_interval):
                    await self._flush(due, emit)
            finally:
                await stack.aclose()
                self._count_drops()
                emit([*self._ended, *self._receiver.flush(self._clock.time())])

    async def _listen(self, stack: AsyncExitStack) -> None:
        self._listeners = []
        schemes: Counter[str] = Counter()
        for url in self._settings.listen:
            endpoint = parse(url, STATSD_SCHEMES)
            schemes[endpoint.scheme] += 1
            number = schemes[endpoint.scheme]
            name = endpoint.scheme if number == 1 else f"{endpoint.scheme}-{number}"
            listener = await self._opened(name, endpoint)
            await listener.start()
            stack.push_async_callback(listener.close)
            self._listeners.append(listener)
            for metric in (own.LISTENER_PACKETS, own.LISTENER_LINES):
                self._health.count(metric.series(BRIDGE, listener.name), 0)
            self._tell(endpoint, listener)

    async def _opened(self, name: str, endpoint: Endpoint) -> Listener:
        datagrams = endpoint.scheme in {"udp", "unixgram"}
        kind = socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM
        buffer = self._settings.receive_buffer if datagrams else 0
        opened = await self._doors.open(endpoint, kind, int(self._settings.socket_mode, 8), buffer)
        if not datagrams:
            return StreamListener(name, opened, self._receiver, shut=self._doors.shut)
        known = self._senders.are_all_equal and is_loopback(endpoint.host)
        sender = endpoint.host if known else None
        drain = self._receiver.drain(name, LOCAL if endpoint.path else sender)
        return DatagramListener(name, opened, drain, self._doors.shut)

    def _tell(self, endpoint: Endpoint, listener: Listener) -> None:
        log.info("listening", on=str(endpoint), flush=self._settings.flush_interval)
        if endpoint.scheme == "udp":
            log.info("UDP is best effort: what the kernel drops is lost; it is counted as kernel_drops")
        if 0 < listener.buffer < self._settings.receive_buffer:
            log.info(
                "the kernel gave a smaller receive buffer: raise net.core.rmem_max if there are kernel_drops",
                asked=self._settings.receive_buffer,
                given=listener.buffer,
            )
        closed = self._settings.allow or self._settings.unknown_senders == "refuse"
        if endpoint.host and not is_loopback(endpoint.host) and not closed:
            log.warning(
                "anyone who reaches this address may send: set BRIDGE_STATSD__ALLOW", on=str(endpoint)
            )

    async def _flush(self, now: float, emit: Emit) -> None:
        self._count_drops()
        for listener in self._listeners:
            listener.catch_up()
        self._ended = self._receiver.flush(now)
        halfway = self._clock.monotonic() + self._settings.flush_interval / 2
        while samples := list(islice(self._ended, SLICE)):
            emit(samples)
            await self._clock.sleep(0)
            while self._are_behind() and self._clock.monotonic() < halfway:
                await self._clock.sleep(0)

    def _are_behind(self) -> bool:
        """Whether packets wait that will be lost in the end; what is counted already can wait longer."""
        return any(listener.is_behind for listener in self._listeners)

    def _count_drops(self) -> None:
        for listener in filter(_has_buffer, self._listeners):
            self._health.count(own.LISTENER_KERNEL_DROPS.series(BRIDGE, listener.name), listener.drops())

    def _gauges(self) -> list[tuple[Series, float]]:
        return [
            (own.LISTENER_BUFFER.series(BRIDGE, listener.name), listener.buffer)
            for listener in filter(_has_buffer, self._listeners)
        ]


def _has_buffer(listener: Listener) -> bool:
    """Whether datagrams wait in a buffer of the listener, and are dropped when it is full."""
    return listener.buffer > 0


def book(settings: StatsdSettings) -> Book:
    """Where measurements add up by these settings.

    Raises:
        SettingsError: the mapping file is wrong.
    """
    etsy, core = settings.names != "bridge", lanes.engine(settings.native)
    terms = Terms(
        interval=settings.flush_interval,
        percentiles=settings.percentiles,
        repeat=(settings.idle or ("repeat" if etsy else "drop")) == "repeat",
        ttl=None if etsy else settings.ttl,
        max_series=settings.max_series,
        max_set=settings.max_set,
        max_timer=settings.max_timer,
        holders=core.holders if core else IN_PYTHON,
    )
    rename = _mapper(settings.mapping) if settings.mapping else None
    if etsy:
        return EtsyBook(terms, legacy=settings.names == "etsy-legacy", rename=rename)
    return BridgeBook(terms, rename)


def _lanes(made: Book, settings: StatsdSettings) -> lanes.Lanes | None:
    """What the compiled core adds to the book; None if there is no such core, or a setting turns it off."""
    core = lanes.engine(settings.native)
    if core is None:
        return None
    return lanes.Lanes(made, core, max_series=settings.max_series, max_set=settings.max_set)


def _mapper(path: Path) -> Mapper:
    try:
        return Mapper(read_rules(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        fault = Fault("BRIDGE_STATSD__MAPPING", f"{path}: {error}", "docs/statsd-mapping.md shows the format")
        raise SettingsError([fault]) from error
