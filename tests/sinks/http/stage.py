"""A port with pages of a test, and a client that says exactly what it is told to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import web

from bridge.asterisk.catalog import CATALOG
from bridge.core import own
from bridge.core.sample import Sample
from bridge.pipeline.health import Health
from bridge.settings import HttpSettings
from bridge.sinks.http import HttpSink, Site
from tests.fakes import FakeClock
from tests.sinks.peer import PATIENCE


class Answer(NamedTuple):
    """What a client was told."""

    status: int
    headers: Mapping[str, str]
    text: str


class Port(NamedTuple):
    """A port that listens."""

    sink: HttpSink
    health: Health

    async def say(self, request: bytes) -> Answer:
        """Say something, and hear what comes until the connection is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.sink.port)
        try:
            async with asyncio.timeout(PATIENCE):
                writer.write(request)
                head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        status, *fields = head.split("\r\n")
        headers = dict(field.split(": ", 1) for field in fields)
        return Answer(int(status.split()[1]), headers, body)

    async def get(self, path: str, **fields: str) -> Answer:
        """Ask for a page; `_` in the names of header fields stands for `-`."""
        return await self.say(request("GET", path, b"", fields))

    async def post(self, path: str, body: bytes = b"", /, **fields: str) -> Answer:
        """Bring something to a page."""
        return await self.say(request("POST", path, body, fields))

    def refused(self) -> Mapping[str, int]:
        """How many requests were refused, by reason."""
        samples = self.health.samples(0)
        found = [each for each in samples if each.series.name == own.HTTP_REFUSED.name]
        return {dict(each.series.labels)["reason"]: int(each.value) for each in found}


def request(method: str, path: str, body: bytes, fields: Mapping[str, str]) -> bytes:
    """A request as a browser makes it."""
    told = {"Host": "127.0.0.1:8080"} | {name.replace("_", "-"): value for name, value in fields.items()}
    if body:
        told["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode() + body


class Pages:
    """A site that says what it was asked, and streams until it is closed."""

    def __init__(self) -> None:
        self.taken: list[Sample] = []
        self.streams = 0
        self._over = asyncio.Event()

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.get("/said", self._say), web.post("/said", self._say), web.get("/events", self._stream)]

    def take(self, batch: Sequence[Sample]) -> None:
        self.taken += batch

    async def close(self) -> None:
        self._over.set()

    async def _say(self, request: web.Request) -> web.Response:
        fields = {**request.query, **await request.post()}
        return web.json_response(fields, status=HTTPStatus.OK)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: begun\n\n")
        self.streams += 1
        await self._over.wait()
        return response


@contextlib.asynccontextmanager
async def port(*sites: Site, **settings: object) -> AsyncIterator[Port]:
    """A port with these pages."""
    health = Health(FakeClock())
    chosen = HttpSettings.model_validate({"listen": "127.0.0.1:0", **settings})
    sink = HttpSink(chosen, CATALOG, health, sites=sites)
    await sink.open()
    try:
        yield Port(sink, health)
    finally:
        await sink.close()
