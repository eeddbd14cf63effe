"""`kill -9` of a whole bridge, again and again: what came a second before or earlier is delivered.

`TEST_CRASHES=5 TEST_FACTS=200000` kills it so often, and sends so many; the figures stand in the README.
"""

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.faults.oracle import Fact, packets
from tests.faults.proxy import LOOPBACK, TcpProxy
from tests.faults.recorder import Recorder, Subscriber, subscriber
from tests.faults.stage import FACTS, PATIENCE
from tests.servers.bridge import Bridge, bridge
from tests.servers.mosquitto import Broker, mosquitto
from tests.servers.process import free_port
from tests.sinks.peer import eventually

KILLS = int(os.environ.get("TEST_CRASHES", "2"))
TURN = max(2.0, FACTS / KILLS / 10_000)
"""Seconds of facts before each kill: not so many a second that a busy machine is late with taking them in."""
SAFE = 1.0
"""Seconds after which a fact outlives the process."""

pytestmark = pytest.mark.timeout(120 + PATIENCE)


def in_the_kernel(port: int) -> int:
    """Bytes that have come to a UDP port and were not read yet: they die with the process."""
    for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines():
        _, address, _, _, queues, *_ = line.split()
        if address.endswith(f":{port:04X}"):
            return int(queues.partition(":")[2], 16)
    return 0


class Sender:
    """Sends facts at a steady pace, and remembers when they were taken.

    Attributes:
        sent: the numbers of all.
        taken: when each was seen to have been read by the bridge, in monotonic seconds; by number.
    """

    def __init__(self, port: int) -> None:
        self.sent: set[int] = set()
        self.taken: dict[int, float] = {}
        self._port = port
        self._under_way: list[int] = []

    async def send(self, amount: int, seconds: float) -> None:
        self._under_way.clear()
        first = len(self.sent)
        waiting = [*packets([Fact(number) for number in range(first, first + amount)])]
        began, gone = time.monotonic(), 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while gone < len(waiting):
                self.look()
                due = min(len(waiting), int((time.monotonic() - began) / seconds * len(waiting)) + 1)
                for data in waiting[gone:due]:
                    sender.sendto(data, (LOOPBACK, self._port))
                    numbers = [int(line.split(b":")[1].split(b"|")[0]) for line in data.split(b"\n")]
                    self.sent.update(numbers)
                    self._under_way += numbers
                gone = due
                await asyncio.sleep(0.005)

    def look(self) -> None:
        """Note what was taken; a busy machine may be late with that."""
        if not in_the_kernel(self._port):
            self.taken.update(dict.fromkeys(self._under_way, time.monotonic()))
            self._under_way.clear()

    def safe(self, killed: float, since: float) -> Iterator[Fact]:
        """The facts that a bridge ready at `since` must have kept when it was killed."""
        for number, moment in self.taken.items():
            if since <= moment < killed - SAFE:
                yield Fact(number)


def settings(folder: Path, graphite: int, broker: Broker, statsd: int) -> dict[str, str]:
    return {
        "STATE_DIR": str(folder),
        "STATSD__ENABLED": "true",
        "STATSD__LISTEN": f"udp://127.0.0.1:{statsd}",
        "STATSD__FLUSH_INTERVAL": "100ms",
        "STATSD__MAX_SERIES": "1000000",
        "PBX__HQ__STATSD__SENDERS": "127.0.0.1",
        "GRAPHITE__URL": f"tcp://127.0.0.1:{graphite}",
        "MQTT__URL": broker.url,
        "MQTT__LAYOUT": "metric",
        "MQTT__QOS": "1",
        "SPOOL__REPLAY": "1000000",
        "STOP_TIMEOUT": "5s",
    }


async def crashes(folder: Path, broker: Broker, heard: Subscriber) -> tuple[Recorder, Sender, set[Fact]]:
    """Kill the bridge some times, half of them while Graphite is away; then let one deliver everything."""
    moments = random.Random(9)
    owed: set[Fact] = set()
    sender = Sender(free_port(socket.SOCK_DGRAM))
    async with Recorder() as recorder, TcpProxy(recorder.port) as graphite:
        chosen = settings(folder, graphite.own_port, broker, sender._port)
        for turn in range(KILLS):
            await (graphite.refuse() if turn % 2 == 0 else graphite.accept())
            with ExitStack() as stack:
                one = await asyncio.to_thread(stack.enter_context, bridge(chosen, folder))
                await eventually(partial(listens, one))
                since = time.monotonic()
                await sender.send(FACTS // KILLS, TURN)
                await asyncio.sleep(moments.uniform(0, 0.5))
                one.process.send_signal(signal.SIGKILL)
                owed.update(sender.safe(time.monotonic(), since))
                one.process.wait()
        await graphite.accept()
        with ExitStack() as stack:
            one = await asyncio.to_thread(stack.enter_context, bridge(chosen, folder))
            await arrive({fact.line for fact in owed}, recorder)
            last = {fact.topic: fact.number for fact in sorted(owed)}
            await eventually(lambda: all(number <= shown(heard).get(t, -1) for t, number in last.items()))
            await asyncio.to_thread(stack.close)
    return recorder, sender, owed


async def arrive(lines: set[bytes], recorder: Recorder) -> None:
    """Return when all of them have come."""
    try:
        await eventually(lambda: lines <= recorder.lines.keys())
    except TimeoutError:
        raise AssertionError(f"{len(lines - recorder.lines.keys())} of {len(lines)} are missing") from None


def listens(one: Bridge) -> bool:
    return "source statsd of bridge" not in one.get("/readyz")[1] and one.get("/readyz")[0] != 0


def shown(heard: Subscriber) -> dict[str, int]:
    return {topic: int(payload) for topic, payload in heard.listen()}


def test_kills_cost_nothing_that_is_older_than_a_second(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path, log="error") as broker,
        subscriber(broker, tmp_path / "heard", "asterisk/hq/statsd/#") as heard,
    ):
        recorder, sender, owed = asyncio.run(crashes(tmp_path, broker, heard))
        published = heard.listen()

    came = {line for line in recorder.lines if line.startswith(b"asterisk.hq.statsd.fact.")}
    sent = {Fact(number).line for number in sender.sent}
    print(
        f"\n{len(sender.sent)} facts sent, {len(owed)} owed, {len(came)} at Graphite, "
        f"{len(sent - came)} younger than a second lost, {len(published)} published"
    )
    assert len(owed) >= FACTS / 4
    assert {fact.line for fact in owed} <= came <= sent
    assert {(topic, int(payload)) for topic, payload in published} <= {
        (Fact(number).topic, number) for number in sender.sent
    }
