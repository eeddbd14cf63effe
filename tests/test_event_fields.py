"""Whatever stands in a field of an event: no control character leaves the bridge, and few lines are logged.

Phones put any bytes into names, and Asterisk passes them on. 2,000 events, recorded from Asterisk, go through
the whole bridge with such bytes in every field.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import aiomqtt
import pytest

from bridge import log
from bridge.app import App
from bridge.core import own
from bridge.core.sample import Sample
from bridge.demo.broker import broker
from bridge.settings import Settings
from tests.asterisk.recorded import events
from tests.servers.process import free_port
from tests.sources.ami.scripted import ScriptedAmi, recorded
from tests.test_privacy import fetch

EVENTS = 2_000
LOG_LINES = 30
"""What is logged of a bridge that starts, works and stops, however much it hears."""

PAYLOADS = (
    *(bytes([code]) for code in range(1, 32) if code != 10),
    b"\x00",
    b"\x7f",
    b"\n",
    b"\r\nX-Forged: 1",
    *(chr(code).encode() for code in range(0x80, 0xA0)),
    *(bytes([code]) for code in range(0x80, 0xA0)),
    b"\x1b[31mred\x1b[0m",
    b"\x1b]0;title\x07",
    b"\x1b[2J\x1b[H",
    *(chr(code).encode() for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))),
    *(chr(code).encode() for code in (0x85, 0xAD, 0xFEFF, 0x2028, 0x2029, 0xE000, 0xFFFE)),
    b'"} 1\nasterisk_forged 1',
    b"asterisk.hq.forged 1 1\n",
    b"forged:1|c",
    b"<script>",
    b"\xff\xfe\xed\xa0\x80",
)
"""C0, DEL, C1 in UTF-8 and in Latin-1, ANSI sequences, what turns the direction of text, lines of sinks."""
FORGED = ("asterisk_forged", "asterisk.hq.forged", "forged")
"""What those lines would begin with, if a sink wrote them as they are."""

RECORDED = [
    message for name in ("22/events", "22/bridges", "16/events", "16/channel-use") for message in events(name)
]
KEPT = {"Event", "Privilege", "ActionID"}


def hostile(chance: Random) -> bytes:
    """A recorded event with a payload in every field."""
    message = chance.choice(RECORDED)
    lines = [b"Event: " + message.event.encode()]
    for key, value in message.pairs:
        if key not in KEPT:
            payload = b"".join(chance.choices(PAYLOADS, k=chance.randrange(1, 3)))
            lines.append(key.encode() + b": " + chance.choice([value.encode(), b""]) + payload)
    return b"\r\n".join(lines) + b"\r\nPrivilege: call,all\r\n\r\n"


class Outside:
    """Everything that can be seen of the bridge from outside, by where."""

    def __init__(self) -> None:
        self.said: dict[str, list[str]] = {}

    def add(self, where: str, data: bytes) -> None:
        self.said.setdefault(where, []).append(data.decode())

    def lines(self) -> list[str]:
        """All lines, wherever they are seen."""
        return [line for texts in self.said.values() for line in "".join(texts).split("\n")]


@asynccontextmanager
async def graphite(outside: Outside) -> AsyncIterator[int]:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            outside.add("graphite", data)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class StatsdServer(asyncio.DatagramProtocol):
    def __init__(self, outside: Outside) -> None:
        self.outside = outside

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.outside.add("statsd", data + b"\n")


async def mqtt(port: int, outside: Outside) -> None:
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V311) as client:
        await client.subscribe("#")
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            outside.add("mqtt", f"{message.topic} ".encode() + message.payload + b"\n")


async def heard(outside: Outside, stream: bytes) -> list[Sample]:
    """Run the whole bridge until it has heard the stream and polled after it."""
    seen: list[Sample] = []
    server = ScriptedAmi(recorded())
    mqtt_port, http = free_port(), free_port()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: StatsdServer(outside), ("127.0.0.1", 0))
    async with server.running(), graphite(outside) as carbon, broker(mqtt_port), asyncio.TaskGroup() as group:
        statsd = transport.get_extra_info("sockname")[1]
        settings = settings_for(server, carbon, mqtt_port, http, statsd)
        app = App(settings, settings.model_copy, [seen.extend])
        listening = group.create_task(mqtt(mqtt_port, outside))
        running = group.create_task(app.run())

        async def until(condition: Callable[[], bool]) -> None:
            async with asyncio.timeout(60):
                while not condition():
                    await asyncio.sleep(0.02)

        await until(lambda: last(seen, own.SOURCE_POLLS) >= 1)
        server.say(stream)
        await until(lambda: last(seen, own.SOURCE_EVENTS) >= EVENTS)
        polls = last(seen, own.SOURCE_POLLS)
        await until(lambda: last(seen, own.SOURCE_POLLS) >= polls + 2)
        for page in ("metrics", "readyz"):
            outside.add(f"/{page}", (await asyncio.to_thread(fetch, http, page)).encode())
        app.signals.stop()
        await running
        listening.cancel()
    transport.close()
    return seen


def settings_for(server: ScriptedAmi, carbon: int, mqtt_port: int, http: int, statsd: int) -> Settings:
    return Settings.model_validate(
        {
            "pbx": {"hq": {"ami": server.settings(interval=0.3)}},
            "statsd": {"enabled": False},
            "graphite": {"url": f"tcp://127.0.0.1:{carbon}"},
            "mqtt": {"url": f"mqtt://127.0.0.1:{mqtt_port}", "version": "3.1.1"},
            "statsd_out": {"url": f"udp://127.0.0.1:{statsd}"},
            "http": {"listen": f"127.0.0.1:{http}"},
            "console": {"enabled": True},
            "privacy": {"agent": "show", "address": "show", "caller": "show"},
            "self_interval": "100ms",
            "stop_timeout": "2s",
        }
    )


def last(seen: list[Sample], metric: object) -> float:
    name = getattr(metric, "name", "")
    return next((one.value for one in reversed(seen) if one.series.name == name), 0)


def test_no_control_character_leaves_by_any_sink_and_the_log_stays_short(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure("debug", "text")
    chance, outside = Random(1), Outside()
    stream = b"".join(hostile(chance) for _ in range(EVENTS))

    seen = asyncio.run(heard(outside, stream))

    said = capsys.readouterr()
    outside.add("console", said.out.encode())
    outside.add("log", said.err.encode())
    lines = said.err.count("\n")
    print(f"{len({one.series for one in seen})} series, {lines} lines of log")
    assert {"graphite", "mqtt", "/metrics", "console", "log", "statsd"} <= outside.said.keys()
    assert [line for line in outside.lines() if not line.isprintable()] == []
    assert [line for line in outside.lines() if line.startswith(FORGED)] == []
    assert lines <= LOG_LINES
