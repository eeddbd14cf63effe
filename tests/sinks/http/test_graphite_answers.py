"""Answers are bounded in time and amount, and nothing that is asked for is a defect."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.render.errors import QueryError
from bridge.render.series import TimeSeries
from bridge.sinks.http.form import Form
from bridge.sinks.http.graphite import GraphiteSite
from bridge.sinks.http.graphite_answers import MOST_VALUES, Answers
from tests.sinks.http.stage import Answer, port

NOW = 1_700_000_000
RENDER = "/render?target=a.*&format=json"


class Shelf:
    """Two series, of as many values as the test wants; reading waits until it may go on.

    Attributes:
        going: whether reading goes on.
    """

    def __init__(self, values: int = 3) -> None:
        self._values = values
        self.going = threading.Event()
        self.going.set()

    def find(self, pattern: str) -> Sequence[tuple[str, bool]]:
        return [("a", False), ("a.b", True), ("a.c", True)]

    def paths(self) -> Sequence[str]:
        return ["a.b", "a.c"]

    def matching(self, expressions: Sequence[str]) -> Sequence[str]:
        return ["x;pbx=hq", "x;pbx=lab;queue=~"]

    def tags(self) -> Sequence[str]:
        return ["name", "pbx"]

    def values(self, tag: str) -> Mapping[str, int]:
        return {"hq": 1, "lab": 1}

    def read(
        self, asked: str | tuple[str, ...], start: float, end: float, now: float
    ) -> Iterator[TimeSeries]:
        for name in ("a.b", "a.c"):
            self.going.wait(30)
            yield TimeSeries(name, NOW, NOW + 10 * self._values, 10, [1.0] * self._values)


def answers(shelf: Shelf) -> Answers:
    return Answers(shelf, lambda: NOW, 30)


def test_more_values_than_there_is_room_for_are_not_read() -> None:
    asked = Form([("target", "a.*"), ("format", "json")])

    with pytest.raises(QueryError, match=f"takes more than {MOST_VALUES} values: ask for fewer"):
        answers(Shelf(MOST_VALUES * 2 // 3)).render(asked)


def test_who_waits_too_long_is_told_and_others_are_answered_after_it() -> None:
    shelf = Shelf()
    shelf.going.clear()

    async def main() -> tuple[Answer, Answer]:
        async with port(GraphiteSite(shelf, lambda: NOW, 0.2)) as opened:
            late = await opened.get(RENDER)
            shelf.going.set()
            return late, await opened.get(RENDER)

    late, after = asyncio.run(main())

    assert late.status == 503
    assert late.text == "no answer within 0.2 s: ask for fewer series, or for less time\n"
    assert after.status == 200


def test_it_answers_again_after_the_port_was_closed() -> None:
    site = GraphiteSite(Shelf(), lambda: NOW)

    async def once() -> Answer:
        async with port(site) as opened:
            return await opened.get(RENDER)

    assert [asyncio.run(once()).status for _ in range(2)] == [200, 200]


def test_nothing_is_taken_for_a_page() -> None:
    async def main() -> Answer:
        async with port(GraphiteSite(Shelf(), lambda: NOW)) as opened:
            return await opened.get("/render?target=a&format=%3Cscript%3E")

    answer = asyncio.run(main())

    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


WORDS = st.sampled_from(
    [
        "a.*",
        "sumSeries(",
        "scale(",
        "movingAverage(",
        ")",
        ",",
        "'1h'",
        "5",
        "{",
        "}",
        "[",
        "]",
        "**",
        ".",
        "seriesByTag('name=~.*')",
        "\\",
        "-",
        '"',
        "\0",
        "é",
        "aliasSub(",
        "'(a+)+'",
        "timeShift(",
        "'-1d'",
        "1e999",
        "nan",
        "template(",
        "$x",
        "=",
        "|",
        "!=",
        "=~",
    ]
)
KEYS = st.sampled_from(
    [
        "target",
        "from",
        "until",
        "now",
        "tz",
        "maxDataPoints",
        "noNullPoints",
        "xFilesFactor",
        "template[x]",
        "query",
        "wildcards",
        "expr",
        "tag",
        "limit",
        "filter",
        "tagPrefix",
        "group",
        "grouped",
    ]
)
TEXTS = st.one_of(st.lists(WORDS, max_size=8).map("".join), st.text(max_size=20))


@settings(max_examples=300)
@given(
    st.lists(st.tuples(KEYS, TEXTS), max_size=6),
    st.sampled_from(["render", "find", "expand", "find_series", "tags", "suggest_tags", "suggest_values"]),
)
def test_whatever_is_asked_is_answered_or_refused_in_words(
    pairs: Sequence[tuple[str, str]], method: str
) -> None:
    form = "json" if method == "render" else "completer"
    try:
        answer = getattr(answers(Shelf()), method)(Form([("format", form), *pairs]))
    except QueryError as error:
        answer = str(error)

    assert answer
