"""The control socket: one line in, one line out, for its user alone; and nobody makes the bridge wait."""

import asyncio
import contextlib
import json
import os
import socket
import stat
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from structlog.testing import capture_logs

from bridge import control
from bridge.control import CONNECTIONS, CONTROL, ControlServer, ask
from bridge.core.silence import Selector
from bridge.protocols.requests import (
    LINE_LIMIT,
    Ack,
    ListAlerts,
    Request,
    Response,
    parse,
)

LIST = Request(ListAlerts(), 7)
NewLoop = Callable[[], asyncio.AbstractEventLoop]
LOOPS: list[NewLoop] = [asyncio.new_event_loop, uvloop.new_event_loop]


class Asked:
    """Answers with what was asked, and remembers it; some verbs are a defect."""

    def __init__(self) -> None:
        self.verbs: list[str] = []

    def __call__(self, verb: str, payload: bytes) -> Response:
        self.verbs.append(verb)
        if verb == "health":
            raise RuntimeError("a defect")
        return Response(verb, {"asked": json.loads(payload)}, transaction=parse(verb, payload).transaction)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / CONTROL


@asynccontextmanager
async def serving(path: Path, asked: Asked | None = None) -> AsyncIterator[Asked]:
    """A server that listens, until the block ends."""
    asked = asked or Asked()
    before = path.lstat().st_ino if path.exists() else None
    task = asyncio.create_task(ControlServer(path, asked).run())
    async with asyncio.timeout(30):
        while not path.exists() or path.lstat().st_ino == before:
            assert not task.done()
            await asyncio.sleep(0.001)
        yield asked
        task.cancel()
        await asyncio.wait([task])


