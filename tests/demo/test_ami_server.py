"""The manager port of the simulated PBX: a session as a client sees it, and the bridge's own source on it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable

import pytest

from bridge.asterisk.catalog.calls import CHANNELS_ACTIVE
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE
from bridge.core.sample import Sample
from bridge.demo.ami_server import LONGEST_ACTION, AmiServer, mask, parse
from bridge.demo.pbx import CARRIER, OFFICE, State
from bridge.demo.traffic import Traffic
from bridge.errors import SourceError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.protocols.ami_actions import challenge_key
from bridge.settings import AmiSettings
from bridge.sources.ami import AmiSource

START = 1_700_000_000.0
PATIENCE = 20.0


class Client:
    """A raw client, so that nothing of the bridge stands between the test and the port."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def line(self) -> str:
        return (await asyncio.wait_for(self._reader.readline(), PATIENCE)).decode().rstrip("\r\n")

    async def packet(self) -> dict[str, str]:
        """The next packet; empty when the server has hung up."""
        packet = {}
        while line := await self.line():
            key, _, value = line.partition(": ")
            packet[key] = value
        return packet

    async def ask(self, **headers: str) -> dict[str, str]:
        self.send("".join(f"{key}: {value}\r\n" for key, value in headers.items()) + "\r\n")
        return await self.packet()

    def send(self, text: str) -> None:
        self._writer.write(text.encode())

    async def login(self, events: str = "on") -> dict[str, str]:
        challenge = (await self.ask(Action="Challenge", AuthType="MD5"))["Challenge"]
        key = challenge_key(challenge, "secret")
        return await self.ask(Action="Login", AuthType="MD5", Username="bridge", Key=key, Events=events)

    async def ended(self) -> bool:
        return await asyncio.wait_for(self._reader.read(), PATIENCE) == b""


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[tuple[Traffic, AmiServer, int]]:
    """A PBX in the middle of the day, and its port."""
    traffic = Traffic(3, START)
    traffic.step(START + 900)
    server = AmiServer(traffic.pbx, "bridge", "secret")
    port = await server.start()
    try:
        yield traffic, server, port
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[tuple[Traffic, AmiServer, Client]]:
    """A client that has been greeted."""
    async with serving() as (traffic, server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        client = Client(reader, writer)
        try:
            assert await client.line() == "Asterisk Call Manager/11.0.0"
            yield traffic, server, client
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def test_a_challenge_is_answered_and_opens_the_session() -> None:
    async def scenario() -> None:
        async with session() as (_, _, client):
            accepted = await client.login()

            assert accepted["Message"] == "Authentication accepted"
            assert (await client.packet())["Event"] == "FullyBooted"

    asyncio.run(scenario())


def test_the_secret_itself_opens_the_session_too() -> None:
    async def scenario() -> None:
        async with session() as (_, _, client):
            accepted = await client.ask(Action="login", username="bridge", secret="secret", actionid="9")

            assert (accepted["Response"], accepted["ActionID"]) == ("Success", "9")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "headers",
    [
        {"Username": "bridge", "Secret": "wrong"},
        {"Username": "other", "Secret": "secret"},
        {"Username": "bridge", "AuthType": "MD5", "Key": "0" * 32},
        {},
    ],
)
def test_who_is_not_known_is_turned_away(headers: dict[str, str]) -> None:
    async def scenario() -> None:
        async with session() as (_, _, client):
            refusal = await client.ask(Action="Login", **headers)

            assert refusal == {"Response": "Error", "Message": "Authentication failed"}
            assert await client.ended()

    asyncio.run(scenario())


def test_without_login_everything_is_denied() -> None:
    async def scenario() -> None:
        async with session() as (_, _, client):
            assert (await client.ask(Action="CoreStatus"))["Message"] == "Permission denied"

    asyncio.run(scenario())


def test_an_action_may_come_byte_by_byte_and_two_at_once() -> None:
    async def scenario() -> None:
        async with session() as (_, _, client):
            await client.login("off")
            await client.packet()
            for char in "Action: Ping\r\nActionID: 1\r\n\r\n":
                client.send(char)
                await asyncio.sleep(0)
            first = await client.packet()
            client.send("Action: Ping\r\nActionID: 2\r\n\r\nAction: Ping\r\nActionID: 3\r\n\r\n")
            ids = [
                first["ActionID"],
                (await client.packet())["ActionID"],
                (await client.packet())["ActionID"],
            ]

            assert ids == ["1", "2", "3"]

    asyncio.run(scenario())


