"""Parts: new settings end those that they change, let all others be, and lose nothing."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from bridge.core import own
from tests.in_process import CALLS, LISTENS, counts_calls, running, send, settings, values
from tests.servers.process import free_port
from tests.sinks.peer import Peer, eventually
from tests.sources.ami.scripted import ScriptedAmi

UP = own.SOURCE_UP.series("hq", "ami")


def test_what_the_settings_do_not_change_keeps_its_connection() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> tuple[int, int]:
        async with ScriptedAmi().running() as ami, Peer() as graphite:
            same: dict[str, Any] = {
                "pbx": {"hq": {"ami": ami.settings()}},
                "graphite": {"url": f"tcp://127.0.0.1:{graphite.port}"},
            }
            async with running(settings(port, **same)) as bridge:
                await bridge.sees(lambda sample: sample.series == UP and sample.value == 1)
                await eventually(lambda: graphite.received)
                await bridge.takes(settings(port, flush="200ms", freshness=50, **same))
                await bridge.takes(settings(port, flush="200ms", console={"enabled": True}, **same))
                await bridge.takes(settings(port, flush="200ms", **same))
                return ami.asked("Login"), len(graphite.received)

    assert asyncio.run(scenario()) == (2, 1)


def test_a_pbx_that_is_gone_is_down_and_then_not_there() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> list[float]:
        async with ScriptedAmi().running() as ami:
            async with running(settings(port, pbx={"hq": {"ami": ami.settings()}})) as bridge:
                await bridge.sees(lambda sample: sample.series == UP and sample.value == 1)
                await bridge.takes(settings(port))
                gone = len(values(bridge.seen, UP))
                await bridge.listens()
                assert len(values(bridge.seen, UP)) == gone
            return values(bridge.seen, UP)

    assert asyncio.run(scenario())[-1] == 0


def test_a_pbx_that_the_settings_take_away_is_no_reason_for_an_alert() -> None:
    port = free_port(socket.SOCK_DGRAM)
    rule = {"metric": "source.up", "equal": 0, "for": "0s", "summary": "down"}
    fired = own.ALERTS_TRANSITIONS.series("hq", "lost", "firing")

    async def scenario() -> tuple[float, set[float]]:
        async with ScriptedAmi().running() as ami:
            watched: dict[str, Any] = {"alerts": {"rule": {"lost": rule}}}
            async with running(settings(port, pbx={"hq": {"ami": ami.settings()}}, **watched)) as bridge:
                await bridge.sees(lambda sample: sample.series == UP and sample.value == 1)
                at_start = values(bridge.seen, fired)  # where Asterisk has taken its time to answer
                await bridge.takes(settings(port, **watched))
            return values(bridge.seen, UP)[-1], {*values(bridge.seen, fired)} - {*at_start}

    assert asyncio.run(scenario()) == (0, set())


def test_what_waits_for_a_sink_goes_where_the_new_settings_say() -> None:
    port, nowhere = free_port(socket.SOCK_DGRAM), free_port()

    async def scenario() -> bytes:
        async with Peer() as graphite:
            wrong = settings(port, graphite={"url": f"tcp://127.0.0.1:{nowhere}"})
            async with running(wrong) as bridge:
                await bridge.listens()
                send(port, b"calls:3|c")
                await bridge.sees(counts_calls)
                await bridge.takes(settings(port, graphite={"url": f"tcp://127.0.0.1:{graphite.port}"}))
                await eventually(lambda: b"statsd.calls.count 3 " in graphite.everything)
            return graphite.everything

    assert asyncio.run(scenario()).count(b"statsd.calls.count 3 ") == 1


def test_a_sink_that_is_gone_still_has_what_waited_for_it() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> bytes:
        async with Peer() as graphite:
            chosen = settings(port, graphite={"url": f"tcp://127.0.0.1:{graphite.port}"})
            async with running(chosen) as bridge:
                await bridge.listens()
                send(port, b"calls:3|c")
                await bridge.sees(counts_calls)
                await bridge.takes(settings(port))
            return graphite.everything

    assert b"statsd.calls.count 3 " in asyncio.run(scenario())


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_senders_find_their_unix_socket_while_its_listener_is_followed_by_another(
    tmp_path: Path, kind: socket.SocketKind
) -> None:
    path = tmp_path / "s"
    scheme = "unixgram" if kind == socket.SOCK_DGRAM else "unix"
    listen = {"listen": f"{scheme}://{path}", "flush_interval": "100ms"}

    async def scenario() -> float:
        async with running(settings(0, statsd=listen)) as bridge:
            await bridge.listens()
            before = path.stat().st_ino
            await bridge.takes(settings(0, statsd=listen | {"max_set": 7, "socket_mode": "0600"}))
            await bridge.sees(lambda sample: sample.series == LISTENS)
            with socket.socket(socket.AF_UNIX, kind) as sender:
                sender.connect(str(path))
                sender.sendall(b"calls:1|c\n")
            await bridge.sees(counts_calls)
            assert path.stat().st_ino == before
            assert path.stat().st_mode & 0o777 == 0o600
        return sum(values(bridge.seen, CALLS))

    assert asyncio.run(scenario()) == 1
    assert not path.exists()
