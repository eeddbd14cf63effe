"""A connection that is reset behind the last word of the broker: uvloop tells of such an error only once."""

import asyncio
import socket
import struct
import threading
import time

import pytest
import uvloop

from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.errors import TemporaryError
from bridge.sinks.mqtt import MqttSink
from bridge.sinks.mqtt.reading import MANY
from tests.sinks.mqtt.hostile import SUBSCRIBE
from tests.sinks.mqtt.stage import at, opened

CONNACK = b"\x20\x02\0\0"
RESET_AFTER = 4
"""Messages that are acknowledged."""
ON_CLOSE = struct.pack("ii", 1, 0)
TIMES = 20


def serve(listener: socket.socket) -> None:
    """Greet, and acknowledge some messages; a reset comes right behind the last word."""
    connection, _ = listener.accept()
    connection.settimeout(30)
    connection.recv(4096)
    connection.sendall(CONNACK)
    acknowledged, buffer = 0, b""
    while acknowledged < RESET_AFTER:
        buffer += connection.recv(65536)
        while len(buffer) > 1 and len(buffer) >= 2 + buffer[1]:
            first, body, buffer = buffer[0], buffer[2 : 2 + buffer[1]], buffer[2 + buffer[1] :]
            if first >> 4 == SUBSCRIBE:
                connection.sendall(b"\x90\x03" + body[:2] + b"\1")
            elif first & 6:
                end = 2 + int.from_bytes(body[:2])
                acknowledged += 1
                connection.sendall(b"\x40\x02" + body[end : end + 2])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ON_CLOSE)
    connection.close()


async def write_news(one: MqttSink, messages: int) -> None:
    """One batch after another, each of so many messages."""
    series = [QUEUE_WAITING.series("hq", str(queue)) for queue in range(messages)]
    for number in range(1000):
        await one.write([at(each, number) for each in series])


@pytest.mark.parametrize("messages", [1, 2 * MANY])
@pytest.mark.parametrize("factory", [uvloop.new_event_loop, asyncio.new_event_loop])
def test_it_is_noticed_at_once(factory: object, messages: int) -> None:
    """Also while the connection is left alone, since many acknowledgements are to come."""

    async def main() -> float:
        longest = 0.0
        for _ in range(TIMES):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                server = threading.Thread(target=serve, args=(listener,))
                server.start()
                url = f"mqtt://127.0.0.1:{listener.getsockname()[1]}"
                async with opened(url, version="3.1.1", timeout=3) as one:
                    began = time.monotonic()
                    with pytest.raises(TemporaryError):
                        await write_news(one, messages)
                    longest = max(longest, time.monotonic() - began)
                server.join()
        return longest

    with asyncio.Runner(loop_factory=factory) as runner:  # type: ignore[arg-type]
        assert runner.run(main()) < 3
