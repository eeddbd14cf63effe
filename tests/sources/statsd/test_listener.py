"""Listeners read real sockets, in batches, and lose nothing that has arrived."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvloop

from bridge.core.endpoint import Endpoint
from bridge.protocols.statsd import LINE_LIMIT
from bridge.sources.statsd.listener import CHUNK, TURN, DatagramListener, Drain, StreamListener, reading
from bridge.sources.statsd.senders import LOCAL, Packet
from bridge.sources.statsd.sockets import open_network, open_unix

BUFFER = 4 * 1024 * 1024


class Notebook:
    """Takes what listeners read."""

    def __init__(self, *, admit: bool = True) -> None:
        self.packets: list[Packet] = []
        self.batches: list[int] = []
        self.turned_away: list[str] = []
        self.admit = admit

    def receive(self, listener: str, packets: Iterable[Packet]) -> None:
        assert listener == "here"
        batch = list(packets)
        self.batches.append(len(batch))
        self.packets += batch

    def admits(self, listener: str, sender: str) -> bool:
        return self.admit

    def crowded(self, listener: str, sender: str) -> None:
        self.turned_away.append(sender)


def drain(notebook: Notebook, sender: str | None = None) -> Drain:
    return reading(partial(notebook.receive, "here"), sender)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    for loop in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(asyncio.wait_for(test(), 60))


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def udp(notebook: Notebook, buffer: int = BUFFER) -> tuple[DatagramListener, socket.socket]:
    """A listener that has started, and a socket that is connected to it."""
    opened = await open_network(Endpoint("udp", "127.0.0.1", 0), socket.SOCK_DGRAM, buffer)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(opened.getsockname())
    listener = DatagramListener("here", opened, drain(notebook))
    await listener.start()
    return listener, sender


class TestDatagrams:
    def test_each_comes_with_its_sender_in_order(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, sender = await udp(notebook)
            with sender:
                for number in range(50):
                    sender.send(b"%d" % number)
                await until(lambda: len(notebook.packets) == 50)
                await listener.close()

            assert notebook.packets == [(b"%d" % number, "127.0.0.1") for number in range(50)]

        run(test)

    def test_a_sender_that_is_known_is_not_asked_for(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            opened = await open_network(Endpoint("udp", "127.0.0.1", 0), socket.SOCK_DGRAM)
            listener = DatagramListener("here", opened, drain(notebook, "known"))
            await listener.start()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"a:1|c", opened.getsockname())
                await until(lambda: notebook.packets)
            await listener.close()

            assert notebook.packets == [(b"a:1|c", "known")]

        run(test)

    def test_a_busy_socket_is_read_in_batches_and_others_get_their_turn(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, sender = await udp(notebook)
            with sender:
                for _ in range(3000):
                    sender.send(b"a:1|c")
                await until(lambda: len(notebook.packets) == 3000)
                await listener.close()

            assert max(notebook.batches) == TURN
            assert len(notebook.batches) < 100

        run(test)

    def test_it_says_whether_more_than_a_turn_is_waiting(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, sender = await udp(notebook)
            behind: list[tuple[int, bool]] = []
            with sender:
                for _ in range(3 * TURN - 1):
                    sender.send(b"a:1|c")
                while len(notebook.packets) < 3 * TURN - 1:
                    await asyncio.sleep(0)
                    behind.append((len(notebook.packets) // TURN, listener.is_behind))
            await listener.close()

            assert {(1, True), (2, False)} <= {*behind} <= {(0, False), (1, True), (2, True), (2, False)}

        run(test)

    def test_what_came_in_during_a_pause_is_taken_when_an_interval_ends(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, sender = await udp(notebook)
            with sender:
                for number in range(3 * TURN):
                    sender.send(b"%d" % number)
                listener.catch_up()
                caught = len(notebook.packets)
                await listener.close()
            listener.catch_up()

            assert caught == 3 * TURN == len(notebook.packets)

        run(test)

    def test_long_datagrams_make_a_turn_too_and_all_are_read_at_the_end(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, sender = await udp(notebook)
            with sender:
                for _ in range(20):
                    sender.send(b"x" * 60_000)
                await listener.close()

            assert notebook.batches == [1] * 20

        run(test)

    def test_reading_goes_on_after_every_pause(self) -> None:
        """Bursts after silences of any length: reader and timer hand over to each other."""

        async def test() -> None:
            notebook = Notebook()
            listener, sender = await udp(notebook)
            sent = 0
            with sender:
                for pause in (0, 0.001, 0.004, 0.006, 0.02, 0, 0.05, 0.003):
                    for _ in range(20):
                        sender.send(b"a:1|c")
                        sent += 1
                    await asyncio.sleep(pause)
                await until(lambda: len(notebook.packets) == sent)
                await listener.close()

        run(test)

    def test_what_has_arrived_is_read_before_it_closes(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, sender = await udp(notebook)
            with sender:
                for _ in range(2000):
                    sender.send(b"a:1|c")
                await listener.close()

            assert len(notebook.packets) == 2000

        run(test)

    def test_what_the_kernel_drops_is_counted_once(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, sender = await udp(notebook, buffer=8192)
            with sender:
                for _ in range(500):
                    sender.send(b"a:1|c")
                drops = listener.drops()
                again = listener.drops()
                await listener.close()

            assert drops > 0
            assert (drops + len(notebook.packets), again) == (500, 0)

        run(test)

    def test_what_the_kernel_drops_before_the_end_is_counted_after_it(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, sender = await udp(notebook, buffer=8192)
            with sender:
                for _ in range(500):
                    sender.send(b"a:1|c")
                await listener.close()

            assert listener.drops() + len(notebook.packets) == 500
            assert listener.drops() == 0

        run(test)

    def test_an_empty_datagram_is_one_too(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, sender = await udp(notebook)
            with sender:
                sender.send(b"")
                sender.send(b"x" * 65507)
                await until(lambda: len(notebook.packets) == 2)
                await listener.close()

            assert [len(data) for data, _ in notebook.packets] == [0, 65507]

        run(test)

    def test_a_unix_socket_has_local_senders_and_its_file_goes_with_it(self, tmp_path: Path) -> None:
        path = tmp_path / "statsd.sock"

        async def test() -> None:
            notebook = Notebook()
            opened = open_unix(Endpoint("unixgram", "", 0, str(path)), socket.SOCK_DGRAM, 0o660, BUFFER)
            listener = DatagramListener("here", opened, drain(notebook, LOCAL))
            await listener.start()
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"a:1|c", str(path))
                await until(lambda: notebook.packets)
            await listener.close()

            assert notebook.packets == [(b"a:1|c", LOCAL)]
            assert not path.exists()

        run(test)


async def tcp(notebook: Notebook, limit: int = 250) -> tuple[StreamListener, tuple[str, int]]:
    opened = await open_network(Endpoint("tcp", "127.0.0.1", 0), socket.SOCK_STREAM)
    address: tuple[str, int] = opened.getsockname()
    listener = StreamListener("here", opened, notebook, limit)
    await listener.start()
    return listener, address


def text(notebook: Notebook) -> bytes:
    return b"".join(data for data, _ in notebook.packets)


class TestStreams:
    def test_lines_are_whole_however_they_are_cut(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, address = await tcp(notebook)
            _, writer = await asyncio.open_connection(*address)
            for piece in (b"a:1", b"|c\nb:2|c\nc", b":3|c", b"\n"):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)
            await until(lambda: text(notebook).count(b"\n") == 3)
            writer.close()
            await listener.close()

            assert text(notebook) == b"a:1|c\nb:2|c\nc:3|c\n"
            assert all(data.endswith(b"\n") for data, _ in notebook.packets)
            assert {sender for _, sender in notebook.packets} == {"127.0.0.1"}

        run(test)

    def test_the_last_line_needs_no_line_feed_when_the_sender_ends_properly(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, address = await tcp(notebook)
            _, writer = await asyncio.open_connection(*address)
            writer.write(b"a:1|c\nb:2|c")
            writer.close()
            await until(lambda: text(notebook).endswith(b"b:2|c"))
            await listener.close()

        run(test)

    def test_half_a_line_is_no_line_when_the_connection_breaks(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, address = await tcp(notebook)
            with socket.create_connection(address) as broken:
                broken.sendall(b"a:1|c\nb:100|m")
                await until(lambda: notebook.packets)
                broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close by reset
            await asyncio.sleep(0.01)
            await listener.close()

            assert text(notebook) == b"a:1|c\n"

        run(test)

    def test_what_has_arrived_is_read_before_it_closes(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, address = await tcp(notebook)
            with socket.create_connection(address) as sender:
                sender.sendall(b"first:1|c\n")
                await until(lambda: notebook.packets)
                sender.sendall(b"a:1|c\n")
                await listener.close()

                assert text(notebook) == b"first:1|c\na:1|c\n"
                assert sender.recv(1) == b""

        run(test)

    @pytest.mark.parametrize(("limit", "admit"), [(2, True), (250, False)])
    def test_connections_that_are_too_many_or_not_allowed_are_closed(self, limit: int, admit: bool) -> None:
        async def test() -> None:
            notebook = Notebook(admit=admit)
            listener, address = await tcp(notebook, limit)
            kept = [await asyncio.open_connection(*address) for _ in range(limit if admit else 0)]
            for _, writer in kept:
                writer.write(b"a:1|c\n")
            await until(lambda: len(notebook.packets) == len(kept))

            reader, writer = await asyncio.open_connection(*address)

            assert await reader.read() == b""
            assert notebook.turned_away == (["127.0.0.1"] if admit else [])
            for _, other in [*kept, (reader, writer)]:
                other.close()
            await listener.close()

        run(test)

    @pytest.mark.parametrize("size", [LINE_LIMIT, 1000, 100_000])
    def test_a_line_that_is_too_long_ends_its_connection_and_no_other(self, size: int) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, address = await tcp(notebook)
            _, other = await asyncio.open_connection(*address)
            reader, writer = await asyncio.open_connection(*address)
            data = b"a:1|c\n" + b"x" * (LINE_LIMIT + 1) + b"\nb:1|c\n" * 20_000
            with contextlib.suppress(ConnectionError):
                for at in range(0, len(data), size):
                    writer.write(data[at : at + size])
                    await writer.drain()
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            other.write(b"c:1|c\n")
            await until(lambda: text(notebook).endswith(b"c:1|c\n"))
            for each in (writer, other):
                each.close()
            await listener.close()

            assert text(notebook) == b"a:1|c\n" + b"x" * (LINE_LIMIT + 1) + b"c:1|c\n"

        run(test)

    def test_no_connection_keeps_another_from_its_turn_for_more_than_a_chunk(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, address = await tcp(notebook)
            with socket.create_connection(address) as sender:
                sender.sendall(b"a:1|c\n" * 10_000)
                await until(lambda: len(text(notebook)) == 60_000)
            await listener.close()

            assert max(len(data) for data, _ in notebook.packets) < CHUNK + LINE_LIMIT

        run(test)

    def test_room_is_made_when_a_connection_ends(self) -> None:
        async def test() -> None:
            notebook = Notebook()
            listener, address = await tcp(notebook, limit=1)
            for _ in range(3):
                notebook.packets.clear()
                with socket.create_connection(address) as sender:
                    sender.sendall(b"a:1|c\n")
                    await until(lambda: notebook.packets)
                await until(lambda: not listener.connections)
            await listener.close()

        run(test)

    def test_a_unix_socket_has_local_senders_and_its_file_goes_with_it(self, tmp_path: Path) -> None:
        path = tmp_path / "statsd.sock"

        async def test() -> None:
            notebook = Notebook()
            opened = open_unix(Endpoint("unix", "", 0, str(path)), socket.SOCK_STREAM, 0o660)
            listener = StreamListener("here", opened, notebook)
            await listener.start()
            _, writer = await asyncio.open_unix_connection(str(path))
            writer.write(b"a:1|c\n")
            await until(lambda: notebook.packets)
            writer.close()
            await listener.close()

            assert notebook.packets == [(b"a:1|c\n", LOCAL)]
            assert not path.exists()
            assert listener.drops() == 0

        run(test)
