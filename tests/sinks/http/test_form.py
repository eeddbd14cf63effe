"""What a request asks for, in its URL and in the form that it brings."""

import asyncio
import json
from collections.abc import Iterable, Sequence

import pytest
from aiohttp import web

from bridge.core.sample import Sample
from bridge.render.errors import QueryError
from bridge.sinks.http.form import Form, form
from tests.sinks.http.stage import Answer, port


class Echo:
    """A site that says what it understood."""

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/echo", self._say)]

    def take(self, batch: Sequence[Sample]) -> None:
        pass

    async def close(self) -> None:
        pass

    async def _say(self, request: web.Request) -> web.Response:
        try:
            asked = await form(request)
        except QueryError as error:
            return web.Response(status=400, text=str(error))
        return web.json_response({"all": asked.texts("a"), "last": asked.text("a"), "b": asked.text("b")})


def said(path: str, body: bytes, kind: str) -> Answer:
    async def main() -> Answer:
        async with port(Echo()) as opened:
            return await opened.post(path, body, Content_Type=kind)

    return asyncio.run(main())


def test_a_form_goes_on_where_the_url_ends() -> None:
    answer = said("/echo?a=1&b=%C3%A4", b"a=2&a=3+x", "application/x-www-form-urlencoded")

    assert json.loads(answer.text) == {"all": ["1", "2", "3 x"], "last": "3 x", "b": "ä"}


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        (b"{}", "application/json", "the body is application/json; write it as"),
        (b"a=\xff", "application/x-www-form-urlencoded", "cannot be read"),
        (b"a=1&" * 2000, "application/x-www-form-urlencoded", "cannot be read"),
    ],
)
def test_what_is_no_form_is_told(body: bytes, kind: str, why: str) -> None:
    answer = said("/echo", body, kind)

    assert answer.status == 400
    assert why in answer.text


def test_names_with_brackets_count_where_there_are_none_without() -> None:
    asked = Form([("target[]", "x"), ("target[]", "y"), ("expr", "z"), ("expr[]", "w"), ("template[a]", "1")])

    assert asked.texts("target") == ["x", "y"]
    assert asked.texts("expr") == ["z"]
    assert asked.within("template") == {"a": "1"}


def test_numbers() -> None:
    asked = Form([("limit", "5"), ("position", "far")])

    assert asked.number("limit", 1) == 5
    assert asked.number("other", 1) == 1
    with pytest.raises(QueryError, match="position is 'far', which is no whole number"):
        asked.number("position", 1)
