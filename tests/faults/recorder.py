"""The far ends: what stands in for carbon and remembers all that it read, and a subscriber of a real broker.

Real carbon cannot give back 200,000 points in the time of a test, nor what it got twice; test_carbon.py holds
what this one does not.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from tests.faults.proxy import LOOPBACK
from tests.servers.mosquitto import Broker
from tests.servers.process import program, running, wait_until

MARKER = "marker"


class Recorder:
    """Takes lines over TCP, as carbon does: a last line without its end is not used.

    Args:
        host: an address of loopback.
        port: where to listen; 0 is any free port.

    Attributes:
        port: where it listens.
        lines: each line, and how often it came.
        torn: how many connections ended in the middle of a line.
    """

    def __init__(self, host: str = LOOPBACK, port: int = 0) -> None:
        self.port = port
        self.lines: Counter[bytes] = Counter()
        self.torn = 0
        self._host = host
        self._open: set[asyncio.Transport] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Lines(self), self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for transport in [*self._open]:
            transport.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0)


class _Lines(asyncio.Protocol):
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._recorder._open.add(transport)

    def data_received(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + data).split(b"\n")
        self._recorder.lines.update(whole)

    def connection_lost(self, exc: Exception | None) -> None:
        self._recorder.torn += bool(self._rest)
        self._recorder._open.discard(self._transport)


class Subscriber:
    """mosquitto_sub, which writes to a file what it hears.

    Attributes:
        heard: topic and payload of each message so far, in order; the markers left out.
    """

    def __init__(self, broker: Broker, output: Path) -> None:
        self.heard: list[tuple[str, str]] = []
        self._broker = broker
        self._output = output
        self._read = 0
        self._markers = 0

    def listen(self) -> list[tuple[str, str]]:
        """Read what came since; return all."""
        with self._output.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode().splitlines():
            topic, _, payload = line.partition(" ")
            if topic == MARKER:
                self._markers += 1
            else:
                self.heard.append((topic, payload))
        return self.heard

    def wait_subscribed(self) -> None:
        """Return when it hears what is retained: it subscribes anew when a broker was restarted."""
        before = self._markers
        self._broker.publish(MARKER, "here", retain=True)

        def marked() -> bool:
            self.listen()
            return self._markers > before

        wait_until(marked, "the subscription")


@contextlib.contextmanager
def subscriber(broker: Broker, output: Path, topics: str) -> Iterator[Subscriber]:
    """A subscriber to some topics, from now on."""
    argv = [program("mosquitto_sub"), "-p", str(broker.side), "-q", "1", "-F", "%t %p"]
    with running([*argv, "-t", MARKER, "-t", topics], output):
        one = Subscriber(broker, output)
        one.wait_subscribed()
        yield one
