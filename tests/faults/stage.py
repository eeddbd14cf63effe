"""The stage of the fault tests: a whole bridge in this process, between a simulated PBX and two sinks.

demo PBX (AMI, SNMP) --proxies--> bridge --proxies--> recorder in place of carbon, and a real mosquitto
numbered facts over UDP  -------^
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bridge.app import App
from bridge.core import own
from bridge.core.sample import BRIDGE
from bridge.demo.ami_server import AmiServer
from bridge.demo.snmp_agent import COMMUNITY, SnmpAgent
from bridge.demo.traffic import Traffic
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Part
from bridge.settings import Settings
from tests.faults.oracle import Account, Fact, Obligations, Verdict, judge_lines, judge_topics, packets
from tests.faults.proxy import LOOPBACK, TcpProxy, UdpProxy
from tests.faults.recorder import Recorder, Subscriber
from tests.servers.mosquitto import Broker
from tests.servers.process import free_port

FACTS = int(os.environ.get("TEST_FACTS", "6000"))
"""Numbered facts of each scenario."""
BURST = 10
"""Datagrams sent at once; between two bursts the bridge has its turn."""
PATIENCE = 30.0 + FACTS / 2000
"""Seconds in which everything must have arrived after a fault."""
SINKS = ("graphite", "mqtt")
INTERVAL = 0.25
"""Seconds between polls."""
MANY = 1_000_000
"""More than there is of anything."""


class Pbx:
    """The simulated PBX behind its proxies; it can be restarted, as a new one with all counters at 0."""

    def __init__(self) -> None:
        self.ami = TcpProxy(0)
        self.snmp = UdpProxy(0, seed=0)
        self.snmp_port = 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.ami)
        self.snmp_port = await self._stack.enter_async_context(self.snmp.running())
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self._stack.aclose()

    async def start(self) -> None:
        """Begin with all counters at 0, on the same addresses."""
        self._traffic = Traffic(1, time.time() - 60)
        self._manager = AmiServer(self._traffic.pbx, "bridge", "secret")
        self._agent = SnmpAgent(self._traffic.pbx)
        self.ami.port = await self._manager.start()
        self.snmp.port = self._agent.start()
        self._life = asyncio.create_task(self._live(), name="simulated PBX")

    async def stop(self) -> None:
        """Its connections break, and nothing answers any more."""
        self._life.cancel()
        await asyncio.gather(self._life, return_exceptions=True)
        await self._manager.stop()
        self._agent.stop()

    async def _live(self) -> None:
        """Let time pass; each step is one execution of the dialplan more, so that numbers differ."""
        while True:
            self._manager.publish(self._traffic.step(time.time()))
            self._traffic.pbx.processed += 1
            await asyncio.sleep(0.1)


@dataclass
class Stage:
    """All that a scenario acts on.

    Attributes:
        app: the bridge.
        obligations: what its pipeline has accepted.
        pbx: the simulated PBX.
        graphite: on the way to the recorder.
        mqtt: on the way to the broker.
        recorder: has what came to Graphite.
        broker: the real one.
        subscriber: hears the facts at the broker.
        statsd: the port to which facts are sent.
        accounts: the ledger of each sink when the bridge has stopped.
        stack: leaves with the stage what a scenario enters.
        imbalance: the largest that was ever seen in a ledger.
        sent: how many facts were sent.
        lost: how many of them never reached the socket.
        fresh: seconds that a fact took from the end of the fault to both sinks.
    """

    app: App
    obligations: Obligations
    pbx: Pbx
    graphite: TcpProxy
    mqtt: TcpProxy
    recorder: Recorder
    broker: Broker
    subscriber: Subscriber
    statsd: int
    accounts: Mapping[str, Account] = field(default_factory=dict)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    imbalance: float = 0.0
    sent: int = 0
    lost: int = 0
    fresh: float = 0.0

    async def send(self, amount: int) -> None:
        """Send the next facts."""
        facts = [Fact(number) for number in range(self.sent, self.sent + amount)]
        self.sent += amount
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number, data in enumerate(packets(facts)):
                sender.sendto(data, (LOOPBACK, self.statsd))
                if number % BURST == BURST - 1:
                    await asyncio.sleep(0.005)

    async def until(self, condition: Any, what: str) -> None:
        """Wait for a condition."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            accounts = {sink: Account.of(self.app._health, sink) for sink in SINKS}
            told = (len(self.obligations.facts), self.sent, self.lost)
            raise AssertionError(f"gave up waiting for {what}: {told} {accounts}") from None

    def is_down(self, *sinks: str) -> bool:
        """Whether the bridge knows that none of these sinks works."""
        states = self.app._health.states()
        return not any(states[Part("sink", "bridge", sink)] for sink in sinks)

    def is_behind(self, sink: str) -> bool:
        """Whether samples wait for the sink that should have gone."""
        return self.waiting(sink) > 500

    def waiting(self, sink: str) -> float:
        """How many samples were not sent to the sink yet."""
        found = {sample.series: sample.value for sample in self.app._health.samples(0)}
        gauges = (own.SINK_BUFFERED, own.SINK_UNCONFIRMED)
        buffered, unconfirmed = (found[gauge.series(BRIDGE, sink)] for gauge in gauges)
        return buffered - unconfirmed

    def works(self) -> bool:
        """Whether the bridge says that everything works."""
        return not self.app._health.missing()

    async def accepted(self) -> None:
        """Wait until the pipeline has accepted all that reached the socket."""
        await self.until(
            lambda: len(self.obligations.facts) == self.sent - self.lost, "the facts to be accepted"
        )

    async def try_fresh(self) -> None:
        """Send one more fact, and take the time until both sinks have it."""
        began = time.monotonic()
        fact = Fact(self.sent)
        await self.send(1)
        await self.until(lambda: fact.line in self.recorder.lines, "a fresh fact at Graphite")
        shown = (fact.topic, str(fact.number))
        await self.until(lambda: shown in self.subscriber.listen()[-1000:], "a fresh fact at the broker")
        self.fresh = time.monotonic() - began

    async def settled(self) -> None:
        """Wait until all facts have arrived."""
        due = {Fact(number).line for number in self.obligations.facts}
        await self.until(lambda: self.recorder.lines.keys() >= due, "all at Graphite")
        last = {Fact(number).topic: str(number) for number in sorted(self.obligations.facts)}

        def shown() -> bool:
            return dict(self.subscriber.listen()).items() >= last.items()

        await self.until(shown, "the last of each topic at the broker")
        await self.until(lambda: not any(map(self.waiting, SINKS)), "nothing to wait")

    async def audit(self) -> None:
        """Look at the ledgers all the time."""
        while True:
            await asyncio.sleep(0.02)
            for sink in SINKS:
                self.imbalance = max(self.imbalance, abs(Account.of(self.app._health, sink).imbalance))

    def verdicts(self) -> dict[str, Verdict]:
        """What the judge says of each sink."""
        return {
            "graphite": judge_lines(self.obligations, self.recorder.lines),
            "mqtt": judge_topics(self.obligations, self.subscriber.listen()),
        }


