"""HttpSink: /metrics, /livez and /readyz on one port."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core.sample import Sample
from bridge.errors import TemporaryError
from bridge.pipeline.health import Health, Part
from bridge.settings import HttpSettings
from bridge.sinks.http import HttpSink
from bridge.sinks.http.entrance import CONNECTIONS
from tests.fakes import FakeClock
from tests.sinks.peer import PATIENCE, eventually

Answer = tuple[int, str]
WAITING = QUEUE_WAITING.series("hq", "support")
GRAPHITE = Part("sink", "bridge", "graphite")


def sample(value: float, queue: str = "support") -> Sample:
    return Sample(QUEUE_WAITING.series("hq", queue), value, 1_700_000_000)


@contextlib.asynccontextmanager
async def listening(health: Health | None = None, stale: str = "5m") -> AsyncIterator[HttpSink]:
    settings = HttpSettings.model_validate({"listen": "127.0.0.1:0", "stale": stale})
    sink = HttpSink(settings, CATALOG, health or Health(FakeClock()))
    await sink.open()
    try:
        yield sink
    finally:
        await sink.close()


async def ask(sink: HttpSink, path: str, method: str = "GET") -> Answer:
    head, _, body = (
        await send(sink, f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    ).partition("\r\n\r\n")
    return int(head.split()[1]), body


async def send(sink: HttpSink, request: bytes, *, ended: bool = False) -> str:
    """What comes back until the connection is closed; `ended` says that no more is to be sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sink.port)
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(request)
            if ended:
                writer.write_eof()
            return (await reader.read()).decode()
    except ConnectionError:
        return ""
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def test_metrics_show_the_latest_value_of_every_series() -> None:
    async def main() -> None:
        async with listening() as sink:
            await sink.write([sample(1), sample(7, "sales")])
            await sink.write([sample(2)])

            status, body = await ask(sink, "/metrics")

        (family,) = text_string_to_metric_families(body)
        assert status == 200
        assert {one.labels["queue"]: one.value for one in family.samples} == {"support": 2, "sales": 7}

    asyncio.run(main())


def test_a_silent_series_leaves() -> None:
    async def main() -> None:
        async with listening(stale="50ms") as sink:
            await sink.write([sample(1)])

            async with asyncio.timeout(PATIENCE):
                while await ask(sink, "/metrics") != (200, ""):
                    await asyncio.sleep(0.01)

    asyncio.run(main())


def test_the_process_is_alive_whatever_is_missing() -> None:
    async def main() -> None:
        health = Health(FakeClock())
        health.down(GRAPHITE, "connection refused")
        async with listening(health) as sink:
            assert await ask(sink, "/livez") == (200, "ok\n")

    asyncio.run(main())


def test_it_is_ready_when_nothing_is_missing_and_else_says_what_is() -> None:
    async def main() -> None:
        health = Health(FakeClock())
        health.expect(GRAPHITE)
        async with listening(health) as sink:
            health.down(GRAPHITE, "connection refused")
            assert await ask(sink, "/readyz") == (503, "sink graphite of bridge: connection refused\n")

            health.up(GRAPHITE)
            assert await ask(sink, "/readyz") == (200, "ok\n")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/metrics", 200),
        ("POST", "/metrics", 405),
        ("DELETE", "/livez", 405),
        ("GET", "/", 404),
        ("GET", "/../etc/passwd", 404),
        ("GET", "/metrics/", 404),
    ],
)
def test_only_get_and_head_of_what_there_is(method: str, path: str, status: int) -> None:
    async def main() -> None:
        async with listening() as sink:
            assert (await ask(sink, path, method))[0] == status

    asyncio.run(main())


def test_malformed_requests_change_nothing_and_fill_no_log(caplog: pytest.LogCaptureFixture) -> None:
    noise = random.Random(1)
    whole = b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nX-Y: z\r\n\r\nabc"
    requests = [
        noise.randbytes(200),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
    ]
    for _ in range(200):
        at = noise.randrange(len(whole))
        requests.append(whole[:at] + noise.randbytes(noise.randrange(4)) + whole[at + 1 :])

    async def main() -> None:
        async with listening() as sink:
            for request in requests:
                assert " 500 " not in await send(sink, request, ended=True)

            assert await ask(sink, "/livez") == (200, "ok\n")

    with caplog.at_level(logging.ERROR):
        asyncio.run(main())

    assert not caplog.records


def test_clients_that_dawdle_keep_nobody_out() -> None:
    async def main() -> None:
        async with listening() as sink, contextlib.AsyncExitStack() as stack:
            for _ in range(3 * CONNECTIONS):
                _, writer = await asyncio.open_connection("127.0.0.1", sink.port)
                stack.callback(writer.close)
                writer.write(b"GET /metrics HTTP/1.1\r\nX-Slow: ")

            assert await ask(sink, "/livez") == (200, "ok\n")
            server = sink._runner and sink._runner.server
            assert server
            await eventually(lambda: len(server.connections) <= CONNECTIONS)

    asyncio.run(main())


def test_a_port_that_is_taken_is_told_with_its_variable() -> None:
    async def main() -> None:
        async with listening() as sink:
            other = HttpSink(HttpSettings(listen=f"127.0.0.1:{sink.port}"), CATALOG, Health(FakeClock()))
            with pytest.raises(TemporaryError, match=r"cannot listen on 127.*BRIDGE_HTTP__LISTEN"):
                await other.open()
            await other.close()

    asyncio.run(main())


def test_it_can_be_opened_again_and_still_remembers() -> None:
    async def main() -> None:
        async with listening() as sink:
            await sink.write([sample(1)])
            await sink.close()
            await sink.open()

            assert (await ask(sink, "/metrics"))[1].endswith("} 1\n")

    asyncio.run(main())
