"""An AMI server that says what real Asterisk servers were recorded to say, and errs on demand.

The real one cannot be made to hang, to close in mid-reply or to refuse an action that it listed; the live
tests hold what this one does not: that the bridge and real Asterisk understand each other.
"""

import asyncio
import contextlib
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Mapping

from bridge.settings import AmiSettings
from tests.asterisk.recorded import raw

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
CHALLENGE = "148271639"
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 100\r\nLastReload: 40\r\n\r\n"
DENIED = b"Response: Error\r\nActionID: ?\r\nMessage: Permission denied\r\n\r\n"
UNKNOWN = b"Response: Error\r\nActionID: ?\r\nMessage: Invalid/unknown command: X.\r\n\r\n"
PONG = b"Response: Success\r\nActionID: ?\r\nPing: Pong\r\nTimestamp: 1795461200.000000\r\n\r\n"


def value(text: str) -> bytes:
    """An answer to Getvar."""
    return f"Response: Success\r\nActionID: ?\r\nVariable: x\r\nValue: {text}\r\n\r\n".encode()


def grant(*names: str) -> bytes:
    """An answer to ListCommands of an account with write=reporting."""
    lines = "".join(f"{name}: Text.  (Priv: reporting,all)\r\n" for name in names)
    return f"Response: Success\r\nActionID: ?\r\n{lines}\r\n".encode()


def recorded() -> dict[str, bytes]:
    """What Asterisk 22 answered, by action."""
    names = (
        "BridgeList CoreSettings CoreShowChannels CoreStatus DeviceStateList ListCommands MailboxCount "
        "Parkinglots PJSIPShowAors PJSIPShowContacts PJSIPShowRegistrationsOutbound QueueStatus"
    )
    return {
        **{name: raw(f"22/{name}") for name in names.split()},
        "ConfbridgeListRooms": raw("22/ConfbridgeListRooms-none"),
        "Getvar EPOCH": value("1795461200"),
        "Getvar SYSINFO(numcalls)": value("39"),
        "Getvar STRPTIME(2026-11-23 19:12:27,,%Y-%m-%d %H:%M:%S)": value("1795461147"),
        "Ping": PONG,
    }


class ScriptedAmi:
    """The server.

    Args:
        replies: answers by action, or by action and its first value; what is missing is an unknown command.

    Attributes:
        port: where it listens.
        actions: what it was asked: the headers of each action.
        heard: the same as bytes.
        greeting: what it says first.
        logged_in: what it says behind the log-in of a session that wants events.
        deaf: whether it lets everything after the log-in go unanswered.
    """

    def __init__(self, replies: Mapping[str, bytes] | None = None) -> None:
        self.replies = dict(recorded() if replies is None else replies)
        self.port = 0
        self.actions: list[dict[str, str]] = []
        self.heard: list[bytes] = []
        self.greeting = GREETING
        self.logged_in = BOOTED
        self.deaf = False
        self._listeners: list[asyncio.StreamWriter] = []
        self._sessions: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @contextlib.asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["ScriptedAmi"]:
        """Serve until the block ends."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            sessions = [*self._sessions]
            for session in sessions:
                session.cancel()
            await asyncio.gather(*sessions, return_exceptions=True)

    def settings(self, **others: object) -> AmiSettings:
        """Settings of a client of it, impatient ones."""
        values = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": "bridge",
            "secret": "s3cret",
            "interval": 0.05,
        }
        return AmiSettings.model_validate(values | others)

    def asked(self, name: str) -> int:
        """How often an action came."""
        return sum(action["Action"] == name for action in self.actions)

    def say(self, data: bytes) -> None:
        """Say something to every session that wants events."""
        for writer in self._listeners:
            writer.write(data)

    def hang_up(self) -> None:
        """Close every session."""
        for writer in self._sessions.values():
            writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._sessions[task] = writer
        writer.write(self.greeting)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            while True:
                block = await reader.readuntil(b"\r\n\r\n")
                action = dict(line.split(": ", 1) for line in block.decode().splitlines() if line)
                self.actions.append(action)
                self.heard.append(block)
                self._answer(action, writer)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _answer(self, action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        name = action["Action"]
        if name == "Challenge":
            answer = f"Response: Success\r\nActionID: ?\r\nChallenge: {CHALLENGE}\r\n\r\n".encode()
        elif name == "Login":
            answer = self._login(action, writer)
        elif self.deaf:
            return
        else:
            first = next((text for key, text in action.items() if key not in {"Action", "ActionID"}), "")
            answer = self.replies.get(name, self.replies.get(f"{name} {first}", UNKNOWN))
        writer.write(re.sub(rb"ActionID: [^\r]*", f"ActionID: {action['ActionID']}".encode(), answer))
        if b"Authentication failed" in answer:
            writer.close()

    def _login(self, action: dict[str, str], writer: asyncio.StreamWriter) -> bytes:
        if "Login" in self.replies:
            return self.replies["Login"]
        key = hashlib.md5(f"{CHALLENGE}s3cret".encode()).hexdigest()
        if action["Username"] != "bridge" or (action.get("Key") != key and action.get("Secret") != "s3cret"):
            return b"Response: Error\r\nActionID: ?\r\nMessage: Authentication failed\r\n\r\n"
        accepted = b"Response: Success\r\nActionID: ?\r\nMessage: Authentication accepted\r\n\r\n"
        if action["Events"] == "off":
            return accepted
        self._listeners.append(writer)
        return accepted + self.logged_in
