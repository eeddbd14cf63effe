"""HttpSink: the latest value of every series on `/metrics`; how the bridge is on `/livez` and `/readyz`."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bridge.core.endpoint import parse
from bridge.core.histogram import Histogram
from bridge.core.metric import Metric
from bridge.core.sample import Sample, Series
from bridge.errors import TemporaryError
from bridge.pipeline.health import Health
from bridge.protocols.prometheus import CONTENT_TYPE, exposition
from bridge.settings import HttpSettings

CONNECTIONS = 32
"""Connections open at once; one more closes the oldest, so clients that dawdle keep nobody out."""
SERIES = 100_000
"""Series remembered: some 50 MB. One more forgets the one that has been silent longest."""
GOODBYE = 1.0
"""Seconds that a running request has when the sink is closed."""


class HttpSink:
    """Remembers what it is given, and answers GET and HEAD.

    Args:
        settings: where to listen.
        metrics: the catalogue, by name.
        health: what `/readyz` tells of.
        histograms: those of the catalogue.
    """

    name = "http"

    def __init__(
        self,
        settings: HttpSettings,
        metrics: Mapping[str, Metric],
        health: Health,
        histograms: Sequence[Histogram] = (),
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._histograms = histograms
        self._health = health
        self._latest = Latest(settings.stale)
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen."""
        endpoint = parse(f"http://{self._settings.listen}", {"http": 0})
        self._runner = web.AppRunner(
            self._application(), access_log=None, logger=_logger(), shutdown_timeout=GOODBYE
        )
        await self._runner.setup()
        assert self._runner.server
        try:
            self._listener = await asyncio.get_running_loop().create_server(
                _door(self._runner.server), endpoint.host, endpoint.port
            )
        except OSError as error:
            raise TemporaryError(
                f"cannot listen on {endpoint.address}: {error.strerror or error}; "
                "free that port, or set BRIDGE_HTTP__LISTEN to another, or to off"
            ) from error

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/metrics", self._answer_metrics)
        application.router.add_get("/livez", self._answer_livez)
        application.router.add_get("/readyz", self._answer_readyz)
        return application

    @property
    def port(self) -> int:
        """The port that is listened on, also if the settings leave it to the system (port 0)."""
        assert self._listener, "open() comes first"
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def write(self, batch: Sequence[Sample]) -> None:
        """Remember a batch."""
        self._latest.update(batch, _now())

    async def close(self) -> None:
        """Stop listening."""
        if self._listener:
            self._listener.close()
        if self._runner:
            await self._runner.cleanup()
        self._listener = self._runner = None

    async def _answer_metrics(self, _: web.Request) -> web.Response:
        samples = self._latest.alive(_now())
        # In a thread: at 100,000 series this takes a second, which nothing else should wait for.
        exposed = await asyncio.to_thread(exposition, samples, self._metrics, self._histograms)
        body = exposed.encode("utf-8", "backslashreplace")
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    async def _answer_livez(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _answer_readyz(self, _: web.Request) -> web.Response:
        missing = [
            f"{part.kind} {part.name} of {part.pbx}: {reason}\n"
            for part, reason in self._health.missing().items()
        ]
        return web.Response(text="".join(missing) or "ok\n", status=503 if missing else 200)


class Latest:
    """The last sample of every series that has not been silent for too long.

    Args:
        stale: seconds of silence after which a series is forgotten.
        limit: the most series remembered.
    """

    def __init__(self, stale: float, limit: int = SERIES) -> None:
        self._stale = stale
        self._limit = limit
        self._seen: OrderedDict[Series, tuple[float, Sample]] = OrderedDict()

    def update(self, samples: Sequence[Sample], now: float) -> None:
        """Remember samples that came at `now`, which is monotonic time in seconds."""
        for sample in samples:
            self._seen[sample.series] = now, sample
            self._seen.move_to_end(sample.series)
        while len(self._seen) > self._limit:
            self._seen.popitem(last=False)

    def alive(self, now: float) -> list[Sample]:
        """The samples that are still of interest at `now`."""
        while self._seen and next(iter(self._seen.values()))[0] < now - self._stale:
            self._seen.popitem(last=False)
        return [sample for _, sample in self._seen.values()]


def _door(server: web.Server) -> Callable[[], asyncio.Protocol]:
    """What makes the handler of each new connection, and room for it."""

    def admit() -> asyncio.Protocol:
        for oldest in server.connections[: 1 - CONNECTIONS]:
            oldest.force_close()
        return server()

    return admit


def _logger() -> logging.Logger:
    """Where aiohttp complains: of itself, not of what strangers send."""
    logger = logging.getLogger("aiohttp.server")
    logger.addFilter(_is_our_fault)
    return logger


def _is_our_fault(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def _now() -> float:
    return asyncio.get_running_loop().time()
