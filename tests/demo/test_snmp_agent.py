"""The SNMP agent of the simulated PBX, asked by net-snmp's programs and by the bridge's own source."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

import pytest

from bridge.asterisk.catalog.calls import CHANNELS_BRIDGED, TECHNOLOGY_CHANNELS
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE, SNMP_CONNECTED
from bridge.asterisk.mib import ASTERISK, OBJECTS
from bridge.demo.mib_view import variables
from bridge.demo.pbx import Pbx
from bridge.demo.snmp_agent import COMMUNITY, PASSPHRASE, USER, SnmpAgent
from bridge.demo.traffic import Traffic
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import SnmpSettings
from bridge.sources.snmp import SnmpSource
from tests.servers.process import program

START = 1_700_000_000.0
V2C = ("-v2c", f"-c{COMMUNITY}")
V3 = ("-v3", f"-u{USER}", "-lauthPriv", "-aSHA", f"-A{PASSPHRASE}", "-xAES", f"-X{PASSPHRASE}")
CALLS = ".".join(map(str, OBJECTS["astConfigCallsActive"].at()))


@contextlib.contextmanager
def agent() -> Iterator[tuple[Pbx, int]]:
    """A PBX in the middle of the day, and the port of its agent."""
    traffic = Traffic(3, START)
    traffic.step(START + 900)
    answering = SnmpAgent(traffic.pbx)
    try:
        yield traffic.pbx, answering.start()
    finally:
        answering.stop()


def ask(scenario: Callable[[Pbx, int], Awaitable[None]]) -> None:
    """Run a scenario against an agent."""

    async def run() -> None:
        with agent() as (pbx, port):
            await scenario(pbx, port)

    asyncio.run(run())


async def snmp(tool: str, port: int, *arguments: str) -> list[str]:
    """The lines that a program of net-snmp prints; oids and values as numbers.

    Where none has run yet, the first one tells of a directory that it makes.
    """
    options, names = arguments[:-1], arguments[-1].split()
    process = await asyncio.create_subprocess_exec(
        program(tool),
        *options,
        "-Onqet",
        "-r1",
        "-t5",
        f"127.0.0.1:{port}",
        *names,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return [line for line in output.decode().splitlines() if not line.startswith("Created directory")]


@pytest.mark.live
@pytest.mark.parametrize("login", [V2C, V3, ("-v1", f"-c{COMMUNITY}")], ids=["2c", "3", "1"])
def test_a_value_can_be_got_with_each_version(login: tuple[str, ...]) -> None:
    async def scenario(pbx: Pbx, port: int) -> None:
        assert await snmp("snmpget", port, *login, CALLS) == [f".{CALLS} {pbx.dialplan_active}"]

    ask(scenario)


@pytest.mark.live
def test_a_walk_brings_every_variable_in_order() -> None:
    async def scenario(pbx: Pbx, port: int) -> None:
        lines = await snmp("snmpbulkwalk", port, *V2C, "1.3.6.1")

        walked = [line.split(" ", 1)[0] for line in lines if "No more variables" not in line]
        assert walked == ["." + ".".join(map(str, name)) for name in variables(pbx)]

    ask(scenario)


@pytest.mark.live
def test_a_hole_is_no_instance_and_a_stranger_no_object() -> None:
    async def scenario(pbx: Pbx, port: int) -> None:
        root = ".".join(map(str, ASTERISK))
        hole, macro, stranger = f"{root}.5.2.1.6.9999", f"{root}.5.2.1.13.1", "1.3.6.1.4.1.99999.1.0"

        lines = await snmp("snmpget", port, *V2C, f"{hole} {macro} {stranger}")

        assert ["Instance" in line for line in lines] == [True, False, False]
        assert ["Object" in line for line in lines] == [False, True, True]

    ask(scenario)


@pytest.mark.live
@pytest.mark.parametrize(
    ("login", "words"),
    [
        (("-v3", f"-u{USER}", "-lnoAuthNoPriv"), "Unsupported security level"),
        ((*V3[:4], "-Awrong-passphrase", *V3[5:]), "Authentication failure"),
        (("-v3", "-unobody", *V3[2:]), "Unknown user name"),
    ],
    ids=["no authentication", "wrong passphrase", "unknown user"],
)
def test_who_may_not_is_told_so(login: tuple[str, ...], words: str) -> None:
    async def scenario(_: Pbx, port: int) -> None:
        assert words in "".join(await snmp("snmpget", port, *login, CALLS))

    ask(scenario)


@pytest.mark.live
def test_nothing_can_be_written() -> None:
    async def scenario(pbx: Pbx, port: int) -> None:
        refusal = await snmp("snmpset", port, *V2C, f"{CALLS} u 99")

        assert "notWritable" in "".join(refusal)
        assert await snmp("snmpget", port, *V2C, CALLS) == [f".{CALLS} {pbx.dialplan_active}"]

    ask(scenario)


@pytest.mark.live
def test_an_answer_is_of_this_moment() -> None:
    async def scenario(pbx: Pbx, port: int) -> None:
        await snmp("snmpget", port, *V2C, CALLS)
        pbx.call_in("101", "101", "5550100")
        pbx.now += 1

        assert await snmp("snmpget", port, *V2C, CALLS) == [f".{CALLS} {pbx.dialplan_active}"]

    ask(scenario)


def test_the_bridge_polls_it_as_it_polls_asterisk() -> None:
    async def scenario(pbx: Pbx, port: int) -> None:
        clock = SystemClock()
        settings = SnmpSettings(host="127.0.0.1", port=port, channel_table=True)

        samples = await SnmpSource("demo", settings, Health(clock), clock).poll_once()

        values = {sample.series: sample.value for sample in samples}
        assert values[SNMP_CONNECTED.series("demo")] == 1
        assert values[DIALPLAN_ACTIVE.series("demo")] == pbx.dialplan_active > 0
        assert values[CHANNELS_BRIDGED.series("demo")] == pbx.bridged > 0
        assert values[TECHNOLOGY_CHANNELS.series("demo", "PJSIP")] == len(pbx.channels)
        assert sum(series.name == "channel.state" for series in values) == len(pbx.channels)

    ask(scenario)
