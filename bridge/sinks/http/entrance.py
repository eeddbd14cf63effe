"""Entrance and Door: connections to the HTTP port, each with one request and its answer."""

import asyncio
from collections.abc import Callable, Container

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bridge.protocols import http
from bridge.protocols.http import Refusal

CONNECTIONS = 32
"""Connections open at once; one more closes the oldest of those that have not asked yet, or else the oldest,
so that clients that dawdle keep nobody out."""
STREAMS = 8
"""Answers that stay open at once; one more ends the oldest."""
HEAD_SIZE = 8192
"""Bytes of a request's head: browsers and scrapers send some hundred."""
HEAD_TIME = 1.0
"""Seconds in which all of it must be there: it fits into a few packets."""
BODY_TIME = 5.0
"""Seconds more for a body."""
ANSWER_TIME = 10.0
"""Seconds in which the answer must be made and fetched: as long as Prometheus waits for one."""
HEADERS = {
    "Connection": "close",
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer says: no browser takes a name in it for a page or a script."""

Count = Callable[[str], None]
"""Is told why a connection was not given what it asked for."""


class Entrance:
    """Makes the handler of each new connection, and room for it.

    Args:
        server: what answers.
        count: is told of connections that are turned away.
        posts: the paths to which something may be brought.
    """

    def __init__(self, server: web.Server, count: Count, posts: Container[str] = ()) -> None:
        self.posts = posts
        self._server = server
        self._count = count
        self._open: dict[Door, None] = {}
        self._staying: dict[Door, None] = {}

    def __call__(self) -> "Door":
        """The handler of a new connection."""
        return Door(self._server, self._count, self)

    def opened(self, door: "Door") -> None:
        """A connection is open; one that was open before may have to go."""
        if len(self._open) >= CONNECTIONS:
            silent = (other for other in self._open if not other.asked)
            next(silent, next(iter(self._open))).turn_out()
        self._open[door] = None

    def stays(self, door: "Door") -> None:
        """The answer of a connection stays open; that of another may have to end."""
        if len(self._staying) >= STREAMS:
            next(iter(self._staying)).turn_out()
        self._staying[door] = None

    def closed(self, door: "Door") -> None:
        """A connection is closed, or about to be; it may be said again."""
        self._open.pop(door, None)
        self._staying.pop(door, None)


class Door(web.RequestHandler):
    """One connection: one request, which must be short, soon and well formed, and its answer.

    aiohttp bounds neither the time of a request nor its size, and answers what it cannot read itself.

    Args:
        server: what answers.
        count: is told why nothing is answered.
        entrance: is told when the connection is open and when it is closed.

    Attributes:
        asked: whether there is nothing more to hear from the client.
    """

    __slots__ = ("_came", "_count", "_entrance", "_timer", "_wanted", "asked")

    def __init__(self, server: web.Server, count: Count, entrance: Entrance) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, access_log=None)  # type: ignore[arg-type] # None is for no log
        self._count = count
        self._entrance = entrance
        self._came = bytearray()
        self._wanted: int | None = None
        self._timer = loop.call_later(HEAD_TIME, self._refuse, http.TIMEOUT)
        self.asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        super().connection_made(transport)
        self._entrance.opened(self)

    def data_received(self, data: bytes) -> None:
        """Take a part of the request; what is behind it is not looked at."""
        if self.asked:
            return
        self._came += data
        if self._wanted is None:
            self._judge()
        if self._wanted is not None and len(self._came) >= self._wanted:
            self._admit(bytes(self._came[: self._wanted]))

    def _judge(self) -> None:
        """See whether the head is whole, and how much follows it."""
        head, end, _ = bytes(self._came).partition(http.END)
        if len(head + end) > HEAD_SIZE:
            self._refuse(http.TOO_LONG)
        elif end:
            verdict = http.judge(head + end, self._entrance.posts)
            if isinstance(verdict, Refusal):
                self._refuse(verdict)
            else:
                self._wanted = len(head + end) + verdict
                self._time(BODY_TIME, self._refuse, http.TIMEOUT)

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

    def stay(self) -> None:
        """The answer stays open."""
        self._timer.cancel()
        self._entrance.stays(self)

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

    def _admit(self, request: bytes) -> None:
        self.asked = True
        self._time(ANSWER_TIME, self.turn_out)
        super().data_received(request)
        self.close()

    def _time(self, seconds: float, end: Callable[..., None], *arguments: object) -> None:
        """Put an end to what is being waited for."""
        self._timer.cancel()
        self._timer = self._loop.call_later(seconds, end, *arguments)

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
