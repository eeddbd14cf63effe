"""HttpSink: the latest value of every series on `/metrics`; how the bridge is on `/livez` and `/readyz`."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bridge.core import own
from bridge.core.endpoint import parse
from bridge.core.histogram import Histogram
from bridge.core.metric import Metric
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import TemporaryError
from bridge.pipeline.health import Health
from bridge.protocols import http
from bridge.protocols.http import Refusal
from bridge.protocols.prometheus import CONTENT_TYPE, exposition
from bridge.settings import HttpSettings

CONNECTIONS = 32
"""Connections open at once; one more closes the oldest of those that have not asked yet, or else the oldest,
so that clients that dawdle keep nobody out."""
HEAD_SIZE = 8192
"""Bytes of a request's head: browsers and scrapers send some hundred."""
HEAD_TIME = 1.0
"""Seconds in which all of it must be there: it fits into a few packets."""
ANSWER_TIME = 10.0
"""Seconds in which the answer must be made and fetched: as long as Prometheus waits for one."""
SERIES = 100_000
"""Series remembered: some 50 MB. One more forgets the one that has been silent longest."""
GOODBYE = 1.0
"""Seconds that a running request has when the sink is closed."""
HEADERS = {
    "Connection": "close",
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer says: no browser takes a name in it for a page or a script."""

Count = Callable[[str], None]
"""Is told why a connection was not given what it asked for."""


class HttpSink:
    """Remembers what it is given, and answers GET and HEAD.

    Args:
        settings: where to listen.
        metrics: the catalogue, by name.
        health: what `/readyz` tells of.
        histograms: those of the catalogue.
    """

    name = "http"
    hold = 0.0
    reached = True

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
        self._runner = web.AppRunner(self._application(), shutdown_timeout=GOODBYE)
        await self._runner.setup()
        assert self._runner.server
        try:
            self._listener = await asyncio.get_running_loop().create_server(
                Entrance(self._runner.server, self._refused), endpoint.host, endpoint.port
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
        application.on_response_prepare.append(self._prepare)
        return application

    @property
    def port(self) -> int:
        """The port that is listened on, also if the settings leave it to the system (port 0)."""
        assert self._listener, "open() comes first"
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Remember a batch."""
        self._latest.update(batch, _now())
        return {}

    async def close(self) -> None:
        """Stop listening."""
        if self._listener:
            self._listener.close()
        if self._runner:
            await self._runner.cleanup()
        self._listener = self._runner = None

    def _refused(self, reason: str) -> None:
        self._health.count(own.HTTP_REFUSED.series(BRIDGE, reason))

    async def _prepare(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)
        response.headers.pop("Server", None)
        if response.status == HTTPStatus.NOT_FOUND:
            self._refused("path")

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


class Entrance:
    """Makes the handler of each new connection, and room for it.

    Args:
        server: what answers.
        count: is told of connections that are turned away.
    """

    def __init__(self, server: web.Server, count: Count) -> None:
        self._server = server
        self._count = count
        self._open: dict[Door, None] = {}

    def __call__(self) -> "Door":
        """The handler of a new connection."""
        return Door(self._server, self._count, self)

    def opened(self, door: "Door") -> None:
        """A connection is open; one that was open before may have to go."""
        if len(self._open) >= CONNECTIONS:
            silent = (other for other in self._open if not other.asked)
            next(silent, next(iter(self._open))).turn_out()
        self._open[door] = None

    def closed(self, door: "Door") -> None:
        """A connection is closed, or about to be; it may be said again."""
        self._open.pop(door, None)


class Door(web.RequestHandler):
    """One connection: one request, the head of which must be short, soon and well formed, and its answer.

    aiohttp bounds neither the time of a head nor its size as a whole, and answers what it cannot read itself.

    Args:
        server: what answers.
        count: is told why nothing is answered.
        entrance: is told when the connection is open and when it is closed.

    Attributes:
        asked: whether there is nothing more to hear from the client.
    """

    __slots__ = ("_count", "_entrance", "_head", "_timer", "asked")

    def __init__(self, server: web.Server, count: Count, entrance: Entrance) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, access_log=None)  # type: ignore[arg-type] # None is for no log
        self._count = count
        self._entrance = entrance
        self._head = bytearray()
        self._timer = loop.call_later(HEAD_TIME, self._refuse, http.TIMEOUT)
        self.asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        super().connection_made(transport)
        self._entrance.opened(self)

    def data_received(self, data: bytes) -> None:
        """Take a part of the head; what is behind the head is not looked at."""
        if self.asked:
            return
        self._head += data
        head, end, _ = bytes(self._head).partition(http.END)
        if len(head + end) > HEAD_SIZE:
            self._refuse(http.TOO_LONG)
        elif end:
            refusal = http.refusal(head + end)
            if refusal:
                self._refuse(refusal)
            else:
                self._admit(head + end)

    def eof_received(self) -> bool:  # type: ignore[override] # what asyncio says of it, aiohttp narrows
        """The client says no more: whether it is still to be answered."""
        return self.asked

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is closed, by whomever."""
        self._timer.cancel()
        self._entrance.closed(self)
        if not self.asked:
            self._count("incomplete")
        super().connection_lost(exc)

    def turn_out(self) -> None:
        """Close without an answer, so that another has room, or since the client does not fetch it."""
        self._timer.cancel()
        self._count("slow" if self.asked else "crowded")
        self.asked = True
        self._entrance.closed(self)
        if self.transport:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what aiohttp cannot read; a defect of ours is answered, and logged, by aiohttp."""
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        self._count(http.MALFORMED.reason)
        return web.Response(status=http.MALFORMED.status, headers=HEADERS)

    def _admit(self, head: bytes) -> None:
        self.asked = True
        self._timer.cancel()
        self._timer = self._loop.call_later(ANSWER_TIME, self.turn_out)
        super().data_received(head)
        self.close()

    def _refuse(self, refusal: Refusal) -> None:
        self.asked = True
        self._timer.cancel()
        self._entrance.closed(self)
        self._count(refusal.reason)
        status = f"HTTP/1.1 {refusal.status.value} {refusal.status.phrase}"
        if self.transport and not self.transport.is_closing():
            self.transport.write(f"{status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        self.force_close()


def _now() -> float:
    return asyncio.get_running_loop().time()
