"""Peers are tried out once, all at the same time, and each says how it went."""

import asyncio
import socket

from bridge.core.endpoint import Endpoint
from bridge.demo.ami_server import AmiServer
from bridge.demo.traffic import Traffic
from bridge.errors import SourceError
from bridge.probe import Outcome, connect, hear, poll
from bridge.protocols.statsd import Parsed
from bridge.settings import (
    AmiSettings,
    GraphiteSettings,
    HttpSettings,
    MqttSettings,
    PbxSettings,
    Settings,
    StatsdSettings,
)
from tests.servers.process import free_port

LOOPBACK = "127.0.0.1"


def pbx(port: int, secret: str = "right") -> PbxSettings:
    return PbxSettings(
        ami=AmiSettings(host=LOOPBACK, port=port, username="bridge", secret=secret, timeout=5.0)
    )


def settings(**pbxs: PbxSettings) -> Settings:
    return Settings(pbx=pbxs, statsd=StatsdSettings(enabled=False), http=HttpSettings(listen="off"))


def test_every_source_is_polled_and_one_that_fails_stops_no_other() -> None:
    """The PBX is the demo's AMI server on a real socket."""

    async def scenario() -> list[Outcome]:
        server = AmiServer(Traffic(1, 1_700_000_000.0).pbx, "bridge", "right")
        port = await server.start()
        try:
            return await poll(settings(good=pbx(port), bad=pbx(port, "wrong"), gone=pbx(free_port())))
        finally:
            await server.stop()

    good, bad, gone = asyncio.run(scenario())

    assert (good.peer, good.error) == ("good ami", "")
    assert "channels.active" in {sample.series.name for sample in good.samples}
    assert bad.error
    assert not bad.samples
    assert str(LOOPBACK) in gone.error


def test_one_pbx_alone_can_be_polled() -> None:
    outcomes = asyncio.run(poll(settings(a=pbx(free_port()), b=pbx(free_port())), "b"))

    assert [outcome.peer for outcome in outcomes] == ["b ami"]


def test_the_listener_is_not_polled() -> None:
    assert asyncio.run(poll(Settings())) == []


def test_sinks_are_connected_to_and_let_go() -> None:
    async def scenario() -> tuple[list[Outcome], bytes]:
        received: asyncio.Queue[bytes] = asyncio.Queue()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.put_nowait(await reader.read())
            writer.close()

        async with await asyncio.start_server(take, LOOPBACK, 0) as server:
            port = server.sockets[0].getsockname()[1]
            outcomes = await connect(
                Settings(
                    graphite=GraphiteSettings(url=(f"tcp://{LOOPBACK}:{port}",)),
                    mqtt=MqttSettings(url=f"mqtt://{LOOPBACK}:{free_port()}", timeout=5.0),
                )
            )
            return outcomes, await received.get()

    (graphite, mqtt), received = asyncio.run(scenario())

    assert graphite == Outcome("graphite", "graphite")
    assert "nothing listens there" in mqtt.error
    assert received == b""


def test_whoever_watches_is_told_of_each_peer_when_it_begins_and_how_it_ended() -> None:
    told: list[tuple[str, str | None]] = []
    graphite = GraphiteSettings(url=(f"tcp://{LOOPBACK}:{free_port()}",))

    def watch(peer: str, error: str | None) -> None:
        told.append((peer, error))

    (polled,) = asyncio.run(poll(settings(gone=pbx(free_port())), watch=watch))
    (connected,) = asyncio.run(connect(Settings(graphite=graphite), watch))

    assert polled.error
    assert connected.error
    assert told == [
        ("gone ami", None),
        ("gone ami", polled.error),
        ("graphite", None),
        ("graphite", connected.error),
    ]


def test_datagrams_are_heard_and_decoded() -> None:
    async def scenario() -> tuple[str, Parsed]:
        heard: asyncio.Queue[tuple[str, Parsed]] = asyncio.Queue()
        port = free_port(socket.SOCK_DGRAM)
        ear = asyncio.create_task(hear(Endpoint("udp", LOOPBACK, port), lambda *what: heard.put_nowait(what)))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while heard.empty():
                sender.sendto(b"shop.orders:1|c", (LOOPBACK, port))
                await asyncio.sleep(0.01)
        ear.cancel()
        return await heard.get()

    sender, parsed = asyncio.run(scenario())

    assert sender.startswith(f"{LOOPBACK}:")
    assert parsed.measurements[0].series.name == "shop.orders"


def test_a_port_in_use_is_told() -> None:
    async def scenario() -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((LOOPBACK, 0))
            try:
                await hear(Endpoint("udp", LOOPBACK, other.getsockname()[1]), lambda *_: None)
            except SourceError as error:
                return str(error)
        return ""

    told = asyncio.run(scenario())

    assert "Address already in use; is the bridge running?" in told
