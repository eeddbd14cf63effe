"""Nobody is named unless a setting says so: not in any sink, page, topic, log line or file.

Numbers, names, SIP URIs and addresses are planted into what real Asterisk servers said over AMI and SNMP,
into StatsD lines, and secrets into the settings; then all of it goes through the whole bridge.

The name of a bucket is not looked at: it is the user's own, and he sends it to have it published.
"""

import asyncio
import gzip
import itertools
import re
import socket
import urllib.request
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import pytest

from bridge import log
from bridge.app import App
from bridge.asterisk.mib import OBJECTS, Syntax, Value
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample
from bridge.demo.broker import broker
from bridge.pipeline.memory import Memory
from bridge.settings import Settings
from tests.servers.process import free_port
from tests.servers.snmpd import COMMUNITY, Agent, recording, snmpd
from tests.sources.ami.scripted import ScriptedAmi, recorded

pytestmark = pytest.mark.live

RECORDINGS = Path(__file__).parent / "data" / "recordings"
NUMBERS = tuple(f"4930555{number:04}" for number in range(125))
NAMES = tuple(f"Quill{number:04}" for number in range(125))
USERS = tuple(f"quinoa{number:04}" for number in range(125))
HOSTS = tuple(f"203.0.113.{number}" for number in range(100, 225))
DOT = r"(?:[._-]|%2[Ee])"
"""A dot, in any way that a sink may write it."""
SECRETS = ("s3cret", "Mq7Password", "Pr1vacyKeyPr1vacyKey")

KINDS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (r"\w*(?:CallerID|ConnectedLine|CID)(?:Num|num|ani|dnid|rdnis|ANI)", NUMBERS, "+{}"),
    (r"\w*Exten(?:sion)?|\w*Account[Cc]ode|Destination|PeerAccount|User[Ff]ield", NUMBERS, "{}"),
    (r"\w*(?:CallerID|ConnectedLine)(?:Name|name)|CallerID|Source|UserAgent|PausedReason", NAMES, "{} X"),
    (r"MemberName|Name(?=: [^\r\n]*\r\nLocation)", NAMES, "{}"),
    (r"(?:State)?Interface|Location", NUMBERS, "Local/{}@agents/n"),
    (
        r"URI|Uri|\w*DialString|App(?:lication)?Data|LastData|AccountID|Extra|Value",
        USERS,
        "sip:{}@example.org",
    ),
    (r"RemoteAddress|LocalAddress|Address|ViaAddr(?:ess)?|IPaddress", HOSTS, "IPV4/UDP/{}/5060"),
    (r"From|To", HOSTS, "{}:4000"),
)
"""Headers of AMI that say who or where somebody is, what is planted there, and how it looks."""


@dataclass
class Gardener:
    """Plants words, one after the other, and remembers which."""

    planted: set[str] = field(default_factory=set)
    beds: dict[tuple[str, ...], "itertools.cycle[str]"] = field(default_factory=dict)

    def word(self, words: tuple[str, ...]) -> str:
        bed = self.beds.setdefault(words, itertools.cycle(words))
        word = next(bed)
        self.planted.add(word)
        return word

    def ami(self, stream: bytes) -> bytes:
        """What an Asterisk said, with planted words in all headers that are personal."""
        text = stream.decode("latin-1")
        for names, words, shape in KINDS:

            def planted(match: re.Match[str], words: tuple[str, ...] = words, shape: str = shape) -> str:
                return match[1] + shape.format(self.word(words))

            text = re.sub(rf"(?m)^((?:{names}): )(?=[^\r\n])[^\r\n]*", planted, text)
        return self.channels(text).encode("latin-1")

    def channels(self, text: str) -> str:
        """With every third channel one of a caller who is known by his address or number alone."""
        shapes = itertools.cycle(("{0}", "{0}", "SIP/{1}-{2}", "{0}", "{0}", "Local/{3}@from-{3}-{2};1"))

        def channel(match: re.Match[str]) -> str:
            unique = f"{abs(hash(match[2])) % 16**8:08x}"
            name = next(shapes).format(match[2], self.word(HOSTS), unique, self.word(NUMBERS))
            return match[1] + name

        return re.sub(r"(?m)^((?:Dest)?Channel: )([^\r\n]+)", channel, text)

    def snmp(self) -> dict[tuple[int, ...], Value]:
        """What Asterisk answered over SNMP, with planted words in every text of the channel table."""
        values = dict(recording())
        personal = {
            OBJECTS[f"astChan{name}"].oid for name in ("Name", "Bridge", "Data", "CidNum", "CidName", "Exten")
        }
        for oid, value in values.items():
            if oid[:-1] in personal and value.data:
                values[oid] = Value(Syntax.TEXT, self.word(NAMES).encode())
        return values

    def statsd(self) -> list[bytes]:
        """Lines that are refused, members of sets, texts of events, and tags that name people."""
        refused = [f"{self.word(words)} calls|{self.word(words)}" for words in (NUMBERS, NAMES, USERS, HOSTS)]
        sets = [f"callers:{self.word(words)}|s" for words in (NUMBERS, NAMES)]
        tags = [
            f"calls:+1|g|#{tag}:{self.word(words)}"
            for tag, words in (("caller", NUMBERS), ("agent", NAMES), ("address", HOSTS))
        ]
        event = f"_e{{9,13}}:{self.word(NAMES)}|{self.word(NUMBERS)}"
        return [line.encode() for line in (*refused, *sets, *tags, event)]