async def said(path: Path, data: bytes, *, end: bool = False) -> bytes:
    """What is answered to some bytes."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    if end:
        writer.write_eof()
    try:
        return await reader.read()
    finally:
        writer.close()


def refusal(answer: bytes) -> str:
    """Why nothing was done."""
    shown = json.loads(answer)
    assert (shown["data"], shown["status"]) == ({}, "error")
    return str(shown["error"])


class TestServer:
    @pytest.mark.parametrize("loop", LOOPS)
    def test_what_is_asked_is_answered(
        self, path: Path, loop: Callable[[], asyncio.AbstractEventLoop]
    ) -> None:
        async def main() -> tuple[Response, Response]:
            async with serving(path):
                return await asyncio.gather(ask(path, LIST), ask(path, Request(Ack(Selector("a")))))

        with asyncio.Runner(loop_factory=loop) as runner:
            one, other = runner.run(main())

        assert one == Response("list", {"asked": {"state": ["firing", "pending"], "transaction": 7}}, "", 7)
        assert other == Response("ack", {"asked": {"rule": "a"}})
        assert not path.exists()

    def test_only_its_user_may_ask(self, path: Path) -> None:
        """Also with a umask that lets everybody in."""

        async def main() -> os.stat_result:
            async with serving(path):
                return path.lstat()

        before = os.umask(0)
        try:
            found = asyncio.run(main())
        finally:
            os.umask(before)

        assert stat.S_ISSOCK(found.st_mode)
        assert stat.S_IMODE(found.st_mode) == 0o600
        assert list(path.parent.iterdir()) == []

    def test_a_line_may_come_in_parts_and_without_its_end(self, path: Path) -> None:
        async def main() -> tuple[bytes, bytes]:
            async with serving(path):
                reader, writer = await asyncio.open_unix_connection(path)
                for byte in b'{"verb":"list"}\n':
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0)
                parts = await reader.read()
                writer.close()
                return parts, await said(path, b'{"verb":"list"}', end=True)

        parts, endless = asyncio.run(main())

        assert parts == endless == b'{"data":{"asked":{}},"status":"ok"}\n'

    @pytest.mark.parametrize(
        ("garbage", "why"),
        [
            (b"\n", 'write {"verb":"list","payload":{}}'),
            (b"GET / HTTP/1.1\r\n\r\n", "it is not JSON"),
            (b"\xff\0\n", "it is not UTF-8"),
            (b"[" * 5000 + b"\n", "it is nested deeper"),
            (b"x" * (LINE_LIMIT + 1), f"it has {LINE_LIMIT + 1} bytes"),
            (b'{"verb":"ack","verb":"list"}\n', 'it says "verb" more than once'),
            (b'{"verb":"health"}\n', "the bridge has failed at it"),
        ],
    )
    def test_garbage_is_told_what_is_wrong_and_hurts_nobody(
        self, path: Path, garbage: bytes, why: str
    ) -> None:
        async def main() -> tuple[bytes, Response]:
            async with serving(path):
                return await said(path, garbage), await ask(path, LIST)

        with capture_logs() as logs:
            answer, after = asyncio.run(main())

        assert refusal(answer).startswith(why)
        assert not after.error
        assert [line["log_level"] for line in logs] == ["error"] * (b"health" in garbage)

    def test_who_does_not_stop_is_turned_out(self, path: Path) -> None:
        async def main() -> Response:
            async with serving(path) as asked:
                with contextlib.suppress(ConnectionError):
                    await said(path, b"x" * 10_000_000)
                assert asked.verbs == []
                return await ask(path, LIST)

        assert not asyncio.run(main()).error

    def test_only_the_first_line_of_a_connection_is_taken(self, path: Path) -> None:
        async def main() -> tuple[bytes, list[str]]:
            async with serving(path) as asked:
                return await said(path, b'{"verb":"list"}\n{"verb":"ack"}\n'), asked.verbs

        answer, verbs = asyncio.run(main())

        assert answer.count(b"\n") == 1
        assert verbs == ["list"]

    def test_who_does_not_ask_soon_is_turned_out(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(control, "ASKING", 0.05)

        async def main() -> tuple[bytes, Response]:
            async with serving(path):
                slow = asyncio.create_task(said(path, b'{"verb":'))
                return await slow, await ask(path, LIST)

        nothing, after = asyncio.run(main())

        assert nothing == b""
        assert not after.error

    def test_who_does_not_fetch_the_answer_is_turned_out(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(control, "FETCHING", 0.05)

        class Talkative(Asked):
            def __call__(self, verb: str, payload: bytes) -> Response:
                return Response(verb, {"much": "x" * 5_000_000})

        async def main() -> bytes:
            async with serving(path, Talkative()):
                reader, writer = await asyncio.open_unix_connection(path, limit=1000)
                writer.write(b'{"verb":"list"}\n')
                await asyncio.sleep(0.2)
                try:
                    return await reader.read()
                except ConnectionResetError:
                    return b""
                finally:
                    writer.close()

        assert len(asyncio.run(main())) < 5_000_000

    def test_those_who_dawdle_keep_nobody_out(self, path: Path) -> None:
        async def main() -> tuple[list[Response], float]:
            async with serving(path):
                dawdlers = [await asyncio.open_unix_connection(path) for _ in range(3 * CONNECTIONS)]
                began = time.monotonic()
                answers = [await ask(path, LIST) for _ in range(3)]
                took = time.monotonic() - began
                for _, writer in dawdlers:
                    writer.close()
                return answers, took

        answers, took = asyncio.run(main())

        assert [answer.error for answer in answers] == ["", "", ""]
        assert took < 1.0

    def test_clients_that_are_there_at_the_end_are_turned_out(self, path: Path) -> None:
        async def main() -> bytes:
            async with serving(path):
                reader, writer = await asyncio.open_unix_connection(path)
                writer.write(b"{")
                await ask(path, LIST)
            try:
                return await reader.read()
            finally:
                writer.close()

        assert asyncio.run(main()) == b""


class TestPath:
    def test_a_socket_on_which_nobody_listens_is_replaced(self, path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))

        async def main() -> Response:
            async with serving(path):
                return await ask(path, LIST)

        assert not asyncio.run(main()).error

    def test_that_of_another_bridge_is_left_alone(self, path: Path) -> None:
        async def main() -> Response:
            async with serving(path):
                await asyncio.wait_for(ControlServer(path, Asked()).run(), 10)
                return await ask(path, LIST)

        with capture_logs() as logs:
            after = asyncio.run(main())

        assert not after.error
        assert [line["error"] for line in logs] == ["another bridge listens there"]

    @pytest.mark.parametrize("kind", ["a file", "a folder", "no folder", "a long name"])
    def test_what_cannot_be_listened_on_is_told_and_hurts_nobody(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / CONTROL
        if kind == "a file":
            path.write_text("precious")
        elif kind == "a folder":
            path.mkdir()
        elif kind == "no folder":
            path = tmp_path / "none" / CONTROL
        else:
            path = tmp_path / ("x" * 100) / CONTROL
            path.parent.mkdir()
        before = sorted(tmp_path.rglob("*"))

        with capture_logs() as logs:
            asyncio.run(ControlServer(path, Asked()).run())

        assert [line["event"] for line in logs] == [
            "no control socket, so `asterisk-bridge alerts` cannot ask"
        ]
        assert sorted(tmp_path.rglob("*")) == before

    def test_at_the_end_only_our_own_is_removed(self, path: Path) -> None:
        async def main() -> None:
            async with serving(path):
                path.unlink()
                path.write_text("of somebody else")

        asyncio.run(main())

        assert path.read_text() == "of somebody else"
