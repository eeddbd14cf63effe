"""StatsdSink: samples forwarded to another StatsD server; the only importer of the `statsd` package."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

from statsd import StatsClient, TCPStatsClient

from bridge.core.endpoint import parse
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import Sample, Series
from bridge.errors import TemporaryError
from bridge.protocols.graphite import DATAGRAM, WORD, Names, path_layout
from bridge.settings import STATSD_OUT_SCHEMES, StatsdSinkSettings

TIMEOUT = 5.0
"""Seconds that a TCP server may take to be reached, and to take a batch."""


class StatsdSink:
    """Forwards gauges as gauges, and running totals as counters: by how much they grew.

    The first total of a series is where its counting begins, since nobody knows what was forwarded
    before. Over UDP a batch that is lost is not noticed. The `statsd` package blocks, so it works in a
    thread.

    Args:
        settings: where to.
        metrics: the catalogue, by name; an info metric has no number to forward.
    """

    name = "statsd"
    hold = 0.0
    reached = True

    def __init__(self, settings: StatsdSinkSettings, metrics: Mapping[str, Metric]) -> None:
        self._endpoint = parse(settings.url, STATSD_OUT_SCHEMES)
        self._names = Names(path_layout(settings.prefix, metrics, safe=WORD))
        self._changes = Changes(metrics)
        self._client: StatsClient | TCPStatsClient | None = None

    async def open(self) -> None:
        """Look the server up, and over TCP connect to it."""
        await self._blocking(self._connect)

    def _connect(self) -> None:
        kind = socket.SOCK_DGRAM if self._endpoint.scheme == "udp" else socket.SOCK_STREAM
        found = socket.getaddrinfo(self._endpoint.host, self._endpoint.port, type=kind)
        family, _, _, _, (host, port, *_) = found[0]
        ipv6 = family == socket.AF_INET6
        if self._endpoint.scheme == "udp":
            self._client = StatsClient(host, port, maxudpsize=DATAGRAM, ipv6=ipv6)
        else:
            self._client = TCPStatsClient(host, port, timeout=TIMEOUT, ipv6=ipv6)
            self._client.connect()

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Send a batch; only then do its totals count as forwarded."""
        await self._blocking(self._send, self._changes.of(batch))
        self._changes.commit()
        return {}

    def _send(self, changes: Iterable["Change"]) -> None:
        assert self._client, "Delivery opens before it writes"
        with self._client.pipeline() as pipe:
            for series, value, is_increase in changes:
                if name := self._names[series]:
                    (pipe.incr if is_increase else pipe.gauge)(name, value)

    async def close(self) -> None:
        """Let go of the socket."""
        if self._client:
            self._client.close()
        self._client = None

    async def _blocking(self, work: Callable[..., None], *args: object) -> None:
        try:
            await asyncio.to_thread(work, *args)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise TemporaryError(
                f"StatsD at {self._endpoint}: {reason}; does a server run there? See BRIDGE_STATSD_OUT__URL"
            ) from error


class Change(NamedTuple):
    """What a StatsD server is told of a series: a new value, or by how much a total grew."""

    series: Series
    value: float
    is_increase: bool


class Changes:
    """Turns running totals into increases.

    Args:
        metrics: the catalogue, by name, which tells totals from other numbers.
    """

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self._metrics = metrics
        self._totals: dict[Series, float] = {}
        self._pending: dict[Series, float] = {}

    def of(self, batch: Iterable[Sample]) -> list[Change]:
        """What to tell of a batch; the same again until `commit`."""
        self._pending = {}
        return [change for sample in batch if isfinite(sample.value) for change in self._change(sample)]

    def _change(self, sample: Sample) -> Iterator[Change]:
        series, value, _ = sample
        metric = self._metrics.get(series.name)
        if not (metric and metric.kind is MetricKind.COUNTER):
            yield Change(series, _plain(value), is_increase=False)
            return
        before = self._pending.get(series, self._totals.get(series, value))
        self._pending[series] = value
        if value > before:
            yield Change(series, _plain(value - before), is_increase=True)

    def commit(self) -> None:
        """The changes that were given last have been forwarded."""
        self._totals |= self._pending


def send_one(host: str, port: int, name: str, value: str, kind: str) -> None:
    """Send one value over UDP, as a user writes it: `2`, for a gauge also `+1` or `-1`, for a set any text.

    Args:
        host: name or address of the server.
        port: its port.
        name: the bucket.
        value: what to send.
        kind: the type of StatsD: `c`, `g`, `ms` or `s`.

    Raises:
        ValueError: the value is not a number, and the kind needs one.
        TemporaryError: the host is not known.
    """
    number = 0 if kind == "s" else _plain(float(value))
    try:
        client = StatsClient(host, port, ipv6=":" in host)
    except OSError as error:
        raise TemporaryError(f"StatsD at {host}:{port}: {error.strerror}") from error
    with contextlib.closing(client):
        match kind:
            case "c":
                client.incr(name, number)
            case "g":
                client.gauge(name, number, delta=value[0] in "+-")
            case "ms":
                client.timing(name, number)
            case _:
                client.set(name, value)


def _plain(value: float) -> float:
    """A whole number as int: the package would write `3.0`."""
    whole = round(value)
    return whole if whole == value else value
