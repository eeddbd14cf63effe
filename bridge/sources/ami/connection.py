"""One connection to AMI: connect, log in, ask, hear events, notice when it is lost."""

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.errors import ProtocolError, SourceError
from bridge.pipeline.supervisor import first_cause
from bridge.protocols.ami import AmiMessage, AmiParser, Replies, Reply, challenge_key
from bridge.settings import AmiSettings

READ = 65_536
"""Bytes asked for at once: with hundreds of events in one read, the cost per read does not count."""
PLAIN_PORT, TLS_PORT = 5038, 5039

Listen = Callable[[Sequence[AmiMessage]], None]
"""Is handed the events of one read; must not wait."""


@contextlib.asynccontextmanager
async def connected(
    settings: AmiSettings, listen: Listen, events: str = "off"
) -> "AsyncIterator[AmiConnection]":
    """A connection that is logged in. When it is lost, the block inside is cancelled and SourceError raised.

    Args:
        settings: where and as whom.
        listen: where events go.
        events: the classes of events wanted, such as `system,call`, or `off`.

    Raises:
        SourceError: Asterisk cannot be reached, refused us, or was lost; what to check is said.
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
    connection = AmiConnection(peer, settings, reader, writer, listen)
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
        reader: what Asterisk sends.
        writer: what we send.
        listen: where events go.
    """

    def __init__(
        self,
        peer: str,
        settings: AmiSettings,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        listen: Listen,
    ) -> None:
        self._peer = peer
        self._settings = settings
        self._reader = reader
        self._writer = writer
        self._listen = listen
        self._parser = AmiParser()
        self._replies = Replies()
        self._greeted = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._ids = itertools.count(1)
        self._stopping = False

    @property
    def ignored(self) -> int:
        """How many blocks came that are neither response nor event."""
        return self._parser.ignored

    async def request(self, action: Action) -> Reply:
        """Send an action and wait for all of its reply; errors of Asterisk are replies too.

        Raises:
            SourceError: there was no reply in time, or Asterisk is shutting down.
        """
        action_id = str(next(self._ids))
        future = self._waiting[action_id] = asyncio.get_running_loop().create_future()
        try:
            await self._write(action, action_id)
            async with asyncio.timeout(self._settings.timeout):
                reply: Reply = await future
        except TimeoutError:
            raise SourceError(
                f"{self._peer}: no answer to {action.name} within {self._settings.timeout:g} s"
            ) from None
        finally:
            self._waiting.pop(action_id, None)
        if "shutting down" in reply.error:
            raise SourceError(f"{self._peer}: Asterisk is shutting down")
        return reply

    async def read(self) -> None:
        """Read until cancelled: hand replies to those who wait, and events to `listen`.

        Raises:
            SourceError: the connection is lost, silent, or does not speak AMI.
        """
        while True:
            data = await self._data()
            try:
                replies, events = self._replies.sort(self._parser.feed(data))
            except ProtocolError as error:
                raise SourceError(f"{self._peer}: {error}") from None
            if self._parser.version:
                self._greeted.set()
            for reply in replies:
                future = self._waiting.get(reply.action_id)
                if future and not future.done():
                    future.set_result(reply)
            if events:
                self._stopping = self._stopping or any(event.event == "Shutdown" for event in events)
                self._listen(events)

    async def _data(self) -> bytes:
        data = await self._receive(self._settings.ping_interval)
        if data is None:
            await self._write(actions.PING, "ping")
            data = await self._receive(self._settings.timeout)
        if data is None:
            raise SourceError(f"{self._peer}: silent, and no answer to a ping; Asterisk or the network hangs")
        if not data:
            # Who waits for the reply that came just before the end is first told of that.
            await asyncio.sleep(0)
            raise SourceError(f"{self._peer}: {self._why_closed()}")
        return data

    async def _receive(self, seconds: float) -> bytes | None:
        """The next bytes; empty at the end of the stream, None after silence."""
        with _faults(self._peer, self._settings):
            try:
                async with asyncio.timeout(seconds):
                    return await self._reader.read(READ)
            except TimeoutError:
                return None

    def _why_closed(self) -> str:
        if self._stopping:
            return "Asterisk is shutting down"
        if not self._greeted.is_set():
            return (
                "closed without a greeting; too many sessions that are not logged in (authlimit), or not AMI"
            )
        return "closed by Asterisk; it stopped, or its log tells why (writetimeout, `manager` commands)"

    async def _write(self, action: Action, action_id: str) -> None:
        with _faults(self._peer, self._settings):
            async with asyncio.timeout(self._settings.timeout):
                self._writer.write(action.encode(action_id))
                await self._writer.drain()

    async def login(self, events: str) -> None:
        """Wait for the greeting and log in.

        Raises:
            SourceError: there was no greeting, or Asterisk refused.
        """
        try:
            async with asyncio.timeout(self._settings.timeout):
                await self._greeted.wait()
        except TimeoutError:
            raise SourceError(
                f"{self._peer}: connected, but no greeting came within {self._settings.timeout:g} s; "
                "is this AMI's port, must tls be set, or does Asterisk hang?"
            ) from None
        reply = await self.request(await self._login_action(events))
        if not reply.ok:
            raise SourceError(f"{self._peer}: {_refusal(reply.error, self._settings.username)}")

    async def _login_action(self, events: str) -> Action:
        settings = self._settings
        secret = settings.secret.get_secret_value()
        if settings.auth == "plain":
            return actions.login_plain(settings.username, secret, events)
        reply = await self.request(actions.CHALLENGE)
        challenge = reply.response.get("Challenge")
        if not challenge:
            raise SourceError(f"{self._peer}: gave no MD5 challenge: {reply.error or 'no reason told'}")
        return actions.login_md5(settings.username, challenge_key(challenge, secret), events)


def _port(settings: AmiSettings) -> int:
    return settings.port or (TLS_PORT if settings.tls else PLAIN_PORT)


def _tls(settings: AmiSettings) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca)
    except OSError as error:
        raise SourceError(f"tls_ca: no certificates can be read from {settings.tls_ca} ({error})") from None
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
    """Foreign exceptions of connecting, reading and writing become SourceError, with what to do."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise SourceError(
            f"{peer}: its certificate is not trusted: {error.verify_message}; set tls_ca to the file of its "
            "CA, or tls_server_name to the name it holds"
        ) from None
    except ssl.SSLError as error:
        raise SourceError(f"{peer}: no TLS with it ({error.reason}); does the port speak TLS?") from None
    except TimeoutError:
        raise SourceError(f"{peer}: cannot connect or write within {settings.timeout:g} s") from None
    except ConnectionRefusedError:
        raise SourceError(
            f"{peer}: refused; check that Asterisk runs, and enabled, bindaddr and port in manager.conf"
        ) from None
    except OSError as error:
        raise SourceError(f"{peer}: {error.strerror or error}") from None


async def _close(writer: asyncio.StreamWriter) -> None:
    """Let go of the connection at once: what is left to say is of no use to either side."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
