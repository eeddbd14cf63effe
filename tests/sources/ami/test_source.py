import asyncio
import time
from collections.abc import Callable, Sequence

import pytest

from bridge.core import own
from bridge.core.sample import Sample
from bridge.errors import SourceError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health, Part
from bridge.protocols.ami import AmiMessage
from bridge.sources.ami import AmiSource
from bridge.sources.ami.connection import End
from bridge.sources.ami.source import WAITING_EVENTS, WAITING_READS
from tests.asterisk.recorded import raw
from tests.sources.ami.scripted import DENIED, ScriptedAmi

NEWCHANNEL = b"Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/a-1\r\n\r\n"
SHUTDOWN = b"Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\nRestart: False\r\n\r\n"


class Bench:
    """A source at a scripted server, and what it emitted last of each series."""

    def __init__(self, server: ScriptedAmi, **settings: object) -> None:
        clock = SystemClock()
        self.health = Health(clock)
        self.source = AmiSource("hq", server.settings(**settings), self.health, clock)
        self.last: dict[str, float] = {}
        self.server = server

    def errors(self, reason: str) -> float:
        """How often something is counted as an error of that reason."""
        return self.health.counted(own.SOURCE_ERRORS.series("hq", "ami", reason))

    def emit(self, samples: Sequence[Sample]) -> None:
        for sample in samples:
            self.last["/".join((sample.series.name, *(v for _, v in sample.series.labels[1:])))] = (
                sample.value
            )

    async def until(self, condition: Callable[[], object]) -> None:
        """Run the source until the condition holds."""
        running = asyncio.create_task(self.source.run(self.emit))
        async with asyncio.timeout(30):
            while not condition() and not running.done():
                await asyncio.sleep(0.005)
        if running.done():
            await running
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def lost(self) -> str:
        """Run the source until it is lost, and return why."""
        with pytest.raises(SourceError) as error:
            await asyncio.wait_for(self.source.run(self.emit), 30)
        return str(error.value)


class TestRun:
    def test_polls_and_events_have_a_connection_each(self) -> None:
        async def scenario() -> list[str]:
            async with ScriptedAmi().running() as server:
                bench = Bench(server)
                await bench.until(lambda: "dialplan.active" in bench.last and "system.starts" in bench.last)
                return [action["Events"] for action in server.actions if action["Action"] == "Login"]

        assert asyncio.run(scenario()) == ["system,call,agent,security,reporting", "off"]

    def test_without_events_there_is_one_connection(self) -> None:
        async def scenario() -> list[str]:
            async with ScriptedAmi().running() as server:
                bench = Bench(server, events=False)
                await bench.until(lambda: "dialplan.active" in bench.last)
                return [action["Events"] for action in server.actions if action["Action"] == "Login"]

        assert asyncio.run(scenario()) == ["off"]

    def test_polls_are_repeated_and_the_source_is_told_up(self) -> None:
        async def scenario() -> Bench:
            async with ScriptedAmi().running() as server:
                bench = Bench(server)
                bench.health.expect(Part("source", "hq", "ami"))
                await bench.until(lambda: server.asked("CoreStatus") >= 3)
                return bench

        bench = asyncio.run(scenario())

        assert bench.health.missing() == {}
        assert bench.last["channels.active"] == 60

    def test_events_are_counted_and_told_at_the_tick(self) -> None:
        stream = raw("22/events").partition(b"\r\n")[2]

        async def scenario() -> Bench:
            server = ScriptedAmi()
            server.logged_in += stream
            async with server.running():
                bench = Bench(server)
                await bench.until(lambda: bench.last.get("queue.joins/Night & Day 24.7"))
                return bench

        bench = asyncio.run(scenario())

        assert bench.last["channels.created"] == 25
        assert bench.health.counted(own.SOURCE_EVENTS.series("hq", "ami")) == stream.count(b"\r\n\r\n")

    def test_blocks_that_are_no_events_are_counted(self) -> None:
        async def scenario() -> Bench:
            server = ScriptedAmi()
            server.logged_in += b"Foo: bar\r\n\r\n"
            async with server.running():
                bench = Bench(server)
                await bench.until(lambda: bench.errors("ignored"))
                return bench

        assert asyncio.run(scenario()).errors("ignored") == 1

    def test_polls_begin_without_fully_booted_too(self) -> None:
        """An account without read class system never gets it."""

        async def scenario() -> Bench:
            server = ScriptedAmi()
            server.logged_in = b""
            async with server.running():
                bench = Bench(server)
                await bench.until(lambda: "dialplan.active" in bench.last)
                return bench

        assert asyncio.run(scenario()).last["dialplan.active"] == 39


class TestLoss:
    def test_totals_go_on_over_a_reconnect(self) -> None:
        async def scenario() -> Bench:
            server = ScriptedAmi()
            server.logged_in += NEWCHANNEL
            async with server.running():
                bench = Bench(server)
                await bench.until(lambda: bench.last.get("channels.created") == 1)
                await bench.until(lambda: bench.last.get("channels.created") == 2)
                return bench

        assert asyncio.run(scenario()).last["channels.created"] == 2

    def test_the_last_events_before_a_close_are_counted(self) -> None:
        async def scenario() -> tuple[str, Bench]:
            server = ScriptedAmi()
            server.logged_in = SHUTDOWN
            async with server.running():
                bench = Bench(server)
                asyncio.get_running_loop().call_later(0, close_after_login, server)
                reason = await bench.lost()
                server.logged_in = b""
                await bench.until(lambda: "system.shutdowns" in bench.last)
                return reason, bench

        def close_after_login(server: ScriptedAmi) -> None:
            if server.asked("Login"):
                server.hang_up()
            else:
                asyncio.get_running_loop().call_later(0.005, close_after_login, server)

        reason, bench = asyncio.run(scenario())

        assert "Asterisk is shutting down" in reason
        assert bench.last["system.shutdowns"] == 1

    def test_the_loss_of_the_polls_ends_the_events_too(self) -> None:
        async def scenario() -> str:
            async with ScriptedAmi().running() as server:
                server.deaf = True
                return await Bench(server, timeout=1.0).lost()

        assert "no answer to ListCommands within 1 s" in asyncio.run(scenario())

    def test_an_account_that_is_refused(self) -> None:
        async def scenario() -> str:
            async with ScriptedAmi().running() as server:
                return await Bench(server, secret="wrong").lost()

        assert "authentication of 'bridge' failed" in asyncio.run(scenario())


