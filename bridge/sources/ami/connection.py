"""One connection to AMI: connect, log in, ask, hear events, notice when it is lost."""

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from enum import StrEnum

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.errors import ProtocolError, SourceError
from bridge.pipeline.supervisor import first_cause
from bridge.protocols.ami import AmiMessage, AmiParser, Replies, Reply
from bridge.protocols.ami_actions import challenge_key
from bridge.settings import AmiSettings

READ = 65_536
"""Bytes asked for at once: with hundreds of events in one read, the cost per read does not count."""
PLAIN_PORT, TLS_PORT = 5038, 5039

PING_ID = "ping"
"""The ActionID of the pings that break a silence, for whose answers nobody waits."""
LONGEST_WORDS = 200
"""Characters of what Asterisk says that are repeated in an error: its own messages have some ten words."""

Listen = Callable[[Sequence[AmiMessage]], None]
"""Is handed the events of one read; must not wait."""
Odd = Callable[[str, int], None]
"""Is told how many things came that could not be used, and why: `ignored` or `unasked`."""


class End(StrEnum):
    """Why a session ended: the reasons under which ends are counted."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    LOGIN = "login"
    FORBIDDEN = "forbidden"
    TIMEOUT = "timeout"
    CLOSED = "closed"
    PROTOCOL = "protocol"


class SessionError(SourceError):
    """A session ended, or never began; `end` is what it is counted as."""

    def __init__(self, end: End, message: str) -> None:
        super().__init__(message)
        self.end = end


def _uncounted(_reason: str, _amount: int) -> None:
    """For whoever asks once and leaves."""


@contextlib.asynccontextmanager
async def connected(
    settings: AmiSettings, listen: Listen, events: str = "off", odd: Odd = _uncounted
) -> "AsyncIterator[AmiConnection]":
    """A connection that is logged in. When it is lost, the block inside is cancelled and SessionError raised.

    Args:
        settings: where and as whom.
        listen: where events go.
        events: the classes of events wanted, such as `system,call`, or `off`.
        odd: is told of what cannot be used.

    Raises:
        SessionError: Asterisk cannot be reached, refused us, or was lost; what to check is said.
    """
    peer = f"AMI at {settings.host}:{_port(settings)}"
    with _faults(peer, settings):
        async with asyncio.timeout(settings.timeout):
            reader, writer = await asyncio.open_connection(
                settings.host,
                _port(settings),
                ssl=_tls(settings),
                server_hostname=(settings.tls_server_name or settings.host) if settings.tls else None,
            )
    connection = AmiConnection(peer, settings, (reader, writer), listen, odd)
    try:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(connection.read(), name=f"{peer}: read")
            await connection.login(events)
            yield connection
            reading.cancel()
    except BaseExceptionGroup as errors:
        raise first_cause(errors) from None
    finally:
        await _close(writer)


class AmiConnection:
    """A connection that is open; made by `connected`.

    Args:
        peer: the other end in words.
        settings: how long to wait, and as whom to log in.
        stream: what Asterisk sends, and what we send.
        listen: where events go.
        odd: is told of what cannot be used.
    """

    def __init__(
        self,
        peer: str,
        settings: AmiSettings,
        stream: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        listen: Listen,
        odd: Odd,
    ) -> None:
        self._peer = peer
        self._settings = settings
        self._reader, self._writer = stream
        self._listen = listen
        self._odd = odd
        self._parser = AmiParser()
        self._replies = Replies()
        self._greeted = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._ids = itertools.count(1)
        self._knocked = False
        self._stopping = False

    async def request(self, action: Action) -> Reply:
        """Send an action and wait for all of its reply; errors of Asterisk are replies too.

        Raises:
            SessionError: there was no reply in time, or Asterisk is shutting down.
        """
        action_id = str(next(self._ids))
        future = self._waiting[action_id] = asyncio.get_running_loop().create_future()
        try:
            await self._write(action, action_id)
            async with asyncio.timeout(self._settings.timeout):
                reply: Reply = await future
        except TimeoutError:
            raise self._end(
                End.TIMEOUT, f"no answer to {action.name} within {self._settings.timeout:g} s"
            ) from None
        finally:
            self._waiting.pop(action_id, None)
        if "shutting down" in reply.error:
            raise self._end(End.CLOSED, "Asterisk is shutting down")
        return reply

    async def read(self) -> None:
        """Read until cancelled: hand replies to those who wait, and events to `listen`.

        Only whole messages break a silence, or a peer could keep us for ever with a byte now and then.

        Raises:
            SessionError: the connection is lost, silent, or does not speak AMI.
        """
        time = asyncio.get_running_loop().time
        heard, pinged = time(), False
        while True:
            until = heard + self._settings.ping_interval + pinged * self._settings.timeout
            data = await self._receive(until)
            if data and self._take(data):
                heard, pinged = time(), False
            elif time() >= until and pinged:
                raise self._end(End.TIMEOUT, "silent, and no answer to a ping; Asterisk or the network hangs")
            elif time() >= until:
                await self._write(actions.PING, PING_ID)
                pinged = True

    async def _receive(self, until: float) -> bytes | None:
        """The next bytes, None if there are none at `until`."""
        with _faults(self._peer, self._settings):
            try:
                async with asyncio.timeout_at(until):
                    data = await self._reader.read(READ)
            except TimeoutError:
                return None
        if not data:
            # Who waits for the reply that came just before the end is first told of that.
            await asyncio.sleep(0)
            raise self._end(End.CLOSED, self._why_closed())
        return data

    def _take(self, data: bytes) -> bool:
        """Hand on what came, and return whether any of it was AMI."""
        ignored, greeted = self._parser.ignored, self._greeted.is_set()
        try:
            messages = self._parser.feed(data)
            replies, events = self._replies.sort(messages)
        except ProtocolError as error:
            raise self._end(End.PROTOCOL, str(error)) from None
        self._odd("ignored", self._parser.ignored - ignored)
        if self._parser.version:
            self._greeted.set()
        for reply in replies:
            self._answer(reply)
        if events:
            self._hear(events)
        return bool(messages) or self._greeted.is_set() > greeted

    def _answer(self, reply: Reply) -> None:
        future = self._waiting.get(reply.action_id)
        if future and not future.done():
            future.set_result(reply)
        elif reply.action_id != PING_ID:
            self._odd("unasked", 1)

    def _hear(self, events: Sequence[AmiMessage]) -> None:
        if not self._knocked:
            raise self._end(End.PROTOCOL, "events came before the log-in, which Asterisk never sends")
        self._stopping = self._stopping or any(event.event == "Shutdown" for event in events)
        self._listen(events)

    def _end(self, end: End, message: str) -> SessionError:
        return SessionError(end, f"{self._peer}: {message}")

    def _why_closed(self) -> str:
        if self._stopping:
            return "Asterisk is shutting down"
        if not self._greeted.is_set():
            return (
                "closed without a greeting; too many sessions that are not logged in (authlimit), or not AMI"
            )
        return "closed by Asterisk; it stopped, or its log tells why (writetimeout, `manager` commands)"

    async def _write(self, action: Action, action_id: str) -> None:
        if self._writer.is_closing():
            # Asked first, since uvloop answers a write with an error that looks like a defect of ours.
            raise self._end(End.CLOSED, self._why_closed())
        with _faults(self._peer, self._settings):
            async with asyncio.timeout(self._settings.timeout):
                self._writer.write(action.encode(action_id))
                await self._writer.drain()

    async def login(self, events: str) -> None:
        """Wait for the greeting and log in.

        Raises:
            SessionError: there was no greeting, Asterisk refused, or no action can hold the account.
        """
        try:
            async with asyncio.timeout(self._settings.timeout):
                await self._greeted.wait()
        except TimeoutError:
            raise self._end(
                End.TIMEOUT,
                f"connected, but no greeting came within {self._settings.timeout:g} s; "
                "is this AMI's port, must tls be set, or does Asterisk hang?",
            ) from None
        try:
            action = await self._login_action(events)
            self._knocked = True
            reply = await self.request(action)
        except ValueError:
            raise self._end(
                End.LOGIN, "username or secret holds what no action can: a line end, or more than a line"
            ) from None
        if not reply.ok:
            # Who says our own words again must not bring the secret into the log.
            words = reply.error.replace(self._settings.secret.get_secret_value(), "***")
            raise self._end(End.LOGIN, _refusal(words[:LONGEST_WORDS], self._settings.username))

    async def _login_action(self, events: str) -> Action:
        settings = self._settings
        secret = settings.secret.get_secret_value()
        if settings.auth == "plain":
            return actions.login_plain(settings.username, secret, events)
        reply = await self.request(actions.CHALLENGE)
        challenge = reply.response.get("Challenge")
        if not (reply.ok and challenge):
            raise self._end(End.LOGIN, f"gave no MD5 challenge: {_words(reply) or 'no reason told'}")
        return actions.login_md5(settings.username, challenge_key(challenge, secret), events)


def _words(reply: Reply) -> str:
    return reply.error[:LONGEST_WORDS]


def _port(settings: AmiSettings) -> int:
    return settings.port or (TLS_PORT if settings.tls else PLAIN_PORT)


def _tls(settings: AmiSettings) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca)
    except OSError as error:
        raise SessionError(
            End.TLS, f"tls_ca: no certificates can be read from {settings.tls_ca} ({error})"
        ) from None
    if settings.insecure_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _refusal(error: str, username: str) -> str:
    """What to check when Asterisk did not let us in."""
    if error == "Authentication failed":
        return (
            f"authentication of {username!r} failed; Asterisk does not tell an unknown user, a wrong secret "
            "and an address that permit/deny refuse apart: check all three in manager.conf"
        )
    if "Already In Use" in error:
        return f"{username!r} is logged in already; set allowmultiplelogin=yes in manager.conf"
    return f"log-in of {username!r} refused: {error or 'no reason told'}"


@contextlib.contextmanager
def _faults(peer: str, settings: AmiSettings) -> Iterator[None]:
    """Foreign exceptions of connecting, reading and writing become SessionError, with what to do."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise SessionError(
            End.TLS,
            f"{peer}: its certificate is not trusted: {error.verify_message}; set tls_ca to the file of its "
            "CA, or tls_server_name to the name it holds",
        ) from None
    except ssl.SSLError as error:
        raise SessionError(
            End.TLS, f"{peer}: no TLS with it ({error.reason}); does the port speak TLS?"
        ) from None
    except TimeoutError:
        raise SessionError(
            End.TIMEOUT, f"{peer}: cannot connect or write within {settings.timeout:g} s"
        ) from None
    except ConnectionRefusedError:
        raise SessionError(
            End.UNREACHABLE,
            f"{peer}: refused; check that Asterisk runs, and enabled, bindaddr and port in manager.conf",
        ) from None
    except ConnectionError as error:
        raise SessionError(End.CLOSED, f"{peer}: {error.strerror or error}") from None
    except OSError as error:
        raise SessionError(End.UNREACHABLE, f"{peer}: {error.strerror or error}") from None


async def _close(writer: asyncio.StreamWriter) -> None:
    """Let go of the connection at once: what is left to say is of no use to either side."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
