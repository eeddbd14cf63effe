"""Page: what is known, for people, at `/`; it stays as it is now by server-sent events."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bridge.core.alert import Notice
from bridge.core.metric import Metric
from bridge.core.rejected import Rejected
from bridge.core.sample import Sample
from bridge.core.silence import Silence
from bridge.core.working import Working
from bridge.page.answers import payload, words
from bridge.page.history import STALE, History
from bridge.page.html import document, parts, title
from bridge.page.html_alerts import ACK, SILENCE, UNSILENCE
from bridge.page.model import Facts, Model, build
from bridge.page.search import Found, find
from bridge.page.words import clock
from bridge.protocols.requests import Response, Verb
from bridge.sinks.http.site import STREAM

PACE = 1.0
"""Seconds between two events for one who looks, but for an alert, which is told at once."""
AGES = 10.0
"""Seconds after which it is looked whether anything is to be told although nothing has come: times pass. And
seconds after which a search is made again."""
PATIENCE = 10.0
"""Seconds that somebody who looks may take to fetch an event."""
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What the page may load and do: only what is ours."""
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
"""With no referrer at all, a form would come from nowhere (`Origin: null`), and be refused."""
ASSETS = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
VERBS = {ACK: Verb.ACK, SILENCE: Verb.SILENCE, UNSILENCE: Verb.UNSILENCE}
OFF = "This bridge takes no requests here: set BRIDGE_ALERTS__COMMANDS=true, or use `asterisk-bridge alerts`."
MOST_FIELDS = 20
_PLAIN = "text/plain"

Answer = Callable[[str, bytes], Response]
"""Carries out a request: its verb and its payload; returns at once."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the page finds what is not told by samples. All but two are asked whenever somebody looks.

    Attributes:
        version: of the bridge.
        metrics: the catalogue, by name.
        settings: those in force, secrets masked.
        parts: how sources, sinks and spools are.
        rejected: the newest lines of StatsD that were refused, the oldest first.
        alerts: those that are pending or fire.
        silences: those in force.
        answer: carries out what somebody asks for; None if nobody may ask.
    """

    version: str
    metrics: Mapping[str, Metric]
    settings: Callable[[], Mapping[str, Any]]
    parts: Callable[[], Iterable[Working]]
    rejected: Callable[[], Iterable[Rejected]]
    alerts: Callable[[], Iterable[Notice]]
    silences: Callable[[], Iterable[Silence]]
    answer: Answer | None = None