@dataclass(frozen=True)
class House:
    """What a stage is built from.

    Attributes:
        broker: a real mosquitto, empty.
        subscriber: hears the facts there.
        clock: the bridge's.
        spool: where the bridge keeps what waits; None for memory only.
        graphite: how the bridge calls the machine of Graphite.
        others: further settings, by section.
    """

    broker: Broker
    subscriber: Subscriber
    clock: SystemClock = field(default_factory=SystemClock)
    spool: Path | None = None
    graphite: str = LOOPBACK
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@asynccontextmanager
async def running(house: House) -> AsyncIterator[Stage]:
    """A bridge on its stage, which stops with the block; what waits is then delivered."""
    statsd = free_port(socket.SOCK_DGRAM)
    async with (
        Recorder() as recorder,
        TcpProxy(recorder.port) as graphite,
        TcpProxy(house.broker.port) as mqtt,
        Pbx() as pbx,
    ):
        obligations = Obligations()
        settings = _settings(house, pbx, (graphite.own_port, mqtt.own_port, statsd))
        app = App(settings, lambda: settings, [obligations.accept], spool=house.spool, clock=house.clock)
        parts = (pbx, graphite, mqtt, recorder, house.broker, house.subscriber)
        stage = Stage(app, obligations, *parts, statsd)
        async with stage.stack, asyncio.TaskGroup() as group:
            group.create_task(app.run(), name="bridge")
            await stage.until(lambda: app._health.states() and stage.works(), "the bridge to be ready")
            audit = group.create_task(stage.audit(), name="audit")
            yield stage
            audit.cancel()
            app.signals.stop()
        stage.accounts = {sink: Account.of(app._health, sink) for sink in SINKS}


def _settings(house: House, pbx: Pbx, ports: Sequence[int]) -> Settings:
    graphite, mqtt, statsd = ports
    listen = f"udp://127.0.0.1:{statsd}"
    polled = {"host": LOOPBACK, "interval": INTERVAL, "timeout": 1}
    hq = {
        "ami": polled | {"port": pbx.ami.own_port, "username": "bridge", "secret": "secret"},
        "snmp": polled | {"port": pbx.snmp_port, "community": COMMUNITY},
        "statsd": {"senders": [LOOPBACK]},
    }
    sections: dict[str, dict[str, Any]] = {
        "pbx": {"hq": hq},
        "statsd": {"listen": listen, "flush_interval": "100ms", "max_series": MANY},
        "graphite": {"url": f"tcp://{house.graphite}:{graphite}", "timeout": "500ms", "resend": "2s"},
        "mqtt": {"url": f"mqtt://127.0.0.1:{mqtt}", "layout": "metric", "qos": 1, "timeout": "500ms"},
        "http": {"listen": "off"},
        "spool": {"replay": MANY},
    }
    sections["mqtt"]["buffer"] = MANY
    for name, section in house.others.items():
        sections[name] |= section
    return Settings.model_validate({"self_interval": "500ms", "stop_timeout": "30s", **sections})
