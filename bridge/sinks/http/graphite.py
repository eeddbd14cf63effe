"""GraphiteSite: the read API of graphite-web, as far as a Graphite data source of Grafana calls it."""

import asyncio
import time as wall
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp import web

from bridge.core.sample import Sample
from bridge.render.errors import QueryError
from bridge.sinks.http.form import Form, form
from bridge.sinks.http.graphite_answers import Answers, Archive, NotFoundError

LONGEST = 8.0
"""Seconds in which a query must be answered: the connection is closed after ten."""
WORKERS = 2
"""Queries evaluated at once; others wait, and their time runs."""
JSON = "application/json"

Work = Callable[[Form], str]
"""Makes the JSON of an answer, in a thread. Raises QueryError."""
Complain = Callable[[str, int], web.Response]
"""Tells the client what is wrong, with a status."""
Handler = Callable[[web.Request], Awaitable[web.Response]]


class GraphiteSite:
    """Answers queries over what an archive holds.

    A query is evaluated in a thread. One that cannot be answered has status 400 and a sentence that says
    why; one that takes too long stops at the next series that it reads.

    Args:
        archive: where samples are kept.
        time: Unix time in seconds.
        longest: seconds in which a query must be answered.
    """

    def __init__(
        self, archive: Archive, time: Callable[[], float] = wall.time, longest: float = LONGEST
    ) -> None:
        self._answers = Answers(archive, time, longest)
        self._longest = longest
        self._threads: ThreadPoolExecutor | None = None

    def routes(self) -> Iterator[web.RouteDef]:
        """All paths, as graphite-web has them; those that it takes by POST too."""
        answers = self._answers
        asked: Mapping[str, Work] = {
            "/render": answers.render,
            "/metrics/find": answers.find,
            "/metrics/expand": answers.expand,
            "/metrics/index.json": answers.index,
        }
        for path, work in asked.items():
            yield from _both(path, partial(self._answer, work, _plain))
        tagged: Mapping[str, Work] = {
            "/tags/findSeries": answers.find_series,
            "/tags/autoComplete/tags": answers.suggest_tags,
            "/tags/autoComplete/values": answers.suggest_values,
        }
        for path, work in tagged.items():
            yield from _both(path, partial(self._answer, work, _as_json))
        for path, work in {"/tags": answers.tags, "/functions": answers.functions}.items():
            yield from _get(path, partial(self._answer, work, _as_json))
        yield web.get("/tags/{tag}", self._tag)
        yield web.get("/functions/{function}", self._function)
        yield from _get("/version", self._version)
        yield from _get("/events/get_data", self._events)

    def take(self, batch: Sequence[Sample]) -> None:
        """Samples come by the archive."""

    async def close(self) -> None:
        """Answer nothing more; what is being evaluated ends by itself."""
        if self._threads:
            self._threads.shutdown(wait=False, cancel_futures=True)
        self._threads = None

    async def _tag(self, request: web.Request) -> web.Response:
        work = partial(self._answers.tag, request.match_info["tag"])
        return await self._answer(work, _as_json, request)

    async def _function(self, request: web.Request) -> web.Response:
        work = partial(self._answers.function, request.match_info["function"])
        return await self._answer(work, _as_json, request)

    async def _version(self, _: web.Request) -> web.Response:
        return web.Response(text=self._answers.version())

    async def _events(self, _: web.Request) -> web.Response:
        """There are none; Grafana asks for them all the same."""
        return web.Response(text="[]", content_type=JSON)

    async def _answer(self, work: Work, complain: Complain, request: web.Request) -> web.Response:
        loop = asyncio.get_running_loop()
        self._threads = self._threads or ThreadPoolExecutor(WORKERS, "query")
        try:
            asked = await form(request)
            async with asyncio.timeout(self._longest):
                text = await loop.run_in_executor(self._threads, work, asked)
        except NotFoundError as error:
            return complain(str(error), 404)
        except QueryError as error:
            return complain(str(error), 400)
        except TimeoutError:
            why = f"no answer within {self._longest:g} s: ask for fewer series, or for less time"
            return complain(why, 503)
        return web.Response(text=text, content_type=JSON)


def _get(path: str, handler: Handler) -> Iterator[web.RouteDef]:
    """A path, with or without a slash behind it."""
    yield web.get(path, handler)
    yield web.get(path + "/", handler)


def _both(path: str, handler: Handler) -> Iterator[web.RouteDef]:
    yield from _get(path, handler)
    yield web.post(path, handler)
    yield web.post(path + "/", handler)


def _plain(why: str, status: int) -> web.Response:
    return web.Response(text=why + "\n", status=status)


def _as_json(why: str, status: int) -> web.Response:
    return web.json_response({"error": why}, status=status)
