"""HttpSink: the latest value of every series on `/metrics`, `/livez` and `/readyz`, and further sites."""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from aiohttp import web

from bridge.core import own
from bridge.core.endpoint import parse
from bridge.core.histogram import Histogram
from bridge.core.metric import Metric
from bridge.core.sample import BRIDGE, Sample
from bridge.errors import TemporaryError
from bridge.pipeline.health import Health
from bridge.protocols.prometheus import CONTENT_TYPE, exposition
from bridge.settings import HttpSettings
from bridge.sinks.http.access import guard
from bridge.sinks.http.entrance import HEADERS, Door, Entrance
from bridge.sinks.http.latest import Latest
from bridge.sinks.http.site import STREAM, Site

GOODBYE = 1.0
"""Seconds that a running request has when the sink is closed."""


class HttpSink:
    """Remembers what it is given, and answers.

    Args:
        settings: where to listen.
        metrics: the catalogue, by name.
        health: what `/readyz` tells of.
        histograms: those of the catalogue.
        sites: further pages.
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
        sites: Sequence[Site] = (),
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._histograms = histograms
        self._health = health
        self._sites = sites
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
                Entrance(self._runner.server, self._refused, self._posts()), endpoint.host, endpoint.port
            )
        except OSError as error:
            raise TemporaryError(
                f"cannot listen on {endpoint.address}: {error.strerror or error}; "
                "free that port, or set BRIDGE_HTTP__LISTEN to another, or to off"
            ) from error

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[guard(self._settings, self._refused)])
        application.router.add_get("/metrics", self._answer_metrics)
        application.router.add_get("/livez", self._answer_livez)
        application.router.add_get("/readyz", self._answer_readyz)
        application.add_routes(self._routes())
        application.on_response_prepare.append(self._prepare)
        return application

    def _routes(self) -> list[web.RouteDef]:
        return [route for site in self._sites for route in site.routes()]

    def _posts(self) -> frozenset[str]:
        """The paths to which something may be brought."""
        return frozenset(route.path for route in self._routes() if route.method == "POST")

    @property
    def port(self) -> int:
        """The port that is listened on, also if the settings leave it to the system (port 0)."""
        assert self._listener, "open() comes first"
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Remember a batch."""
        self._latest.update(batch, _now())
        for site in self._sites:
            site.take(batch)
        return {}

    async def close(self) -> None:
        """Stop listening."""
        if self._listener:
            self._listener.close()
        for site in self._sites:
            await site.close()
        if self._runner:
            await self._runner.cleanup()
        self._listener = self._runner = None

    def _refused(self, reason: str) -> None:
        self._health.count(own.HTTP_REFUSED.series(BRIDGE, reason))

    async def _prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if response.content_type == STREAM and isinstance(request.protocol, Door):
            request.protocol.stay()
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


def _now() -> float:
    return asyncio.get_running_loop().time()
