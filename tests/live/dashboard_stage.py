"""A day on a PBX in half a minute: what the panels of the dashboards show has happened, and is stored.

A real Asterisk with a trunk, a queue and calls of all kinds, and an AMI server that says what cards, faxes,
IAX2 and mailboxes would, since a laboratory has none. Two bridges read both, one for each layout of Graphite;
Prometheus scrapes the first.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError

from tests.asterisk.recorded import raw
from tests.dashboards.client import asked, dashboards, marked
from tests.dashboards.sources import GraphiteSource, PrometheusSource, Source, everything, has_data
from tests.live.alert_stage import call, fail_to_log_in
from tests.live.asterisk import Account, Asterisk, Ports, asterisk
from tests.live.calls import caller, draw
from tests.live.stage import QUICK, section
from tests.servers.bridge import Bridge, bridge
from tests.servers.graphite import GraphiteServer
from tests.servers.mosquitto import Broker, mosquitto
from tests.servers.process import free_port, wait_until
from tests.servers.prometheus import PrometheusServer, prometheus
from tests.sources.ami.scripted import ScriptedAmi, recorded

CALLS, SEED = 150, 6
TALKS = 3
"""Calls that send speech both ways until the end, so that there are reports on it."""

PJSIP = """
[acme](loopback)
aors = acme
from_user = loop
[acme]
type = aor
contact = sip:acme@127.0.0.1:{sip}
qualify_frequency = 1
[acme]
type = registration
transport = udp
outbound_auth = phone
server_uri = sip:127.0.0.1:{sip}
client_uri = sip:phone@127.0.0.1:{sip}
max_random_initial_delay = 0
"""
DIALPLAN = """
[speech]
exten => tone,1,Answer()
 same => n,Milliwatt()
[calls](+)
include => speech
"""
ALL = Account("all", "live-all")
ACCOUNT = """
[all]
secret = live-all
read = system,call,agent,reporting,security
write = system,call,reporting,command
"""
TAGS = {
    "GRAPHITE__LAYOUT": "tags",
    "STORE__LAYOUT": "tags",
    "MQTT__PREFIX": "second",
    "MQTT__CLIENT_ID": "second",
}
RULES = {
    "ALERTS__RULE__CALLER_WAITS__METRIC": "queue.waiting",
    "ALERTS__RULE__CALLER_WAITS__ABOVE": "0",
    "ALERTS__RULE__CALLER_WAITS__SEVERITY": "info",
}


def listed(event: str, *items: dict[str, str]) -> bytes:
    """An answer to an action that gives a list."""
    blocks = [
        {"Response": "Success", "ActionID": "?", "EventList": "start"},
        *({"Event": event, "ActionID": "?", **item} for item in items),
        {"Event": f"{event}Complete", "ActionID": "?", "EventList": "Complete"},
    ]
    return b"".join(
        "".join(f"{key}: {value}\r\n" for key, value in block.items()).encode() + b"\r\n" for block in blocks
    )


RARE = {
    "DAHDIShowChannels": listed("DAHDIShowChannels", {"DAHDIChannel": "1", "Alarm": "No Alarm"}),
    "DAHDIShowStatus": listed("DAHDIShowStatus", {"Span": "1", "Alarms": "OK", "IRQ": "4", "CRC": "2"}),
    "PRIShowSpans": listed("PRIShowSpans", {"Span": "1", "DChannel": "16", "Alarm": "No", "Up": "Yes"}),
    "FAXStats": raw("22/FAXStats"),
    "IAXpeers": raw("22/IAXpeers"),
    "IAXregistry": raw("22/IAXregistry"),
}


class Rarities:
    """The AMI server, in a thread of its own."""

    def __init__(self) -> None:
        replies = recorded() | RARE
        listing = b"".join(f"{name}: Text.  (Priv: reporting,all)\r\n".encode() for name in RARE)
        replies["ListCommands"] = replies["ListCommands"].replace(b"\r\n\r\n", b"\r\n" + listing + b"\r\n", 1)
        self._server = ScriptedAmi(replies)
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run()], name="ami")
        self._started = threading.Event()

    async def _run(self) -> None:
        async with self._server.running():
            self._started.set()
            await self._over.wait()

    @contextlib.contextmanager
    def running(self) -> Iterator["Rarities"]:
        """Serve until the block ends."""
        self._thread.start()
        self._started.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join()
            self._loop.close()

    @property
    def settings(self) -> dict[str, str]:
        """Settings of the bridge's AMI section."""
        port = str(self._server.port)
        return {"host": "127.0.0.1", "port": port, "username": "bridge", "secret": "s3cret", **QUICK}

    def hang_up(self) -> None:
        """Close every session."""
        self._loop.call_soon_threadsafe(self._server.hang_up)


