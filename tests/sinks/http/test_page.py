"""Page: served with a strict policy, kept as it is now by events, and asked by forms."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.core.sample import Sample
from bridge.protocols.requests import Response
from bridge.sinks.http.page import AGES, ASSETS, PACE, Page, Surroundings
from tests.page import scene
from tests.page.scene import NOW
from tests.sinks.http.stage import Port, port
from tests.sinks.peer import PATIENCE

FORM = {"Content_Type": "application/x-www-form-urlencoded", "Origin": "http://127.0.0.1:8080"}


class Stage:
    """A page, and what happened around it."""

    def __init__(self, *, commands: bool = True) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.alerts = [*scene.ALERTS]
        self.looked = 0
        self.page = Page(
            Surroundings(
                version="0.6.0",
                metrics=CATALOG,
                settings=lambda: scene.SETTINGS,
                parts=self._parts,
                rejected=lambda: scene.REJECTED,
                alerts=lambda: self.alerts,
                silences=lambda: (),
                answer=self._answer if commands else None,
            ),
            now=lambda: NOW,
        )

    def _parts(self) -> Any:
        self.looked += 1
        return scene.PARTS

    def _answer(self, verb: str, payload: bytes) -> Response:
        self.asked.append((verb, json.loads(payload)))
        return (
            Response(verb, {}, "no alert is meant") if b"gone" in payload else Response(verb, {"alerts": 1})
        )


class Stream:
    """The events of a page, as a browser gets them."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def event(self) -> dict[str, Any]:
        """The next one that tells something."""
        async with asyncio.timeout(PATIENCE):
            while True:
                line = (await self._reader.readline()).decode()
                assert line, "the stream has ended"
                told: dict[str, Any] = json.loads(line[6:]) if line.startswith("data: ") else {}
                if told.get("parts"):
                    return told

    async def ended(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._reader.read()


@contextlib.asynccontextmanager
async def stream(at: Port, query: str = "") -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", at.sink.port)
    writer.write(f"GET /events{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    try:
        yield Stream(reader)
    finally:
        writer.close()


def calls(value: float) -> list[Sample]:
    return [scene.sample_of("calls.active", value)]


# --- the document


def test_the_page_and_what_belongs_to_it_allow_nothing_from_elsewhere() -> None:
    async def look() -> None:
        async with port(Stage().page) as at:
            answers = [await at.get("/"), *[await at.get(f"/assets/{name}") for name in ASSETS]]

        for answer in answers:
            policy = answer.headers["Content-Security-Policy"]
            assert answer.status == 200
            assert policy.startswith("default-src 'none'")
            assert "unsafe" not in policy
            assert "http:" not in answer.text.replace("http://www.w3.org/2000/svg", "")
        assert [answer.headers["Content-Type"].split(";")[0] for answer in answers] == [
            "text/html",
            *ASSETS.values(),
        ]

    asyncio.run(look())


def test_no_style_and_no_script_stands_in_the_page() -> None:
    async def look() -> str:
        async with port(Stage().page) as at:
            return (await at.get("/")).text

    page = asyncio.run(look())

    assert " style=" not in page
    assert "<style" not in page
    assert page.count("<script") == 1
    assert " on" not in {each[:3] for each in page.split('"')[::2]}


def test_a_search_is_answered_without_any_script() -> None:
    async def look() -> str:
        stage = Stage()
        stage.page.take([*scene.samples()])
        async with port(stage.page) as at:
            return (await at.get("/?q=queue+sup%C3%9F%00%ff&refresh=x")).text + (
                await at.get("/?q=queue+support+waiting")
            ).text

    assert "0 series found" in asyncio.run(look())
    assert "2 series found" in asyncio.run(look())


# --- requests


@pytest.mark.parametrize(
    ("path", "body", "asked"),
    [
        ("/alerts/ack", b"id=3f2a9c01d4e5-7", ("ack", {"id": "3f2a9c01d4e5-7"})),
        (
            "/alerts/silence",
            b"id=3f2a9c01d4e5-7&duration=1h&comment=a+b&rule=*",
            ("silence", {"id": "3f2a9c01d4e5-7", "duration": "1h", "comment": "a b"}),
        ),
        ("/alerts/unsilence", b"id=3f2a9c01d4e5", ("unsilence", {"id": "3f2a9c01d4e5"})),
    ],
)
def test_a_form_asks_as_mqtt_does(path: str, body: bytes, asked: tuple[str, Any]) -> None:
    async def ask() -> None:
        stage = Stage()
        async with port(stage.page) as at:
            page = await at.post(path, body, **FORM)
            words = await at.post(path, body, Accept="text/plain", **FORM)

        assert stage.asked == [asked, asked]
        assert (page.status, words.status) == (200, 200)
        assert page.text.startswith("<!doctype html>")
        assert f'role="status">{words.text}</p>' in page.text.replace(' id="said"', "")

    asyncio.run(ask())


def test_what_cannot_be_done_is_said_in_words() -> None:
    async def ask() -> None:
        async with port(Stage().page) as at:
            gone = await at.post("/alerts/ack", b"id=gone", Accept="text/plain", **FORM)
            torn = await at.post("/alerts/ack", b"\xff" + b"&a=b" * 100, Accept="text/plain", **FORM)

        assert (gone.status, gone.text) == (400, "Nothing was done: no alert is meant.")
        assert (torn.status, torn.text) == (400, "Nothing was done: the form cannot be read.")

    asyncio.run(ask())


def test_without_commands_nobody_can_ask() -> None:
    async def ask() -> None:
        stage = Stage(commands=False)
        async with port(stage.page) as at:
            answer = await at.post("/alerts/ack", b"id=x", Accept="text/plain", **FORM)

        assert answer.status == 403
        assert "BRIDGE_ALERTS__COMMANDS" in answer.text
        assert stage.asked == []

    asyncio.run(ask())


def test_a_page_of_somebody_else_cannot_ask() -> None:
    async def ask() -> None:
        stage = Stage()
        async with port(stage.page) as at:
            answer = await at.post("/alerts/ack", b"id=x", Origin="http://evil.example")

        assert answer.status == 403
        assert stage.asked == []

    asyncio.run(ask())


# --- events


def test_what_has_changed_is_told_and_nothing_else() -> None:
    async def look() -> None:
        stage = Stage()
        stage.page.take([*scene.samples()])
        async with port(stage.page) as at, stream(at) as events:
            whole = await events.event()
            stage.page.take(calls(77))
            later = await events.event()

        assert whole["title"] == "2 alerts · asterisk-bridge"
        assert {"verdict", "alerts-now", "sources-now", "sinks-now", "pbx-hq"} <= whole["parts"].keys()
        assert later["parts"].keys() == {"pbx-hq"}
        assert ">77<" in later["parts"]["pbx-hq"]

    asyncio.run(look())


def test_however_much_comes_one_event_a_second_is_told() -> None:
    async def look() -> float:
        stage = Stage()
        async with port(stage.page) as at, stream(at) as events:
            await events.event()
            began = asyncio.get_running_loop().time()
            for value in range(100):
                stage.page.take(calls(value))
            await events.event()
            stage.page.take(calls(1000))
            await events.event()
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(look()) >= 1.9 * PACE


def test_an_alert_does_not_wait() -> None:
    async def look() -> tuple[float, dict[str, Any]]:
        stage = Stage()
        async with port(stage.page) as at, stream(at) as events:
            await events.event()
            began = asyncio.get_running_loop().time()
            stage.alerts.clear()
            stage.page.notice([])
            told = await events.event()
            return asyncio.get_running_loop().time() - began, told

    seconds, told = asyncio.run(look())

    assert seconds < PACE
    assert told["title"] == "1 part down · asterisk-bridge"
    assert told["parts"].keys() == {"verdict", "alerts-now"}


def test_a_search_goes_on_with_the_newest_values() -> None:
    async def look() -> dict[str, Any]:
        stage = Stage()
        stage.page.take(calls(5))
        async with port(stage.page) as at, stream(at, "?q=calls") as events:
            await events.event()
            stage.page.take(calls(6))
            return await events.event()

    assert ">6<" in asyncio.run(look())["parts"]["found"]


def test_a_search_finds_what_comes_later() -> None:
    async def look() -> dict[str, Any]:
        now = [NOW]
        stage = Stage()
        stage.page = Page(stage.page.surroundings, now=lambda: now[0])
        async with port(stage.page) as at, stream(at, "?q=calls") as events:
            await events.event()
            now[0] += AGES
            stage.page.take(calls(6))
            stage.page.notice([])
            return await events.event()

    assert ">6<" in asyncio.run(look())["parts"]["found"]


def test_a_pbx_that_has_gone_is_taken_away() -> None:
    async def look() -> dict[str, Any]:
        now = [NOW]
        stage = Stage()
        stage.page = Page(stage.page.surroundings, now=lambda: now[0])
        stage.page.take([scene.sample_of("calls.active", 1, pbx="default")])
        async with port(stage.page) as at, stream(at) as events:
            assert "pbx-default" in (await events.event())["parts"]
            now[0] += 400
            stage.page.notice([])
            return await events.event()

    assert asyncio.run(look())["parts"]["pbx-default"] is None


def test_while_nobody_looks_nothing_is_made() -> None:
    async def look() -> int:
        stage = Stage()
        async with port(stage.page) as at:
            for value in range(100):
                await at.sink.write(calls(value))
                stage.page.notice([])
        return stage.looked

    assert asyncio.run(look()) == 0


def test_streams_end_with_the_port() -> None:
    async def look() -> None:
        stage = Stage()
        async with contextlib.AsyncExitStack() as stack:
            at = await stack.enter_async_context(port(stage.page))
            events = await stack.enter_async_context(stream(at))
            await events.event()
            await at.sink.close()
            await events.ended()

    asyncio.run(look())


def test_a_stream_has_no_head_of_its_own() -> None:
    async def look() -> int:
        async with port(Stage().page) as at:
            return (await at.say(b"HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n")).status

    assert asyncio.run(look()) == 405


def test_who_leaves_is_forgotten() -> None:
    async def look() -> None:
        stage = Stage()
        async with port(stage.page) as at:
            async with stream(at) as events:
                await events.event()
                assert len(stage.page._lookers) == 1
            async with asyncio.timeout(PATIENCE):
                while stage.page._lookers:
                    stage.page.take(calls(1))
                    stage.page.notice([])
                    await asyncio.sleep(0.05)

    asyncio.run(look())
