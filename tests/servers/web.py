"""A web server that gives what the test says, and remembers what it was asked."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable

Answer = bytes | None
"""What goes over the wire; None for a server that never answers."""


def ok(body: bytes, **headers: str) -> bytes:
    """An answer with a body; `_` in names of headers is `-`."""
    return answer("200 OK", body, **headers)


def answer(status: str, body: bytes = b"", **headers: str) -> bytes:
    """An answer with any status."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines, "Connection: close"])
    return head.encode() + b"\r\n\r\n" + body


class Web:
    """The server; `answers` may be replaced at any time.

    Attributes:
        url: of its root.
        asked: the heads of the requests.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.answers: Callable[[str], Answer] = lambda _: answer("404 Not Found")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            given = self.answers(head)
            if given is None:
                await reader.read()
            else:
                writer.write(given)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def serving(context: ssl.SSLContext | None = None) -> AsyncIterator[Web]:
    """A server on a free port of the loopback, with TLS if there is a context."""
    web = Web()
    async with await asyncio.start_server(web._serve, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        web.url = f"{'https' if context else 'http'}://127.0.0.1:{port}/"
        yield web