class Lean(GraphiteServer):
    """Series of ten minutes, so that thousands of files are made in seconds, and tags in greater heaps."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        carbon, schemas = home / "carbon.conf", home / "storage-schemas.conf"
        carbon.write_text(carbon.read_text().replace("TAG_BATCH_SIZE = 1\n", "TAG_BATCH_SIZE = 500\n"))
        schemas.write_text(schemas.read_text().replace("1s:1d", "1s:10m"))
        self._tagged = home / "whisper" / "_tagged"

    def knows_its_tags(self) -> bool:
        """Whether every series with tags can be searched for; graphite-web may fail until then."""
        stored = sum(1 for _ in self._tagged.rglob("*.wsp"))
        with contextlib.suppress(HTTPError):
            return 0 < stored <= len(self.get("/tags/findSeries", expr="name=~."))
        return False


class Stage(NamedTuple):
    """What a test sees.

    Attributes:
        own: bridges that answer from their own stores, by the layout of names.
        since: Unix time at which the first value may have been stored.
    """

    graphite: GraphiteServer
    prometheus: PrometheusServer
    own: Mapping[str, Bridge]
    since: float


@contextlib.contextmanager
def furnished(folder: Path) -> Iterator[Stage]:
    """The databases, when all has happened and is stored; whoever told them of it has ended."""
    homes = {name: folder / name for name in ("carbon", "prometheus", "path", "tags", "mosquitto")}
    for home in homes.values():
        home.mkdir()
    since = time.time()
    with contextlib.ExitStack() as stack:
        graphite = Lean(homes["carbon"])
        stack.callback(graphite.stop)
        graphite.start()
        stack.enter_context(graphite.web())
        with contextlib.ExitStack() as life:
            broker = life.enter_context(mosquitto(homes["mosquitto"]))
            pbx = life.enter_context(_pbx())
            rare = life.enter_context(Rarities().running())
            settings = _settings(pbx, rare, broker, graphite)
            first = _Own(life, homes["path"], settings)
            scraper = stack.enter_context(prometheus(homes["prometheus"], first.bridge.port))
            bridges = [first, _Own(life, homes["tags"], settings | TAGS)]
            sources: list[Source] = [
                GraphiteSource(graphite.web_port, "graphite"),
                GraphiteSource(graphite.web_port, "graphite-tags"),
                PrometheusSource(scraper),
            ]
            for source in sources:
                wait_until(partial(_knows_the_pbx, source, since), f"{source.flavour} to know the PBX")
            _live(pbx, rare, bridges)
            _settle(PrometheusSource(scraper), since, bridges)
        wait_until(graphite.knows_its_tags, "the tags of all series")
        own = {layout: stack.enter_context(_reader(homes[layout], layout)) for layout in ("path", "tags")}
        yield Stage(graphite, scraper, own, since)


def _reader(home: Path, layout: str) -> contextlib.AbstractContextManager[Bridge]:
    """A bridge that reads no PBX, and answers from the store that another has left."""
    settings = {"STATE_DIR": str(home), "STORE__ENABLED": "true", "STORE__LAYOUT": layout}
    return bridge(settings | {"ALERTS__ENABLED": "false", "SELF_INTERVAL": "1h"}, home)


def _knows_the_pbx(source: Source, since: float) -> bool:
    """Whether a database has the number of starts: only what it knew before can be seen to rise.

    Tags cannot be searched yet: graphite-web fails while carbon writes them into the same file.
    """
    text = {
        "graphite": "asterisk.hq.system.starts",
        "graphite-tags": "asterisk.system.starts;pbx=hq",
        "prometheus": 'asterisk_system_starts_total{pbx="hq"}',
    }
    return bool(source.numbers(text[source.flavour], since, instant=False))


def _settle(source: Source, since: float, bridges: Sequence["_Own"]) -> None:
    """Wait until one database has all that dashboards ask for, and all bridges know as much."""
    missing = {
        query: everything(source, board)
        for board in dashboards(source.flavour).values()
        for query in (*asked(board), *marked(board))
    }

    def told() -> bool:
        for query, choices in [*missing.items()]:
            if has_data(source, query, choices, since):
                del missing[query]
        return not missing

    with contextlib.suppress(TimeoutError):
        wait_until(told, "data")
    assert not missing, f"no data: {sorted(query.place for query in missing)}"
    first, second = (each.names for each in bridges)
    wait_until(lambda: first() <= second(), "the same data at the other bridge")


@contextlib.contextmanager
def _pbx() -> Iterator[Asterisk]:
    with asterisk("22", Ports.choose()) as pbx:
        etc = pbx.home / "etc"
        for name, more in {
            "pjsip.conf": PJSIP.format(sip=pbx.ports.sip),
            "extensions.conf": DIALPLAN,
            "manager.conf": ACCOUNT,
            "rtp.conf": "rtcpinterval = 500\n",
        }.items():
            with (etc / name).open("a") as file:
                file.write(more)
        manager = etc / "manager.conf"
        manager.write_text(manager.read_text().replace("[general]\n", "[general]\ntimestampevents = yes\n"))
        pbx.cli("manager reload")
        yield pbx


def _settings(pbx: Asterisk, rare: Rarities, broker: Broker, graphite: GraphiteServer) -> dict[str, str]:
    ami = pbx.ports.ami_settings(ALL) | QUICK | {"cli": "true"}
    return {
        **section("hq", "ami", ami),
        **section("hq", "snmp", pbx.snmp(**QUICK)),
        **section("rare", "ami", rare.settings),
        "GRAPHITE__URL": f"tcp://127.0.0.1:{graphite.line_port}",
        "MQTT__URL": broker.url,
        "STATSD_OUT__URL": f"tcp://127.0.0.1:{free_port()}",
        "STATSD_OUT__BUFFER": "10",
        "STORE__ENABLED": "true",
        "STATSD__ENABLED": "true",
        "PBX__HQ__STATSD__SENDERS": "127.0.0.1",
        "PRIVACY__AGENT": "show",
        "SELF_INTERVAL": "1s",
        "STOP_TIMEOUT": "1s",
        **RULES,
    }


class _Own:
    """A bridge that runs until the stack ends, with a spool and a StatsD port of its own."""

    def __init__(self, stack: contextlib.ExitStack, home: Path, settings: dict[str, str]) -> None:
        self._port = free_port(socket.SOCK_DGRAM)
        own = {"STATE_DIR": str(home), "STATSD__LISTEN": f"udp://127.0.0.1:{self._port}"}
        self.bridge = stack.enter_context(bridge(settings | own, home))

    def annoy(self) -> None:
        """Ask it for what it has not, and send it a good line and a bad one."""
        self.bridge.get("/no/such/page")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for line in (b"calls:1|c", b"nothing", b"PJSIP.registrations.count:1|g"):
                sender.sendto(line, ("127.0.0.1", self._port))

    def names(self) -> set[str]:
        """The names of all metrics that it has told of."""
        return {name for name, *_ in self.bridge.metrics()}

    def knows_starts(self, times: int) -> Callable[[], bool]:
        """Whether it has seen the PBX start so often."""
        return lambda: self.bridge.metrics().get(("asterisk_system_starts_total", "hq"), -1) >= times


def _live(pbx: Asterisk, rare: Rarities, bridges: Sequence[_Own]) -> None:
    """Have everything happen that a panel shows."""
    for each in bridges:
        each.annoy()
    pbx.restart()  # it brings the trunk into force, and is a mark in every panel
    for each in bridges:
        wait_until(each.knows_starts(1), "the PBX to be back")
    rare.hang_up()
    fail_to_log_in(pbx, 2)
    wait_until(lambda: "Registered" in pbx.cli("pjsip show registrations"), "the trunk")
    for _ in range(TALKS):
        pbx.cli("channel originate PJSIP/tone@acme application Milliwatt")
    call(pbx, "queue@calls", times=2)
    call(pbx, "conference@calls", times=2)
    asyncio.run(_place(pbx))


async def _place(pbx: Asterisk) -> None:
    async with caller(pbx) as session:
        await session.place(draw(CALLS, SEED))