def test_an_action_that_never_ends_is_cut_off() -> None:
    async def scenario() -> None:
        async with session() as (_, _, client):
            client.send("x" * (LONGEST_ACTION + 1))

            assert await client.ended()

    asyncio.run(scenario())


def test_logoff_says_goodbye_and_ends() -> None:
    async def scenario() -> None:
        async with session() as (_, server, client):
            assert (await client.ask(Action="Logoff"))["Response"] == "Goodbye"
            assert await client.ended()
            assert not server.sessions

    asyncio.run(scenario())


def test_a_listener_hears_the_classes_it_asked_for_and_no_others() -> None:
    async def scenario() -> None:
        async with session() as (traffic, server, client):
            await client.login("agent")
            await client.packet()
            caller = traffic.pbx.call_in(CARRIER, "5550100", "600")
            traffic.pbx.enter(caller, State.UP)
            traffic.pbx.join_queue(caller)

            server.publish(traffic.pbx.take())

            assert (await client.packet())["Event"] == "QueueCallerJoin"

    asyncio.run(scenario())


def test_the_mask_can_be_changed_in_the_session() -> None:
    async def scenario() -> None:
        async with session() as (traffic, server, client):
            await client.login("off")
            await client.packet()
            assert (await client.ask(Action="Events", EventMask="call"))["Events"] == "On"
            traffic.pbx.call_in(CARRIER, "5550100", OFFICE[0])

            server.publish(traffic.pbx.take())

            assert (await client.packet())["Event"] == "Newchannel"

    asyncio.run(scenario())


def test_stopping_hangs_up_on_everyone() -> None:
    async def scenario() -> None:
        async with session() as (_, server, client):
            await server.stop()

            assert await client.ended()

    asyncio.run(scenario())


def test_the_bridge_polls_it_as_it_polls_asterisk() -> None:
    async def scenario() -> None:
        async with serving() as (traffic, _, port):
            samples = await source(port).poll_once()

            values = {sample.series: sample.value for sample in samples}
            assert values[DIALPLAN_ACTIVE.series("demo")] == traffic.pbx.dialplan_active > 0
            assert values[CHANNELS_ACTIVE.series("demo")] == len(traffic.pbx.channels)
            assert values[QUEUE_WAITING.series("demo", "support")] == len(traffic.pbx.queue.waiting)

    asyncio.run(scenario())


def test_the_bridge_counts_its_events_as_those_of_asterisk() -> None:
    """Every hangup that happens is in the total that the bridge emits."""

    async def scenario() -> None:
        async with serving() as (traffic, server, port):
            samples: list[Sample] = []
            running = asyncio.create_task(source(port, interval=0.05).run(samples.extend))
            await until(lambda: len(server.sessions) == 2 and samples)
            happenings = traffic.step(traffic.pbx.now + 300)
            server.publish(happenings)
            hangups = sum(happening.event == "Hangup" for happening in happenings)
            await until(lambda: total(samples, "hangups.count") == hangups)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

            assert hangups > 0

    asyncio.run(scenario())


def test_a_wrong_secret_reaches_the_user_as_what_to_check() -> None:
    async def scenario() -> None:
        async with serving() as (_, _, port):
            with pytest.raises(SourceError, match="authentication of 'bridge' failed"):
                await source(port, secret="wrong").poll_once()

    asyncio.run(scenario())


def source(port: int, secret: str = "secret", interval: float = 5.0) -> AmiSource:
    clock = SystemClock()
    settings = AmiSettings(host="127.0.0.1", port=port, username="bridge", secret=secret, interval=interval)
    return AmiSource("demo", settings, Health(clock), clock)


def total(samples: Iterable[Sample], name: str) -> float:
    """The sum of the newest values of a metric's series."""
    return sum({sample.series: sample.value for sample in samples if sample.series.name == name}.values())


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


def test_lines_without_a_colon_are_passed_over() -> None:
    assert parse(b"Action:  Ping \r\nnonsense\r\nVariable: a: b") == {"action": "Ping", "variable": "a: b"}


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("on", {"call", "agent", "system"}),
        ("off", set()),
        ("call, agent", {"call", "agent"}),
        ("system,security,dialplan", {"system"}),
    ],
)
def test_a_mask_is_a_list_of_classes(text: str, classes: set[str]) -> None:
    assert mask(text) == classes
