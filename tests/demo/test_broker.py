"""The embedded broker, used through the client library of the bridge."""

import asyncio
import builtins
import contextlib
import socket
from typing import Any

import aiomqtt
import pytest

from bridge.demo.broker import broker
from bridge.errors import BridgeError
from tests.servers.process import answers, free_port

PATIENCE = 20.0


def client(port: int, **options: Any) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V311, **options)


async def heard(listener: aiomqtt.Client, amount: int) -> list[tuple[str, object]]:
    """The first messages that come."""
    found: list[tuple[str, object]] = []
    async with asyncio.timeout(PATIENCE):
        async for message in listener.messages:
            found.append((str(message.topic), message.payload))
            if len(found) == amount:
                break
    return found


def test_a_message_reaches_who_subscribed_and_a_retained_one_who_comes_late() -> None:
    async def scenario() -> None:
        port = free_port()
        async with broker(port), client(port) as sender:
            async with client(port) as early:
                await early.subscribe("asterisk/#", qos=1)
                await sender.publish("asterisk/demo/calls", "3", qos=1, retain=True)
                assert await heard(early, 1) == [("asterisk/demo/calls", b"3")]
            async with client(port) as late:
                await late.subscribe("asterisk/+/calls")
                assert await heard(late, 1) == [("asterisk/demo/calls", b"3")]

    asyncio.run(scenario())


def test_who_comes_is_told_only_what_was_subscribed_to() -> None:
    """Others that listen already play no part in it."""

    async def scenario() -> None:
        port = free_port()
        async with broker(port), client(port) as sender, client(port) as other:
            await other.subscribe("asterisk/#")
            await sender.publish("asterisk/demo/calls", "3", qos=1, retain=True)
            await sender.publish("asterisk/demo/queue", "1", qos=1, retain=True)
            async with client(port) as late:
                await late.subscribe("asterisk/demo/queue")
                assert await heard(late, 1) == [("asterisk/demo/queue", b"1")]

    asyncio.run(scenario())


def test_the_last_will_of_a_client_that_vanishes_is_published() -> None:
    async def scenario() -> None:
        port = free_port()
        will = aiomqtt.Will("asterisk/bridge/state", "offline", qos=1, retain=True)
        async with broker(port), client(port) as watcher:
            await watcher.subscribe("asterisk/bridge/state")
            with contextlib.suppress(aiomqtt.MqttError):
                async with client(port, will=will) as lost:
                    lost._client._sock_close()

            assert await heard(watcher, 1) == [("asterisk/bridge/state", b"offline")]

    asyncio.run(scenario())


def test_after_the_context_nothing_answers() -> None:
    async def scenario() -> int:
        port = free_port()
        async with broker(port):
            assert answers(port)
        return port

    assert not answers(asyncio.run(scenario()))


def test_clients_that_are_still_there_do_not_hold_up_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    """And nothing is said about them."""

    async def scenario() -> None:
        port = free_port()
        async with asyncio.timeout(PATIENCE), contextlib.AsyncExitStack() as clients:
            async with broker(port):
                for _ in range(3):
                    each = await clients.enter_async_context(client(port))
                    await each.subscribe("#")
            with pytest.raises(aiomqtt.MqttError):
                await heard(each, 1)
            clients.pop_all()

    asyncio.run(scenario())

    assert capfd.readouterr() == ("", "")


def test_a_port_that_is_taken_is_an_error_of_ours() -> None:
    async def scenario(port: int) -> None:
        async with broker(port):
            pass

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(BridgeError, match=f"cannot listen on 127.0.0.1:{port}"):
            asyncio.run(scenario(port))


def test_a_missing_amqtt_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is installed where tests run: only its import can be made to fail."""
    real = builtins.__import__

    def without_amqtt(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("amqtt"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    async def scenario() -> None:
        async with broker(1):
            pass

    monkeypatch.setattr(builtins, "__import__", without_amqtt)

    with pytest.raises(BridgeError, match="asterisk-bridge\\[embedded\\]"):
        asyncio.run(scenario())
