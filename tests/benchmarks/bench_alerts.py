"""From the bytes of an AMI event to the alert at a subscriber, through the whole bridge and a real mosquitto.

    python -m tests.benchmarks.bench_alerts [--times 1000] [--rate 20000] [--smoke]

Callers join a queue one by one, and leave it when the alert has come; beside it StatsD packets come at
`--rate` a second. The subscriber is a few lines of our own, so that its time is as good as none.
"""

import asyncio
import contextlib
import json
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

from tests.benchmarks import wording
from tests.benchmarks.statsd.machine import compiled
from tests.servers.bridge import bridge
from tests.servers.mosquitto import mosquitto
from tests.servers.process import free_port, running
from tests.sources.ami.scripted import ScriptedAmi

QUEUE = "support"
CONNECT = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03sub"
TOPIC = b"asterisk/hq/event/alert"
PATIENCE = 10.0
"""Seconds for one alert."""
FOR_EVER = 1_000_000
"""Seconds of flood; it is ended before."""


class Subscriber(asyncio.Protocol):
    """Puts the moment and the payload of each message into a queue; QoS 0, MQTT 3.1.1."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        subscription = b"\0\1" + len(TOPIC).to_bytes(2) + TOPIC + b"\0"
        transport.write(CONNECT + b"\x82" + bytes([len(subscription)]) + subscription)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._rest += data
        while packet := self._packet():
            if packet[0] >> 4 == 3:
                self.heard.put_nowait((now, packet[packet.index(TOPIC) + len(TOPIC) :]))

    def _packet(self) -> bytes:
        length, shift, place = 0, 0, 1
        while place < len(self._rest):
            length |= (self._rest[place] & 0x7F) << shift
            shift, place = shift + 7, place + 1
            if self._rest[place - 1] < 0x80:
                end = place + length
                if len(self._rest) < end:
                    return b""
                packet, self._rest = self._rest[:end], self._rest[end:]
                return packet
        return b""


def event(name: str, caller: int) -> bytes:
    """What Asterisk says when a caller joins or leaves a queue."""
    return (
        f"Event: {name}\r\nPrivilege: agent,all\r\nChannel: PJSIP/phone-{caller:08x}\r\nChannelState: 6\r\n"
        f"ChannelStateDesc: Up\r\nLanguage: en\r\nContext: lab\r\nExten: 700\r\nPriority: 3\r\n"
        f"Uniqueid: 1795461200.{caller}\r\nLinkedid: 1795461200.{caller}\r\nQueue: {QUEUE}\r\nPosition: 1\r\n"
        "Count: 1\r\n\r\n"
    ).encode()


async def measure(ami: ScriptedAmi, broker: int, times: int) -> list[float]:
    """Seconds from each event to its alert."""
    loop = asyncio.get_running_loop()
    transport, subscriber = await loop.create_connection(Subscriber, "127.0.0.1", broker)
    taken = []
    for caller in range(times):
        began = time.perf_counter()
        ami.say(event("QueueCallerJoin", caller))
        taken.append(await _heard(subscriber, "firing") - began)
        ami.say(event("QueueCallerLeave", caller))
        await _heard(subscriber, "inactive")
    transport.close()
    return taken


async def _heard(subscriber: Subscriber, wanted: str) -> float:
    async with asyncio.timeout(PATIENCE):
        while True:
            moment, payload = await subscriber.heard.get()
            words = json.loads(payload)
            if (words["rule"], words["event_type"]) == ("bench", wanted):
                return moment


@contextlib.contextmanager
def flood(port: int, rate: int, folder: Path) -> Iterator[None]:
    """StatsD packets at a fixed rate from another process."""
    if not rate:
        yield
        return
    argv = [compiled("generator", folder), "--port", port, "--rate", rate, "--seconds", FOR_EVER]
    with running([*map(str, argv)], folder / "generator.log"):
        yield


async def run(folder: Path, times: int, rate: int) -> None:
    """Measure and print a row."""
    statsd = free_port(socket.SOCK_DGRAM)
    async with contextlib.AsyncExitStack() as stack:
        ami = await stack.enter_async_context(ScriptedAmi().running())
        broker = stack.enter_context(mosquitto(folder, log="error"))
        settings = {
            "PBX__HQ__AMI__HOST": "127.0.0.1",
            "PBX__HQ__AMI__PORT": str(ami.port),
            "PBX__HQ__AMI__USERNAME": "bridge",
            "PBX__HQ__AMI__SECRET": "s3cret",
            "STATSD__ENABLED": "true",
            "STATSD__LISTEN": f"udp://127.0.0.1:{statsd}",
            "MQTT__URL": broker.url,
            "STATE_DIR": str(folder / "state"),
            "ALERTS__RULE__BENCH__METRIC": "queue.waiting",
            "ALERTS__RULE__BENCH__LABELS": f"queue={QUEUE}",
            "ALERTS__RULE__BENCH__ABOVE": "0",
            "ALERTS__RULE__BENCH__FLAPS": "0",
            "LOG__LEVEL": "error",
        }
        ours = await asyncio.to_thread(stack.enter_context, bridge(settings, folder))
        await asyncio.to_thread(ours.wait_ready)
        stack.enter_context(flood(statsd, rate, folder))
        await asyncio.sleep(1)
        taken = await measure(ami, broker.side, times)
    _tell(taken, rate)


def _tell(taken: list[float], rate: int) -> None:
    cuts = quantiles(taken, n=1000)
    shown = [cuts[499], cuts[899], cuts[989], max(taken)]
    print(f"{rate:>8} packets/s  " + "  ".join(f"{each * 1e3:7.2f}" for each in shown))


def main() -> None:
    """Measure without and with StatsD beside it."""
    parser = wording.options(__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=20_000)
    options = parser.parse_args()
    options.times = 20 if options.smoke else options.times
    print(f"{options.times} alerts; milliseconds\n{'':20}{'p50':>8}{'p90':>9}{'p99':>9}{'max':>9}")
    for rate in (0, options.rate):
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run(Path(folder), options.times, rate))


if __name__ == "__main__":
    main()
