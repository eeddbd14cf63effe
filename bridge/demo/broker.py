"""An MQTT broker inside the process, on loopback, for those who have none. The only importer of amqtt."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from bridge.errors import BridgeError
from bridge.log import get_logger

log = get_logger(component="demo broker")

STOP_TIMEOUT = 1.0
"""Seconds that amqtt may take to let go of its clients."""


@contextlib.asynccontextmanager
async def broker(port: int) -> AsyncIterator[None]:
    """Serve MQTT 3.1.1 to anyone on this machine, until the context ends.

    Raises:
        BridgeError: amqtt is not installed, or the port cannot be had.
    """
    server = _amqtt()
    door = Door(server)
    try:
        listener = await asyncio.start_server(door.admit, "127.0.0.1", port)
    except OSError as error:
        raise BridgeError(
            f"the demo's MQTT broker cannot listen on 127.0.0.1:{port}: {error.strerror}"
        ) from error
    await server.start()
    try:
        yield
    finally:
        listener.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.shutdown(), STOP_TIMEOUT)
        await door.close()


def _amqtt() -> Any:
    """A broker that lets everyone in, says nothing, and leaves listening to us."""
    try:
        from amqtt import broker as amqtt  # noqa: PLC0415 - an extra that may not be installed
    except ImportError as error:
        raise BridgeError(
            "the demo needs amqtt for its MQTT broker: pip install 'asterisk-bridge[embedded]'"
        ) from error
    for name in ("amqtt", "transitions"):  # a client that goes away is no news
        logging.getLogger(name).setLevel(logging.CRITICAL)

    class Broker(amqtt.Broker):  # type: ignore[misc] # the library is not typed for those who import it
        """amqtt's broker without a fault: it tells a new client what others have subscribed to."""

        async def _publish_retained_messages_for_subscription(self, subscription: Any, session: Any) -> None:
            if any(subscriber is session for subscriber, _ in self.subscriptions.get(subscription[0], ())):
                await super()._publish_retained_messages_for_subscription(subscription, session)

    return Broker(
        {
            "listeners": {"default": {"type": "external", "bind": "127.0.0.1"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )


class Door:
    """Hands connections to amqtt and closes each of them, which amqtt does not always do.

    Args:
        server: amqtt's broker.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._sessions: set[asyncio.Task[Any]] = set()

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it goes."""
        from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter  # noqa: PLC0415 - as above

        session = asyncio.current_task()
        assert session
        self._sessions.add(session)
        try:
            await self._server.external_connected(
                StreamReaderAdapter(reader), StreamWriterAdapter(writer), "default"
            )
        except Exception as error:  # noqa: BLE001 - one client is lost, whatever amqtt stumbled over
            log.warning("client lost", error=f"{type(error).__name__}: {error}")
        finally:
            self._sessions.discard(session)
            writer.close()

    async def close(self) -> None:
        """Turn out who is still there."""
        sessions = [*self._sessions]
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
