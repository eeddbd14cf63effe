"""Documents from web servers: only those that changed, soon, whole and from whom they should be."""

import asyncio
import os
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.fetch import Document, FetchError, Validators, fetch, shown
from tests.servers.handshakes import presenting
from tests.servers.mosquitto import Authority
from tests.servers.web import Answer, Web, answer, ok, serving

LIMIT = 1000


def got(
    answers: Callable[[str], Answer], path: str = "", known: Validators | None = None
) -> tuple[Document | None, Web]:
    """What is fetched from a server, and the server."""

    async def main() -> tuple[Document | None, Web]:
        async with serving() as web:
            web.answers = answers
            return await fetch(web.url + path, known or Validators(), LIMIT, 0.5), web

    return asyncio.run(main())


def refused(answers: Callable[[str], Answer], path: str = "") -> FetchError:
    with pytest.raises(FetchError) as caught:
        got(answers, path)
    return caught.value


def test_a_document_comes_with_what_it_is_known_by() -> None:
    document, _ = got(lambda _: ok(b"BEGIN", ETag='"1"', Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT"))

    assert document == (b"BEGIN", ('"1"', "Thu, 01 Jan 2026 00:00:00 GMT"))


def test_the_server_is_told_what_is_known_and_says_that_there_is_nothing_new() -> None:
    document, web = got(lambda _: answer("304 Not Modified"), known=Validators('"1"', "Thu"))

    assert document is None
    assert 'If-None-Match: "1"\r\nIf-Modified-Since: Thu\r\n' in web.asked[0]


@pytest.mark.parametrize("status", ["500 Oh \x1b[2Jno", "404 Not Found", "204 No Content"])
def test_a_status_other_than_ok_is_told(status: str) -> None:
    error = refused(lambda _: answer(status))

    assert error.reason == "status"
    assert str(error) == "the server answers " + status.replace("\x1b", r"\x1b")


@pytest.mark.parametrize(
    "part", [None, b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nB"]
)
def test_a_server_that_is_slow_is_not_waited_for(part: bytes | None) -> None:
    async def main() -> None:
        async def dawdle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(part or b"")
            with_server.append(writer)

        with_server: list[asyncio.StreamWriter] = []
        async with await asyncio.start_server(dawdle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(FetchError) as caught:
                await fetch(f"http://127.0.0.1:{port}/", Validators(), LIMIT, 0.2)
            for writer in with_server:
                writer.close()
        assert (caught.value.reason, str(caught.value)) == ("timeout", "it took longer than 0.2 s")

    asyncio.run(main())


def test_more_than_the_limit_is_not_read() -> None:
    error = refused(lambda _: ok(b"x" * (LIMIT + 1)))

    assert (error.reason, str(error)) == ("large", "it has more than 1000 bytes")


def test_what_is_compressed_stays_so_and_cannot_swell() -> None:
    document, _ = got(lambda _: ok(b"\x1f\x8b", Content_Encoding="gzip"))

    assert document is not None
    assert document.content == b"\x1f\x8b"


def test_a_redirect_is_followed() -> None:
    document, _ = got(
        lambda head: ok(b"there") if "/there" in head else answer("302 Found", Location="/there")
    )

    assert document is not None
    assert document.content == b"there"


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/around", "gopher:x"])
def test_a_redirect_leads_nowhere_else(place: str) -> None:
    assert refused(lambda _: answer("302 Found", Location=place)).reason == "redirect"


def test_name_and_password_go_to_the_server_that_they_are_for_and_to_no_other() -> None:
    async def main() -> None:
        async with serving() as other, serving() as web:
            other.answers = lambda _: ok(b"there")
            web.answers = lambda _: answer("302 Found", Location=other.url)

            await fetch(web.url.replace("//", "//me:s3cret@"), Validators(), LIMIT, 5)

            assert b64encode(b"me:s3cret").decode() in web.asked[0]
            assert "Authorization" not in other.asked[0]

    asyncio.run(main())


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(presenting(*Authority(tmp_path).issue("127.0.0.1"))) as web:
            web.answers = lambda _: ok(b"BEGIN")
            with pytest.raises(FetchError) as caught:
                await fetch(web.url, Validators(), LIMIT, 5)
            assert caught.value.reason == "certificate"
            assert not web.asked

    asyncio.run(main())


PROGRAM = """
import asyncio, sys
from bridge.fetch import FetchError, Validators, fetch

try:
    document = asyncio.run(fetch(sys.argv[1], Validators(), 1000, 20))
    print("got", document.content.decode())
except FetchError as error:
    print("refused", error.reason)
"""


def test_an_authority_is_trusted_and_what_came_over_https_and_then_http_is_not_used(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trusting = {**os.environ, "SSL_CERT_FILE": str(authority.file)}

    async def fetched(url: str) -> bytes:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, url, env=trusting, stdout=asyncio.subprocess.PIPE
        )
        return (await program.communicate())[0]

    async def main() -> None:
        async with serving() as plain, serving(presenting(*authority.issue("127.0.0.1"))) as web:
            away = answer("302 Found", Location=plain.url)
            plain.answers = lambda _: ok(b"forged")
            web.answers = lambda head: ok(b"BEGIN") if "/good" in head else away

            assert await fetched(web.url + "good") == b"got BEGIN\n"
            assert await fetched(web.url) == b"refused redirect\n"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("url", "reason"),
    [("http://127.0.0.1:1/s3cret", "unreachable"), ("http://s3cret:x@[::1/", "url"), ("http://", "url")],
)
def test_nothing_that_is_said_holds_what_may_be_secret(url: str, reason: str) -> None:
    with pytest.raises(FetchError) as caught:
        asyncio.run(fetch(url, Validators(), LIMIT, 5))

    assert caught.value.reason == reason
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://me:s3cret@calendar.example:8443/private-s3cret/basic.ics?s3cret",
            "https://calendar.example:8443/...",
        ),
        ("http://[::1]/s3cret", "http://[::1]/..."),
        ("http://me:s3cret@[::1/x", "a URL that cannot be read"),
        ("http://host:s3cret/x", "a URL that cannot be read"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, expected: str) -> None:
    assert shown(url) == expected