def test_events_beyond_what_may_wait_are_counted_as_lost() -> None:
    """A flood that comes faster than it is counted cannot be had of a real server on demand."""
    bench = Bench(ScriptedAmi(), port=1)
    ours = bench.source

    for _ in range(WAITING_READS + 3):
        ours._listen([])
    ours._listen([None, None])  # type: ignore[list-item]

    assert bench.errors("overflow") == 2


def test_many_short_events_wait_no_more_than_few_long_ones() -> None:
    """65,536 bytes can be 5,461 events, and each takes hundreds of bytes of memory."""
    bench = Bench(ScriptedAmi(), port=1)
    read = [AmiMessage(b"Event: X")] * 5_461

    for _ in range(20):
        bench.source._listen(read)

    assert bench.errors("overflow") == (20 - WAITING_EVENTS // 5_461) * 5_461


class TestEnds:
    """Every session that ends, or does not begin, is counted once, by why."""

    @pytest.mark.parametrize(
        ("settings", "end"),
        [
            ({"port": 1}, End.UNREACHABLE),
            ({"host": "pbx.invalid"}, End.UNREACHABLE),
            ({"tls": True}, End.TLS),
            ({"secret": "wrong"}, End.LOGIN),
        ],
    )
    def test_one_that_never_begins(self, settings: dict[str, object], end: End) -> None:
        async def scenario() -> Bench:
            async with ScriptedAmi().running() as server:
                bench = Bench(server, **settings)
                await bench.lost()
                await bench.lost()
                return bench

        assert {each: count for each in End if (count := asyncio.run(scenario()).errors(each))} == {end: 2}

    def test_one_that_may_not_know_what_it_may(self) -> None:
        async def scenario() -> Bench:
            async with ScriptedAmi({"ListCommands": DENIED}).running() as server:
                bench = Bench(server)
                await bench.lost()
                return bench

        assert asyncio.run(scenario()).errors(End.FORBIDDEN) == 1

    def test_answers_that_nobody_asked_for_are_counted_and_left_out(self) -> None:
        async def scenario() -> Bench:
            server = ScriptedAmi()
            server.logged_in += b"Response: Success\r\nActionID: 99\r\n\r\n" * 3
            async with server.running():
                bench = Bench(server)
                await bench.until(lambda: bench.errors("unasked"))
                return bench

        assert asyncio.run(scenario()).errors("unasked") == 3


class TestPollOnce:
    def test_gives_everything_and_leaves(self) -> None:
        async def scenario() -> list[Sample]:
            async with ScriptedAmi().running() as server:
                return await Bench(server).source.poll_once()

        samples = asyncio.run(scenario())

        assert {"dialplan.active", "channels.active", "system.uptime", "queue.waiting"} <= {
            sample.series.name for sample in samples
        }
        assert {sample.series.pbx for sample in samples} == {"hq"}

    def test_says_why_it_cannot(self) -> None:
        with pytest.raises(SourceError, match="refused"):
            asyncio.run(Bench(ScriptedAmi(), port=1).source.poll_once())


class TestOffer:
    """What an event changes is offered at once, and published after the next poll."""

    JOINED = (
        b"Event: QueueCallerJoin\r\nPrivilege: agent,all\r\nUniqueid: 1795461200.7\r\nQueue: support\r\n"
        b"Position: 1\r\nCount: 1\r\n\r\n"
    )

    def test_it_does_not_wait_for_the_poll(self) -> None:
        async def scenario() -> tuple[list[float], float]:
            async with ScriptedAmi().running() as server:
                bench = Bench(server, interval=3600)
                offered: list[Sample] = []
                bench.source.offer = offered.extend
                bench.source.wanted = lambda: {"queue.waiting"}

                def said() -> bool:
                    if "queue.waiting/support" in bench.last and not offered:
                        server.say(self.JOINED)
                    return bool(offered)

                await bench.until(said)
                return [each.value for each in offered], bench.last["queue.waiting/support"]

        offered, published = asyncio.run(scenario())
        assert offered[0] == published + 1

    def test_in_a_flood_many_are_offered_together_and_the_last_is_told(self) -> None:
        async def scenario() -> tuple[int, float]:
            async with ScriptedAmi().running() as server:
                bench = Bench(server, interval=3600)
                offers: list[float] = []
                bench.source.wanted = lambda: {"queue.waiting"}

                def take(samples: Sequence[Sample]) -> None:
                    time.sleep(0.03)
                    offers.extend(each.value for each in samples if each.series.labels[1][1] == "support")

                bench.source.offer = take
                caller = 0

                def said() -> bool:
                    nonlocal caller
                    if "queue.waiting/support" in bench.last and caller < 200:
                        for _ in range(5):
                            caller += 1
                            server.say(self.JOINED.replace(b".7", b".%d" % caller))
                    return bool(offers) and offers[-1] >= bench.last["queue.waiting/support"] + 200

                await bench.until(said)
                return len(offers), offers[-1] - bench.last["queue.waiting/support"]

        offers, last = asyncio.run(scenario())
        assert last == 200
        assert offers < 100
