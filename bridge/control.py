"""The control socket: by it the command line asks the bridge that runs on this machine.

One line with a request comes in, one with the response goes out, and the connection ends; the lines are in
`protocols/requests.py`. Only the user of the bridge may connect. Nobody who does can make the bridge wait.
"""

import asyncio
import contextlib
import errno
import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from bridge.errors import BridgeError, Fault, SettingsError
from bridge.log import get_logger
from bridge.protocols.requests import (
    LINE_LIMIT,
    Reason,
    Request,
    RequestError,
    Response,
    encode,
    parse,
    response_in,
    unwrap,
    wrap,
)

CONTROL = "control.sock"
"""The file in the folder that `state_dir` names."""
CONNECTIONS = 8
"""Connections at once; one more closes the oldest, so that those who dawdle keep nobody out."""
ASKING = 1.0
"""Seconds in which the whole request must be there."""
FETCHING = 10.0
"""Seconds in which the response must be fetched."""
PATIENCE = 10.0
"""Seconds that a client waits for each step."""
RESPONSE_LIMIT = 16 * 1024 * 1024
"""Bytes of a response that a client takes: what 500 alerts need, many times over."""
STRANGER = "what listens on {path} does not answer as a bridge does"
_STRANGE = (EOFError, ValueError, asyncio.LimitOverrunError, ConnectionResetError, BrokenPipeError)
HINTS = {
    errno.ENOENT: "{path} is not there: no bridge runs with this state folder; start one with "
    "`asterisk-bridge run`, or name the socket of the one that runs with --socket (that of a service is in "
    "/var/lib/asterisk-bridge)",
    errno.ECONNREFUSED: "nobody listens on {path}: the bridge that made it has ended; start it again",
    errno.EACCES: "this user may not use {path}: ask as the user of the bridge, with `sudo -u USER`",
    errno.ENOTSOCK: "{path} is not a socket; name that of a bridge with --socket",
}

Answer = Callable[[str, bytes], Response]
"""Answers a verb and its payload; returns at once, and never raises but by a defect."""

log = get_logger(component="control")


class ControlServer:
    """Listens on the socket.

    Args:
        path: the file of the socket.
        answer: is given what is asked.
    """

    def __init__(self, path: Path, answer: Answer) -> None:
        self._path = path
        self._answer = answer
        self._visits: dict[_Visit, None] = {}

    async def run(self) -> None:
        """Answer until cancelled, and remove the file; if it cannot be listened on, say so and return."""
        loop = asyncio.get_running_loop()
        try:
            opened = _open(self._path)
            inode = self._path.lstat().st_ino
        except OSError as error:
            why = error.strerror or str(error)
            log.warning(
                "no control socket, so `asterisk-bridge alerts` cannot ask", file=str(self._path), error=why
            )
            return
        server = await loop.create_unix_server(lambda: _Visit(self), sock=opened)
        try:
            await loop.create_future()
        finally:
            server.close()
            for visit in list(self._visits):
                visit.turn_out()
            _remove(self._path, inode)

    def enter(self, visit: "_Visit") -> None:
        """A client has come."""
        if len(self._visits) >= CONNECTIONS:
            next(iter(self._visits)).turn_out()
        self._visits[visit] = None

    def leave(self, visit: "_Visit") -> None:
        """A client has left, or is about to; it may be said again."""
        self._visits.pop(visit, None)

    def response(self, line: bytes) -> bytes:
        """The line that answers a line."""
        try:
            verb, payload = unwrap(line)
        except RequestError as error:
            return encode(Response("", {}, str(error))) + b"\n"
        try:
            return encode(self._answer(verb, payload)) + b"\n"
        except Exception:
            log.exception("a defect: a request is not answered")
            return encode(Response(verb, {}, "the bridge has failed at it: its log says where")) + b"\n"


