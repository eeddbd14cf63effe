"""Access: the token, and what a browser may bring from where."""

import asyncio
import base64

import pytest

from tests.sinks.http.stage import Pages, port

TOKEN = "correct-horse"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("said", [f"Bearer {TOKEN}", f"bearer {TOKEN}", basic("me", TOKEN), basic("", TOKEN)])
def test_who_knows_the_token_is_answered(said: str) -> None:
    async def main() -> None:
        async with port(Pages(), token=TOKEN) as opened:
            assert (await opened.get("/metrics", Authorization=said)).status == 200
            assert (await opened.post("/said", Authorization=said)).status == 200
            assert opened.refused() == {}

    asyncio.run(main())


@pytest.mark.parametrize(
    "said",
    ["", TOKEN, "Bearer ", f"Bearer {TOKEN}x", f"Digest {TOKEN}", basic(TOKEN, "x"), "Basic !", "Basic /w=="],
)
def test_who_does_not_is_asked_for_it(said: str) -> None:
    async def main() -> None:
        async with port(Pages(), token=TOKEN) as opened:
            fields = {"Authorization": said} if said else {}
            for answer in await opened.get("/metrics", **fields), await opened.post("/said", **fields):
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"].startswith("Basic ")
                assert TOKEN not in answer.text
            assert opened.refused() == {"token": 2}

    asyncio.run(main())


def test_probes_need_no_token() -> None:
    async def main() -> None:
        async with port(token=TOKEN) as opened:
            assert [(await opened.get(path)).status for path in ("/livez", "/readyz")] == [200, 200]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("localhost:8080", "http://localhost:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("Bridge.lan:8080", "http://bridge.lan:8080"),
        ("bridge.lan", "https://bridge.lan"),
    ],
)
def test_a_page_of_ours_may_bring_something(host: str, origin: str) -> None:
    async def main() -> None:
        async with port(Pages(), hosts="bridge.lan") as opened:
            assert (await opened.post("/said", Host=host, Origin=origin)).status == 200

    asyncio.run(main())


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8080", "http://evil.example"),
        ("127.0.0.1:8080", "null"),
        ("127.0.0.1:8080", "http://127.0.0.1:9090"),
        ("evil.example:8080", "http://evil.example:8080"),
    ],
    ids=["another site", "a sandbox", "another port", "a name that was led here"],
)
def test_a_page_of_others_may_not(host: str, origin: str) -> None:
    async def main() -> None:
        async with port(Pages(), hosts="bridge.lan") as opened:
            answer = await opened.post("/said", Host=host, Origin=origin)
            assert answer.status == 403
            assert answer.text.endswith("\n")
            assert opened.refused() == {"origin": 1}

    asyncio.run(main())


def test_with_a_token_any_name_will_do() -> None:
    """A page that is led here by a trick does not know it."""

    async def main() -> None:
        async with port(Pages(), token=TOKEN) as opened:
            names = {"Host": "bridge.lan", "Origin": "http://bridge.lan", "Authorization": f"Bearer {TOKEN}"}
            assert (await opened.post("/said", **names)).status == 200

    asyncio.run(main())
