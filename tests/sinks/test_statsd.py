"""StatsdSink: gauges and increases, as a StatsD server hears them."""

import asyncio
import socket

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.calls import HANGUPS_COUNT
from bridge.asterisk.catalog.endpoints import CONTACT_RTT
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.asterisk.catalog.system import SYSTEM_INFO
from bridge.core.sample import Sample, Series
from bridge.errors import TemporaryError
from bridge.protocols.graphite import DATAGRAM
from bridge.settings import StatsdSinkSettings
from bridge.sinks.statsd import Change, Changes, StatsdSink
from tests.servers.process import free_port
from tests.sinks.peer import Peer, eventually

NOW = 1_700_000_000.0
WAITING = QUEUE_WAITING.series("hq", "support")
HANGUPS = HANGUPS_COUNT.series("hq", "busy")


def sink(url: str) -> StatsdSink:
    return StatsdSink(StatsdSinkSettings(url=url), CATALOG)


def heard(*samples: Sample) -> list[str]:
    """The lines that a server on UDP hears of samples written one by one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)

        async def main() -> None:
            to = sink(f"udp://localhost:{server.getsockname()[1]}")
            await to.open()
            for sample in samples:
                await to.write([sample])
            await to.write([Sample(WAITING, 99, NOW)])
            await to.close()

        asyncio.run(main())
        lines: list[str] = []
        while not lines or not lines[-1].endswith(":99|g"):
            lines += server.recv(65536).decode().splitlines()
        return lines[:-1]


@pytest.mark.parametrize(
    ("sample", "line"),
    [
        (Sample(WAITING, 3.0, NOW), "asterisk.hq.queue.support.waiting:3|g"),
        (Sample(CONTACT_RTT.series("hq", "101"), 0.025, NOW), "asterisk.hq.contact.101.rtt:0.025|g"),
        (
            Sample(QUEUE_WAITING.series("hq", "a:b|c@d"), 1, NOW),
            "asterisk.hq.queue.a%3Ab%7Cc%40d.waiting:1|g",
        ),
        (Sample(Series("statsd.in.count", (("pbx", "hq"),)), 1, NOW), "asterisk.hq.statsd.in.count:1|g"),
    ],
)
def test_a_gauge_is_a_gauge(sample: Sample, line: str) -> None:
    assert heard(sample) == [line]


def test_a_negative_gauge_is_not_taken_for_a_change() -> None:
    """`-2|g` means two less to a StatsD server; from zero it comes out right."""
    name = "asterisk.hq.queue.support.waiting"

    assert heard(Sample(WAITING, -2, NOW)) == [f"{name}:0|g", f"{name}:-2|g"]


def test_a_running_total_is_a_counter_of_what_was_added() -> None:
    totals = [Sample(HANGUPS, total, NOW) for total in (100, 100, 103, 103.5)]

    assert heard(*totals) == ["asterisk.hq.hangups.busy.count:3|c", "asterisk.hq.hangups.busy.count:0.5|c"]


def test_text_is_not_forwarded() -> None:
    assert heard(Sample(SYSTEM_INFO.series("hq", "22.4.1"), 1, NOW)) == []


def test_many_samples_share_datagrams_that_fit_a_frame() -> None:
    batch = [Sample(QUEUE_WAITING.series("hq", str(queue)), 1, NOW) for queue in range(100)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)

        async def main() -> None:
            to = sink(f"udp://127.0.0.1:{server.getsockname()[1]}")
            await to.open()
            await to.write(batch)
            await to.close()

        asyncio.run(main())

        lines: list[str] = []
        while len(lines) < len(batch):
            datagram = server.recv(65536)
            assert len(datagram) <= DATAGRAM
            lines += datagram.decode().splitlines()


def test_over_tcp_a_server_that_has_gone_is_told_and_nothing_is_counted_twice() -> None:
    async def main() -> None:
        async with Peer() as peer:
            to = sink(f"tcp://127.0.0.1:{peer.port}")
            await to.open()
            await to.write([Sample(HANGUPS, 1, NOW)])
            await eventually(lambda: peer.received)
            peer.reset()
            await eventually(lambda: not peer._open)
            with pytest.raises(TemporaryError, match=r"StatsD at tcp://.*BRIDGE_STATSD_OUT__URL"):
                await to.write([Sample(HANGUPS, 5, NOW)])
            await to.close()

            await to.open()
            await to.write([Sample(HANGUPS, 5, NOW)])
            await to.close()

            await eventually(lambda: peer.everything == b"asterisk.hq.hangups.busy.count:4|c\n")

    asyncio.run(main())


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:{port}", "udp://no..name:{port}"])
def test_a_server_that_is_not_there_can_be_tried_again(url: str) -> None:
    to = sink(url.format(port=free_port()))

    with pytest.raises(TemporaryError, match="does a server run there"):
        asyncio.run(to.open())
    asyncio.run(to.close())


class TestChanges:
    def test_what_was_not_forwarded_is_told_again(self) -> None:
        changes = Changes(CATALOG)
        changes.of([Sample(HANGUPS, 1, NOW)])
        changes.commit()

        for _ in "ab":
            assert changes.of([Sample(HANGUPS, 5, NOW)]) == [Change(HANGUPS, 4, is_increase=True)]

        changes.commit()
        assert changes.of([Sample(HANGUPS, 5, NOW)]) == []

    def test_totals_of_one_batch_add_up(self) -> None:
        changes = Changes(CATALOG)

        told = changes.of([Sample(HANGUPS, total, NOW) for total in (1, 2, 5)])

        assert [change.value for change in told] == [1, 3]

    def test_a_total_that_falls_begins_anew(self) -> None:
        changes = Changes(CATALOG)

        assert changes.of([Sample(HANGUPS, total, NOW) for total in (9, 2, 3)]) == [
            Change(HANGUPS, 1, is_increase=True)
        ]

    def test_what_is_not_a_number_is_left_out(self) -> None:
        assert Changes(CATALOG).of([Sample(WAITING, float("nan"), NOW)]) == []
