"""Entrance and Door: what is read of a request, and which answers may stay open."""

import asyncio
import contextlib
import json

import pytest

from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core.sample import Sample
from bridge.protocols.http import BODY_SIZE
from bridge.sinks.http.entrance import CONNECTIONS, STREAMS
from tests.sinks.http.stage import Pages, port, request

SAMPLE = Sample(QUEUE_WAITING.series("hq", "support"), 1, 0)
FORM = "application/x-www-form-urlencoded"


def test_a_form_that_comes_in_pieces_reaches_its_page() -> None:
    whole = request("POST", "/said?a=1", b"target=x&b=2", {"Content-Type": FORM})

    async def main() -> dict[str, str]:
        async with port(Pages()) as opened:
            reader, writer = await asyncio.open_connection("127.0.0.1", opened.sink.port)
            for place in range(len(whole)):
                writer.write(whole[place : place + 1])
                await writer.drain()
            answer = (await reader.read()).decode()
            writer.close()
            told: dict[str, str] = json.loads(answer.partition("\r\n\r\n")[2])
            return told

    assert asyncio.run(main()) == {"a": "1", "target": "x", "b": "2"}


def test_a_large_form_is_read_and_a_larger_one_refused() -> None:
    async def main() -> None:
        async with port(Pages()) as opened:
            fits = b"x=" + b"y" * (BODY_SIZE - 2)
            assert (await opened.post("/said", fits, Content_Type=FORM)).status == 200
            assert (await opened.post("/said", fits + b"y", Content_Type=FORM)).status == 413
            assert opened.refused() == {"body": 1}

    asyncio.run(main())


def test_nothing_is_brought_to_a_page_that_only_shows() -> None:
    async def main() -> None:
        async with port(Pages()) as opened:
            assert (await opened.post("/metrics")).status == 405
            assert (await opened.post("/events")).status == 405
            assert opened.refused() == {"method": 2}

    asyncio.run(main())


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.sinks.http.entrance.BODY_TIME", 0.1)

    async def main() -> None:
        async with port(Pages()) as opened:
            half = request("POST", "/said", b"target=x", {})[:-1]
            assert (await opened.say(half)).status == 408
            assert opened.refused() == {"timeout": 1}

    asyncio.run(main())


def test_an_answer_takes_no_longer_than_it_may_unless_it_is_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.sinks.http.entrance.ANSWER_TIME", 0.1)

    async def main() -> None:
        pages = Pages()
        async with port(pages) as opened:
            reader, writer = await asyncio.open_connection("127.0.0.1", opened.sink.port)
            writer.write(request("GET", "/events", b"", {}))
            await reader.readuntil(b"data: begun\n\n")
            await asyncio.sleep(0.3)
            await pages.close()
            rest = await reader.read()
            assert rest.endswith(b"0\r\n\r\n"), "it was ended by the page, and not cut"
            writer.close()
            assert opened.refused() == {}

    asyncio.run(main())


def test_of_too_many_streams_the_oldest_ends() -> None:
    assert STREAMS < CONNECTIONS

    async def main() -> None:
        pages = Pages()
        async with port(pages) as opened:
            peers = []
            for _ in range(STREAMS + 1):
                reader, writer = await asyncio.open_connection("127.0.0.1", opened.sink.port)
                writer.write(request("GET", "/events", b"", {}))
                await reader.readuntil(b"data: begun\n\n")
                peers.append((reader, writer))
            with contextlib.suppress(ConnectionResetError):
                assert not (await peers[0][0].read()).endswith(b"0\r\n\r\n")
            assert not any(reader.at_eof() for reader, _ in peers[1:])
            assert opened.refused() == {"slow": 1}
            for _, writer in peers:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

    asyncio.run(main())


def test_a_page_is_given_what_sinks_are_given() -> None:
    async def main() -> None:
        pages = Pages()
        async with port(pages) as opened:
            await opened.sink.write([SAMPLE])
            assert pages.taken == [SAMPLE]

    asyncio.run(main())