class _Visit(asyncio.Protocol):
    """One connection: one request, soon, and its response."""

    def __init__(self, server: ControlServer) -> None:
        self._server = server
        self._line = bytearray()
        self._answered = False
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client has come."""
        self._transport = cast("asyncio.Transport", transport)
        self._expect(ASKING)
        self._server.enter(self)

    def data_received(self, data: bytes) -> None:
        """Take a part of the line; what is behind it is not looked at."""
        if self._answered:
            return
        self._line += data[: LINE_LIMIT + 1]
        if b"\n" in data or len(self._line) > LINE_LIMIT:
            self._answer()

    def eof_received(self) -> bool:
        """The client says no more, and may have left out the end of the line."""
        if self._line and not self._answered:
            self._answer()
        return self._answered

    def connection_lost(self, _: Exception | None) -> None:
        """The connection is closed, by whomever."""
        if self._timer:
            self._timer.cancel()
        self._server.leave(self)

    def turn_out(self) -> None:
        """Close without an answer, or without waiting until it is fetched."""
        self._server.leave(self)
        if self._transport:
            self._transport.abort()

    def _answer(self) -> None:
        self._answered = True
        self._expect(FETCHING)
        assert self._transport
        self._transport.write(self._server.response(bytes(self._line).partition(b"\n")[0]))
        self._transport.close()

    def _expect(self, seconds: float) -> None:
        """Turn the client out unless something happens soon."""
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.turn_out)


def _open(path: Path) -> socket.socket:
    """A socket that listens, for its user alone; one on which nobody listens any more is replaced.

    Raises:
        OSError: somebody listens there, something else is there, or the folder may not be written.
    """
    if path.exists() and not path.is_socket():
        raise OSError(errno.EEXIST, "a file that is not a socket is there")
    with (
        socket.socket(socket.AF_UNIX) as probe,
        contextlib.suppress(ConnectionRefusedError, FileNotFoundError),
    ):
        probe.setblocking(False)
        probe.connect(str(path))
        raise OSError(errno.EADDRINUSE, "another bridge listens there")
    fresh = path.with_name(path.name + ".new")
    opened = socket.socket(socket.AF_UNIX)
    try:
        fresh.unlink(missing_ok=True)
        opened.bind(str(fresh))
        fresh.chmod(0o600)
        opened.listen(CONNECTIONS)
        fresh.replace(path)  # only now anybody can find it, and nobody else ever could use it
    except OSError:
        opened.close()
        fresh.unlink(missing_ok=True)
        raise
    opened.setblocking(False)
    return opened


def _remove(path: Path, inode: int) -> None:
    """Remove our own socket, and not that of whoever came after us."""
    with contextlib.suppress(OSError):
        if path.lstat().st_ino == inode:
            path.unlink()


def socket_in(folder: Path | None) -> Path:
    """The socket of the bridge that has this folder for its state.

    Raises:
        SettingsError: there is no folder.
    """
    if folder:
        return folder / CONTROL
    hint = "without a folder for its state a bridge cannot be asked; give it one"
    raise SettingsError([Fault("BRIDGE_STATE_DIR", "is off", hint)])


def request(verb: str, given: Mapping[str, Any]) -> Request:
    """What somebody says on the command line as a request.

    Args:
        verb: what is asked for.
        given: the fields; those that say nothing are left out, and `labels` are texts `NAME=GLOB`.

    Raises:
        RequestError: it is none.
    """
    fields = {name: value for name, value in given.items() if value}
    globs: dict[str, list[str]] = {}
    for each in fields.get("labels", ()):
        name, equals, value = each.partition("=")
        if not equals:
            raise RequestError(Reason.VALUE, f"label {each!r} is not NAME=GLOB")
        globs.setdefault(name, []).append(value)
    return parse(verb, json.dumps({**fields, "labels": globs} if globs else fields).encode())


async def ask(path: Path, request: Request) -> Response:
    """Ask the bridge that listens on the socket.

    Raises:
        BridgeError: there is none, or it does not answer; the message says what to do.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_unix_connection(path, limit=RESPONSE_LIMIT)
            try:
                writer.write(wrap(request))
                line = await reader.readuntil(b"\n")
            finally:
                writer.close()
        return response_in(request.ask.verb, line)
    except TimeoutError as error:
        raise BridgeError(
            f"the bridge did not answer on {path} within {PATIENCE:g} s: its log says why"
        ) from error
    except _STRANGE as error:
        raise BridgeError(STRANGER.format(path=path)) from error
    except OSError as error:
        hint = HINTS.get(error.errno or 0, "{path}: " + (error.strerror or str(error)))
        raise BridgeError(hint.format(path=path)) from error
