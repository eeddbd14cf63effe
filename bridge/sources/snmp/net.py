"""One UDP socket per address family for all agents of the process, and what comes in over it.

An answer is used if it comes from the address that was asked and has the number of an open question, which
nobody can guess. Everything else is counted under its reason.
"""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple, TypeVar

from bridge.errors import SourceError
from bridge.protocols.ber import BerError
from bridge.protocols.snmp import MAX_SIZE, V3, Outline, Reason, envelope, mismatch
from bridge.protocols.snmp_layout import Memory
from bridge.protocols.snmp_messages import Message, read
from bridge.protocols.usm import Sealed, read_sealed
from bridge.sources.snmp.wire import UNCOUNTED, UNKNOWN_SENDER, Address, Counts, SilentError, place

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Octets that may wait to be read, if the system allows so many: answers of thousands of agents at once."""
TICK = 0.1
"""Seconds between looks at who has waited too long: by so much a timeout may be late."""
AT_ONCE = 64
"""The most datagrams that are read before other work has its turn."""

Heard = Message | Sealed
Key = tuple[str, int, int]
"""Host and port of an agent, and the number of a question."""
T = TypeVar("T")


class Open(NamedTuple):
    """A question that waits for its answer.

    Attributes:
        asked: what its answer has to match.
        read: makes the answer of what was heard, or raises BerError with the reason for which it is refused.
        answer: where it goes.
        until: when it is given up, by the clock of the loop.
        memory: what is known of the answers to it.
    """

    asked: Outline
    read: Callable[[Any], Any]
    answer: asyncio.Future[Any]
    until: float
    memory: Memory | None


class Net:
    """The sockets that all agents of one event loop share; opened when needed, closed by the last to leave.

    Attributes:
        open: the questions that wait: no more than there are sessions.
        leases: how many sessions use it now.
    """

    _shared: ClassVar[dict[asyncio.AbstractEventLoop, "Net"]] = {}

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.open: dict[Key, Open] = {}
        self.leases = 0
        self._sockets: dict[int, socket.socket] = {}
        self._targets: dict[tuple[str, int], list[Counts]] = {}
        self._strangers = UNCOUNTED.bridge
        self._sweep: asyncio.TimerHandle | None = None

    @classmethod
    @contextlib.contextmanager
    def lease(cls) -> Iterator["Net"]:
        """That of the running loop, for the time of the `with`."""
        loop = asyncio.get_running_loop()
        net = cls._shared.get(loop) or cls._shared.setdefault(loop, cls(loop))
        net.leases += 1
        try:
            yield net
        finally:
            net.leases -= 1
            if not net.leases:
                del cls._shared[loop]
                net.close()

    def close(self) -> None:
        """Close the sockets; nothing is heard any more."""
        if self._sweep:
            self._sweep.cancel()
        for sock in self._sockets.values():
            self.loop.remove_reader(sock.fileno())
            sock.close()

    @contextlib.contextmanager
    def target(self, address: Address, counts: Counts) -> Iterator[None]:
        """Know an agent at that address for the time of the `with`."""
        known = self._targets.setdefault(place(address), [])
        known.append(counts)
        self._strangers = counts.bridge
        try:
            yield
        finally:
            known.remove(counts)
            if not known:
                del self._targets[place(address)]

    def wait(self, key: Key, question: Open) -> None:
        """Have a question wait for its answer, which is None when nothing has come in time."""
        self.open[key] = question
        if not self._sweep:
            self._sweep = self.loop.call_later(TICK, self._give_up)

    def _give_up(self) -> None:
        """One timer for all questions costs less than one for each."""
        now = self.loop.time()
        for question in self.open.values():
            if question.until <= now and not question.answer.done():
                question.answer.set_result(None)
        self._sweep = self.loop.call_later(TICK, self._give_up) if self.open else None

    def send(self, data: bytes, address: Address) -> None:
        """Send a datagram; where there is no room for it, it is lost as it may be anywhere on its way.

        Raises:
            SourceError: it cannot be sent.
        """
        try:
            self._socket(socket.AF_INET6 if len(address) == 4 else socket.AF_INET).sendto(data, address)
        except BlockingIOError:
            return
        except OSError as error:
            raise SourceError(f"cannot ask {address[0]}:{address[1]}: {error.strerror or error}") from error

    def _socket(self, family: int) -> socket.socket:
        if family not in self._sockets:
            sock = self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self.loop.add_reader(sock.fileno(), self._readable, sock)
        return self._sockets[family]

    def _readable(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for _ in range(AT_ONCE):
                data, address = sock.recvfrom(MAX_SIZE)
                self._heard(data, address)

    def _heard(self, data: bytes, address: Address) -> None:
        where = place(address)
        targets = self._targets.get(where)
        if not targets:
            self._strangers(UNKNOWN_SENDER)
            return
        try:
            reason = self._refusal(data, where)
        except BerError as error:
            reason = error.reason
        if reason:
            targets[-1].pbx(reason)

    def _refusal(self, data: bytes, where: tuple[str, int]) -> str | None:
        """Why a datagram is not used; None if it is.

        Raises:
            BerError: it cannot be read, or is not protected as it should be.
        """
        version, fields = envelope(data)
        heard: Heard
        if version == V3:
            heard = read_sealed(fields, data)
        else:
            heard = read(version, fields, data, lambda number: self._memory((*where, number)))
        waiting = self.open.get((*where, heard.outline.number))
        if not waiting or waiting.answer.done():
            return Reason.UNMATCHED
        reason = mismatch(waiting.asked, heard.outline)
        if not reason:
            waiting.answer.set_result(waiting.read(heard))
        return reason

    def _memory(self, key: Key) -> Memory | None:
        waiting = self.open.get(key)
        return waiting.memory if waiting else None


class Line:
    """Exchanges messages with one agent.

    Args:
        net: the sockets.
        address: where the agent listens.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, net: Net, address: Address, timeout: float) -> None:
        self._net = net
        self._address = address
        self._place = place(address)
        self._timeout = timeout

    @property
    def now(self) -> float:
        """Seconds, by a clock that never jumps."""
        return self._net.loop.time()

    def number(self) -> int:
        """A number that no open question has, and nobody can guess."""
        while (*self._place, number := secrets.randbits(31)) in self._net.open:
            pass
        return number

    async def exchange(
        self,
        asked: Outline,
        data: bytes,
        read: Callable[[Any], T],
        tries: int,
        memory: Memory | None = None,
    ) -> T:
        """The answer to a message, which is sent up to `tries` times; `memory` is of earlier answers to it.

        Raises:
            SilentError: there is none.
            SourceError: it cannot be sent.
        """
        key = *self._place, asked.number
        try:
            for _ in range(tries):
                answer: asyncio.Future[T | None] = self._net.loop.create_future()
                self._net.wait(key, Open(asked, read, answer, self.now + self._timeout, memory))
                self._net.send(data, self._address)
                if (heard := await answer) is not None:
                    return heard
        finally:
            self._net.open.pop(key, None)
        raise SilentError