class Page:
    """A site. While nobody looks it only remembers what it is given.

    Args:
        surroundings: where it finds what is not told by samples; it may be set anew at any time.
        stale: seconds after which a series that is silent is not shown any more.
        now: Unix time in seconds.
    """

    def __init__(
        self, surroundings: Surroundings, stale: float = STALE, now: Callable[[], float] = time.time
    ) -> None:
        self.surroundings = surroundings
        self._history = History(stale)
        self._now = now
        self._lookers: set[_Looker] = set()

    def routes(self) -> Iterable[web.RouteDef]:
        """The page, its parts as they change, what belongs to it, and where its forms go."""
        yield web.get("/", self._answer)
        yield web.get("/events", self._stream, allow_head=False)
        for name, kind in ASSETS.items():
            yield web.get(f"/assets/{name}", _asset(name, kind))
        for path in VERBS:
            yield web.post(path, self._request)

    def take(self, batch: Sequence[Sample]) -> None:
        """Remember samples; whoever looks sees them within a second."""
        self._history.take(batch)
        for looker in self._lookers:
            looker.news.set()

    def notice(self, _: Sequence[Sample]) -> None:
        """Something has happened to alerts: whoever looks sees it at once."""
        for looker in self._lookers:
            looker.urgent.set()
            looker.news.set()

    async def close(self) -> None:
        """End the streams."""
        for looker in self._lookers:
            looker.leaves = True
            looker.urgent.set()
            looker.news.set()

    async def _answer(self, request: web.Request) -> web.Response:
        found = await self._find(request)
        refresh = request.query.get("refresh", "")
        seconds = int(refresh) if refresh.isascii() and refresh.isdigit() and len(refresh) < 6 else None
        return _html(document(self._model(found, self.surroundings.settings()), refresh=seconds))

    async def _find(self, request: web.Request) -> Found:
        """In a thread: among 100,000 series a search takes a while, for which nothing else should wait."""
        query = request.query.get("q", "")
        return await asyncio.to_thread(find, query, self._history.everything(self._now()))

    def _model(self, found: Found, settings: Mapping[str, Any] | None = None) -> Model:
        around = self.surroundings
        facts = Facts(
            now=self._now(),
            parts=tuple(around.parts()),
            alerts=tuple(around.alerts()),
            silences=tuple(around.silences()),
            rejected=tuple(around.rejected()),
            settings=settings or {},
            metrics=around.metrics,
            version=around.version,
            commands=around.answer is not None,
        )
        return build(self._history, facts, found)

    async def _request(self, request: web.Request) -> web.Response:
        """Do what a form asks for, and answer with a sentence, or with the page if no script asks."""
        status, said = self._carried_out(VERBS[request.path], await request.read())
        if _PLAIN in request.headers.get("Accept", ""):
            return web.Response(text=said, status=status, headers=HEADERS)
        model = self._model(await self._find(request), self.surroundings.settings())
        return _html(document(model, said), status)

    def _carried_out(self, verb: Verb, form: bytes) -> tuple[int, str]:
        if self.surroundings.answer is None:
            return 403, OFF
        try:
            given = dict(parse_qsl(form.decode(), max_num_fields=MOST_FIELDS))
        except ValueError:
            return 400, "Nothing was done: the form cannot be read."
        response = self.surroundings.answer(verb.value, payload(verb, given))
        return 400 if response.error else 200, words(response, self._now())

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Send what has changed, as long as somebody looks."""
        response = web.StreamResponse(
            headers={
                **HEADERS,
                "Content-Type": STREAM,
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        looker = _Looker(await self._find(request), self._now())
        await response.prepare(request)
        self._lookers.add(looker)
        try:
            with contextlib.suppress(ConnectionError, TimeoutError):
                while not looker.leaves:
                    if looker.is_due(self._now()):
                        looker.found = await self._find(request)
                    await _send(response, self._event(looker))
                    await looker.wait()
        finally:
            self._lookers.discard(looker)
        return response

    def _event(self, looker: "_Looker") -> bytes:
        """What has changed for one who looks; also that nothing has, or he would think that we are lost."""
        now = self._now()
        model = self._model(looker.refreshed(self._history, now))
        content = {"title": title(model), "asof": f"{clock(now)} UTC", "parts": looker.changed(parts(model))}
        return f"event: parts\ndata: {json.dumps(content)}\n\n".encode()


class _Looker:
    """One who looks.

    Args:
        found: what he has looked for, and found.
        now: when that was, in Unix seconds.

    Attributes:
        found: as given; it may be looked for anew.
        news: something has come since the last event.
        urgent: it is not to wait.
        leaves: the stream is to end.
    """

    def __init__(self, found: Found, now: float) -> None:
        self.found = found
        self.news = asyncio.Event()
        self.urgent = asyncio.Event()
        self.leaves = False
        self._searched = now
        self._sent: dict[str, str] = {}

    def is_due(self, now: float) -> bool:
        """Whether it is time to look for the same again: series may have come, and gone."""
        is_due = bool(self.found.query.strip()) and not 0 <= now - self._searched < AGES
        self._searched = now if is_due else self._searched
        return is_due

    def refreshed(self, history: History, now: float) -> Found:
        """What he has found, with the newest values."""
        newest = (history.newest(sample.series, now) or sample for sample in self.found.samples)
        self.found = self.found._replace(samples=tuple(newest))
        return self.found

    def changed(self, whole: Mapping[str, str]) -> dict[str, str | None]:
        """The parts that are others than when they were sent; None for one that has gone."""
        told: dict[str, str | None] = {
            name: html for name, html in whole.items() if self._sent.get(name) != html
        }
        told |= dict.fromkeys(self._sent.keys() - whole.keys())
        self._sent = dict(whole)
        return told

    async def wait(self) -> None:
        """Return when there may be something to tell, and it is time to."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PACE):
                await self.urgent.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AGES):
                await self.news.wait()
        self.news.clear()
        self.urgent.clear()


async def _send(response: web.StreamResponse, event: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        await response.write(event)


def _html(text: str, status: int = 200) -> web.Response:
    body = text.encode("utf-8", "backslashreplace")
    headers = {**HEADERS, "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
    return web.Response(body=body, status=status, headers=headers)


def _asset(name: str, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    body = files("bridge.page").joinpath("assets", name).read_bytes()
    headers = {**HEADERS, "Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-cache"}

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, headers=headers)

    return answer