@dataclass
class Outside:
    """Everything that can be seen of the bridge from outside."""

    said: dict[str, str] = field(default_factory=dict)

    def add(self, where: str, text: str) -> None:
        self.said[where] = self.said.get(where, "") + text

    def hits(self, words: Iterable[str]) -> set[tuple[str, str]]:
        """Where a planted word can be read, in whatever way its dots are written."""
        return {
            (where, word)
            for where, text in self.said.items()
            for word in words
            if re.search(re.escape(word).replace(r"\.", DOT), text)
        }


@asynccontextmanager
async def graphite(outside: Outside) -> AsyncIterator[int]:
    """A Graphite that listens."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            outside.add("graphite", data.decode())
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def mqtt(port: int, outside: Outside) -> None:
    """Subscribe to everything."""
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V311) as client:
        await client.subscribe("#")
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            outside.add("mqtt", f"{message.topic} {message.payload.decode()}\n")


class Garden:
    """The whole bridge, and everything around it.

    Args:
        folder: where the state goes.
        privacy: its settings of privacy.
    """

    def __init__(self, folder: Path, agent: Agent, privacy: dict[str, str]) -> None:
        self.gardener = Gardener()
        self.outside = Outside()
        self.agent = agent
        self.privacy = privacy
        self.state = folder / "state.json"
        self.seen: list[Sample] = []

    async def grow(self) -> None:
        """Run the bridge until it has taken everything."""
        self.agent.answer(self.gardener.snmp())
        replies = {name: self.gardener.ami(reply) for name, reply in recorded().items()}
        events = b"".join(
            self.gardener.ami(gzip.decompress((RECORDINGS / f"{name}/ami-events.txt.gz").read_bytes()))
            for name in ("mixed-22", "queues-16", "failures-16")
        )
        ami = ScriptedAmi(replies | {"QueueStatus": self.gardener.ami(recorded()["QueueStatus"])})
        mqtt_port, http, statsd = free_port(), free_port(), free_port(socket.SOCK_DGRAM)
        async with (
            ami.running(),
            graphite(self.outside) as carbon,
            broker(mqtt_port),
            asyncio.TaskGroup() as group,
        ):
            app = App(
                self.settings(ami, carbon, mqtt_port, http, statsd),
                self.settings_stay,
                [self.seen.extend],
                Memory(self.state),
            )
            listening = group.create_task(mqtt(mqtt_port, self.outside))
            running = group.create_task(app.run())
            await self.sees(own.SOURCE_POLLS.series("hq", "ami"), 1)
            await self.sees(own.SOURCE_POLLS.series("hq", "snmp"), 1)
            ami.say(events)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for line in self.gardener.statsd():
                    sender.sendto(line, ("127.0.0.1", statsd))
            await self.sees(own.SOURCE_EVENTS.series("hq", "ami"), events.count(b"\nEvent: "))
            await self.sees(own.LISTENER_LINES.series(BRIDGE, "udp"), 5)
            polls = self.last(own.SOURCE_POLLS.series("hq", "ami"))
            await self.sees(own.SOURCE_POLLS.series("hq", "ami"), polls + 2)
            for page in ("metrics", "readyz", "livez"):
                self.outside.add(f"/{page}", await asyncio.to_thread(fetch, http, page))
            self.outside.add("health", str(app._health.report()))
            app.signals.stop()
            await running
            await self.hears_the_farewell()
            listening.cancel()
        self.outside.add("state", self.state.read_text())

    async def hears_the_farewell(self) -> None:
        """The broker passes on in order, and takes its time: what comes last is what the bridge says last."""
        async with asyncio.timeout(60):
            while 'bridge/state {"state":"offline"}' not in self.outside.said.get("mqtt", ""):
                await asyncio.sleep(0.05)

    def settings(self, ami: ScriptedAmi, carbon: int, mqtt_port: int, http: int, statsd: int) -> Settings:
        snmp = {"host": "127.0.0.1", "port": self.agent.port, "community": COMMUNITY, "interval": "100ms"}
        return Settings.model_validate(
            {
                "pbx": {"hq": {"ami": ami.settings(), "snmp": {**snmp, "channel_table": True}}},
                "statsd": {"listen": f"udp://127.0.0.1:{statsd}", "flush_interval": "100ms"},
                "graphite": {"url": f"tcp://127.0.0.1:{carbon}"},
                "mqtt": {
                    "url": f"mqtt://127.0.0.1:{mqtt_port}",
                    "version": "3.1.1",
                    "username": "u",
                    "password": SECRETS[1],
                },
                "http": {"listen": f"127.0.0.1:{http}"},
                "console": {"enabled": True},
                "privacy": self.privacy,
                "self_interval": "100ms",
                "stop_timeout": "20s",
            }
        )

    def settings_stay(self) -> Settings:
        raise NotImplementedError

    def last(self, series: object) -> float:
        return next((sample.value for sample in reversed(self.seen) if sample.series == series), 0)

    async def sees(self, series: object, value: float) -> None:
        async with asyncio.timeout(60):
            while self.last(series) < value:
                await asyncio.sleep(0.05)


def fetch(port: int, page: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode())


def grown(folder: Path, capsys: pytest.CaptureFixture[str], **privacy: str) -> Garden:
    """The garden after the bridge has run in it with these settings of privacy."""
    log.configure("debug", "json")
    with snmpd(folder / "snmpd", recording()) as agent:
        garden = Garden(folder, agent, privacy)
        asyncio.run(garden.grow())
    said = capsys.readouterr()
    garden.outside.add("console", said.out)
    garden.outside.add("log", said.err)
    return garden


def test_nobody_is_named_anywhere_by_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    garden = grown(tmp_path, capsys, key=SECRETS[2])

    assert len(garden.gardener.planted) == 500
    assert {"graphite", "mqtt", "/metrics", "console", "log", "health", "state"} <= garden.outside.said.keys()
    assert "bad line" in garden.outside.said["log"]
    assert all(
        "channels" in garden.outside.said[where] for where in ("graphite", "mqtt", "/metrics", "console")
    )
    assert garden.outside.hits((*garden.gardener.planted, *SECRETS)) == set()


def test_what_a_setting_names_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Or the test before would prove nothing: the same words come through when they may."""
    garden = grown(tmp_path, capsys, agent="show", address="show", caller="show", statsd_line="show")

    hits = garden.outside.hits(garden.gardener.planted)
    for words in (NUMBERS, NAMES, HOSTS):
        for where in ("graphite", "mqtt", "/metrics", "console"):
            assert hits & {(where, word) for word in words}, (where, words[0])
    assert any(where == "log" for where, _ in hits)
    assert garden.outside.hits(SECRETS) == set()


def test_what_is_hashed_is_counted_and_named_nowhere_outside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the state has the names, since counters go on by them."""
    garden = grown(tmp_path, capsys, agent="hash", address="hash", caller="hash", key=SECRETS[2])
    del garden.outside.said["state"]

    labels = {(key, value) for sample in garden.seen for key, value in sample.series.labels}
    assert any(key == "agent" and re.fullmatch("[0-9a-f]{16}", value) for key, value in labels)
    assert garden.outside.hits((*garden.gardener.planted, *SECRETS)) == set()
