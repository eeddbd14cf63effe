"""GraphiteSink: the first endpoint that works, and nothing lost over a break that can be known."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core.sample import Sample
from bridge.errors import TemporaryError
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.buffer import Buffer, Limits
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import Health
from bridge.pipeline.ledger import Ledger
from bridge.settings import GraphiteSettings
from bridge.sinks.graphite import GraphiteSink, graphite_sinks
from tests.servers.mosquitto import Authority
from tests.servers.process import free_port
from tests.sinks.peer import Peer, eventually


def settings(*ports: int, **others: object) -> GraphiteSettings:
    return GraphiteSettings.model_validate({"url": [f"tcp://127.0.0.1:{port}" for port in ports], **others})


def samples(*values: float) -> list[Sample]:
    return [Sample(QUEUE_WAITING.series("hq", "support"), value, 1_700_000_000 + value) for value in values]


def lines(*values: int) -> bytes:
    path = "asterisk.hq.queue.support.waiting"
    return b"".join(f"{path} {value} {1_700_000_000 + value}\n".encode() for value in values)


@contextlib.asynccontextmanager
async def delivering(sink: GraphiteSink, batch: int = 500) -> AsyncIterator[Delivery]:
    """The sink behind a Delivery that does not wait between attempts."""
    clock = SystemClock()
    health = Health(clock)
    at_once = Backoff(uniform=lambda _, __: 0)
    buffer = Buffer(Limits(10_000, batch, sink.hold), Ledger(health, sink.name))
    delivery = Delivery(sink, buffer, health, clock, backoff=at_once)
    task = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_samples_arrive_as_lines() -> None:
    async def main() -> None:
        async with Peer() as peer, delivering(GraphiteSink(settings(peer.port), CATALOG)) as delivery:
            delivery.accept(samples(1, 2))

            await eventually(lambda: peer.everything == lines(1, 2))

    asyncio.run(main())


def test_it_starts_while_nobody_is_there_and_recovers() -> None:
    async def main() -> None:
        port = free_port()
        sink = GraphiteSink(settings(port), CATALOG)
        with pytest.raises(
            TemporaryError, match=rf"^tcp://127\.0\.0\.1:{port}: connection refused; does carbon"
        ):
            await sink.open()
        await sink.close()

        async with delivering(sink) as delivery:
            delivery.accept(samples(1))
            async with Peer(port) as peer:
                await eventually(lambda: peer.everything == lines(1))

    asyncio.run(main())


def test_what_was_sent_shortly_before_a_break_is_sent_again() -> None:
    async def main() -> None:
        async with Peer() as peer, delivering(GraphiteSink(settings(peer.port), CATALOG)) as delivery:
            delivery.accept(samples(1, 2))
            await eventually(lambda: peer.everything)
            peer.reset()
            await eventually(lambda: not peer._open)
            delivery.accept(samples(3))

            await eventually(lambda: len(peer.received) == 2 and peer.received[1] == lines(1, 2, 3))

    asyncio.run(main())


def test_a_connection_cut_at_any_byte_loses_nothing_and_invents_nothing() -> None:
    """carbon ignores a line without its end, so whole lines are what has been delivered."""
    before, after = range(10, 14), range(14, 18)

    async def delivered(limit: int) -> set[bytes]:
        async with Peer(limit=limit) as peer:
            async with delivering(GraphiteSink(settings(peer.port), CATALOG), batch=2) as delivery:
                delivery.accept(samples(*before))
                await eventually(lambda: peer.received and len(peer.received[0]) == limit)
                peer.limit = 1 << 30
                delivery.accept(samples(*after))
                await eventually(lambda: lines(after[-1]) in peer.everything)
            return {line for one in peer.received for line in bytes(one).split(b"\n")[:-1]}

    async def main() -> None:
        for limit in range(1, len(lines(*before)) + 1):
            assert await delivered(limit) == set(lines(*before, *after).split(b"\n")[:-1])

    asyncio.run(main())


def test_when_the_first_endpoint_fails_the_next_takes_over() -> None:
    async def main() -> None:
        async with Peer() as second:
            async with Peer() as first:
                sink = GraphiteSink(settings(first.port, second.port), CATALOG)
                await sink.open()
                await sink.write(samples(1))
                await eventually(lambda: first.everything)
            await eventually(lambda: not first._open)
            with pytest.raises(TemporaryError, match="has closed the connection"):
                await sink.write(samples(2))
            await sink.close()

            await sink.open()
            await sink.write(samples(2))
            await sink.close()

            assert first.everything == lines(1)
            await eventually(lambda: second.everything == lines(2))

    asyncio.run(main())


def test_an_endpoint_that_hangs_is_not_tried_first_again() -> None:
    """One that hangs still takes connections."""

    async def main() -> None:
        async with Peer() as first, Peer() as second:
            sink = GraphiteSink(settings(first.port, second.port, timeout=0.2), CATALOG)
            await sink.open()
            await eventually(lambda: first.received)
            first.pause()
            with pytest.raises(TemporaryError, match="does not answer; is carbon there, or is it stuck"):
                await sink.write(samples(*range(300_000)))
            await sink.close()

            await sink.open()
            await sink.write(samples(1))
            await sink.close()

            await eventually(lambda: second.everything == lines(1))

    asyncio.run(main())


def test_all_endpoints_have_a_sink_each() -> None:
    chosen = settings(2003, 2103, 2203, spread="all")

    assert [sink.name for sink in graphite_sinks(chosen, CATALOG)] == ["graphite", "graphite-2", "graphite-3"]


def test_failover_is_one_sink_and_no_url_is_none() -> None:
    assert [sink.name for sink in graphite_sinks(settings(2003, 2103), CATALOG)] == ["graphite"]
    assert graphite_sinks(settings(), CATALOG) == []


def test_tls_trusts_the_authority_that_is_named_and_no_other(tmp_path: Path) -> None:

    authority = Authority(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(*authority.issue("127.0.0.1"))

    async def main() -> None:
        async with Peer(context=server) as peer:
            url = [f"tls://127.0.0.1:{peer.port}"]
            sink = GraphiteSink(GraphiteSettings(url=url, tls_ca=authority.file), CATALOG)
            await sink.open()
            await sink.write(samples(1))
            await sink.close()
            await eventually(lambda: peer.everything == lines(1))

            stranger = GraphiteSink(GraphiteSettings(url=url), CATALOG)
            with pytest.raises(TemporaryError, match=r"no TLS with tls://127.*BRIDGE_GRAPHITE__TLS_CA"):
                await stranger.open()
            await stranger.close()

    asyncio.run(main())
