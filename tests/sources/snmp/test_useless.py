"""Answers that match their question and are of no use: polls end at once, never loop, and say why.

The agent is a fake, since snmpd is better behaved.
"""

from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from bridge.asterisk.mib import OBJECTS, TABLES, Syntax, Value
from tests.servers.snmpd import recording
from tests.sources.snmp.bench import COLUMN, COLUMN_METRIC, EACH, GOOD, HONEST, ROWS, Bench, run
from tests.sources.snmp.engines import both
from tests.sources.snmp.forger import (
    END_OF_MIB_VIEW,
    GET,
    NO_SUCH_OBJECT,
    NULL,
    Honest,
    Request,
    Script,
    Variable,
    oid,
    reply,
)


def other_names(asked: Request) -> list[Variable]:
    return [(oid((*name[:-1], name[-1] + 1)), GOOD) for name in asked.names]


def fewer(asked: Request) -> list[Variable]:
    return HONEST.variables(GET, asked.names, 0)[:-1]


def failed(status: int, index: int = 1) -> Script:
    return lambda asked: [reply(asked, [(oid(name), NULL) for name in asked.names], status, index)]


def with_values(value: bytes) -> Script:
    return lambda asked: [reply(asked, [(oid(name), value) for name in asked.names])]


def with_variables(variables: Callable[[Request], list[Variable]]) -> Script:
    return lambda asked: [reply(asked, variables(asked))]


UNUSABLE: dict[str, tuple[Script, Counter[str], str]] = {
    "other variables": (with_variables(other_names), Counter({"other variables": 1}), "other variables"),
    "too few variables": (with_variables(fewer), Counter({"other variables": 1}), "other variables"),
    "no variables": (with_variables(lambda _: []), Counter({"other variables": 1}), "other variables"),
    "in another order": (
        with_variables(lambda asked: HONEST.variables(GET, asked.names[::-1], 0)),
        Counter({"other variables": 1}),
        "other variables",
    ),
    "too big, however little is asked": (failed(1, 0), Counter({"too big": 4}), "not even"),
    "no such name, but which": (failed(2, 0), Counter({"refused": 1}), "error 2"),
    "no such name, of one that was not asked": (failed(2, 99), Counter(), "shows nothing of Asterisk"),
    **{
        f"error {status}": (failed(status), Counter({"refused": 1}), word)
        for status, word in {
            3: "error 3",
            4: "error 4",
            5: "genError",
            6: "noAccess",
            13: "resourceUnavailable",
            16: "authorizationError",
            18: "error 18",
        }.items()
    },
    "nothing at all": (with_values(NULL), Counter({"no value": 12}), "shows nothing of Asterisk"),
    "the end of everything": (
        with_values(END_OF_MIB_VIEW),
        Counter({"no value": 12}),
        "shows nothing of Asterisk",
    ),
    "no such object": (with_values(NO_SUCH_OBJECT), Counter(), "shows nothing of Asterisk"),
}
"""What answers the question, but is of no use: how it is made, what is counted, and what the poll says."""


@both
def test_what_answers_but_is_of_no_use_ends_the_poll(engine: str) -> None:
    """Polls end at once with the reason, and each counts it; the next good answer is used."""

    async def scenario(bench: Bench) -> None:
        for what, (script, counted, said) in UNUSABLE.items():
            bench = bench.again()
            bench.forger.script = only_for_get(script)
            for _ in range(EACH):
                assert said in await bench.failing(), what

            assert bench.errors() == {reason: EACH * amount for reason, amount in counted.items()}, what
            bench.forger.script = HONEST
            assert await bench.poll()

    run(scenario, engine=engine)


def only_for_get(script: Script) -> Script:
    return lambda asked: script(asked) if asked.kind == GET else HONEST(asked)


def again_and_again(asked: Request) -> list[Variable]:
    return [(oid(asked.names[0]), GOOD)]


def backwards(asked: Request) -> list[Variable]:
    return [(oid((*ROWS, row)), GOOD) for row in (3, 2)]


def in_a_ring(asked: Request) -> list[Variable]:
    return [(oid((*ROWS, 1 + asked.names[0][-1] % 5)), GOOD)]


def below(asked: Request) -> list[Variable]:
    return [(oid((1, 3, 6, 1)), GOOD)]


LOOPS: dict[str, tuple[Callable[[Request], list[Variable]], str]] = {
    "the same row for ever": (again_and_again, "not increasing"),
    "backwards": (backwards, "not increasing"),
    "in a ring": (in_a_ring, "not increasing"),
    "what lies before the column": (below, "not increasing"),
    "rows without a value": (lambda asked: [(oid((*ROWS, 1)), NULL)], "no value"),
}
"""Columns that a manager who follows them would walk for ever, and how they are counted."""


@both
@pytest.mark.parametrize("version", ["1", "2c"])
def test_a_column_that_does_not_move_forward_is_left(version: str, engine: str) -> None:
    """It is left at that row, and counted; the other numbers of the poll come."""

    async def scenario(bench: Bench) -> None:
        expected = {sample for sample in await bench.poll() if sample.series.name != COLUMN_METRIC}
        for what, (make, _) in LOOPS.items():
            bench.forger.script = rows(make)
            bench.forger.asked.clear()
            for _ in range(EACH):
                got = {sample for sample in await bench.poll() if sample.series.name != COLUMN_METRIC}
                assert got == expected, what

            assert len(bench.forger.asked) <= EACH * (3 + 6), what
        counted = Counter(reason for _, reason in LOOPS.values())
        assert bench.errors() == {reason: EACH * amount for reason, amount in counted.items()}

    run(scenario, engine=engine, objects=COLUMN, version=version)


def rows(make: Callable[[Request], list[Variable]]) -> Script:
    return lambda asked: HONEST(asked) if asked.kind == GET else [reply(asked, make(asked))]


@both
def test_a_column_without_an_end_is_cut(engine: str) -> None:
    """An agent that makes up one more row each time is asked for the most rows there may be, and no more."""

    def endless(asked: Request) -> Iterable[bytes]:
        if asked.kind == GET:
            return HONEST(asked)
        last = asked.names[0][-1] if len(asked.names[0]) > len(ROWS) else 0
        return [reply(asked, [(oid((*ROWS, last + 1)), GOOD)])]

    async def scenario(bench: Bench) -> None:
        bench.forger.script = endless
        samples = await bench.poll()

        assert sum(sample.series.name == COLUMN_METRIC for sample in samples) == 1000
        assert len(bench.forger.asked) <= 1004

    run(scenario, engine=engine, objects=COLUMN)


@both
def test_a_walk_that_is_answered_by_nothing_is_no_empty_table(engine: str) -> None:
    """There is always an end at least; an agent that does not even say that has lost what it was asked."""

    async def scenario(bench: Bench) -> None:
        bench.forger.script = rows(lambda _: [])

        assert "answered nothing, not even that there is no more" in await bench.failing()

        assert bench.errors() == {"bad response": 1}

    run(scenario, objects=COLUMN, engine=engine)


@both
def test_wrong_types_are_left_out(engine: str) -> None:
    """Texts where numbers belong, and numbers where texts belong: nothing of them is used."""
    swapped = {
        name: Value(Syntax.TEXT, b"7") if isinstance(value.data, int) else Value(Syntax.INTEGER, 7)
        for name, value in recording().items()
    }

    async def scenario(bench: Bench) -> None:
        bench.forger.script = Honest(swapped)
        for _ in range(EACH):
            assert {sample.series.name for sample in await bench.poll()} == {"snmp.connected"}

        assert bench.errors() == {"wrong type": EACH * 11}

    run(scenario, engine=engine)


@both
def test_more_rows_than_there_can_be_are_not_asked_for(engine: str) -> None:
    """Two thousand million channel types and channels that are claimed cost a few questions."""
    many = {
        OBJECTS[name].at(): Value(Syntax.GAUGE, 2**31 - 1) for name in ("astNumChanTypes", "astNumChannels")
    }

    async def scenario(bench: Bench) -> None:
        bench.forger.script = Honest(recording() | many)
        await bench.poll()

        assert len(bench.forger.asked) == 1 + 2 * 250 // 20
        assert bench.errors() == {"too many channels": 1}

    run(scenario, engine=engine, channel_table=True)


@both
def test_the_channel_table_is_never_walked(engine: str) -> None:
    """By default no question is about it; when it is wanted, its cells are asked for by GET alone."""
    table = TABLES["astChanTable"]

    async def scenario(bench: Bench) -> None:
        await bench.poll()
        assert not any(name[: len(table)] == table for asked in bench.forger.asked for name in asked.names)
        await bench.again(channel_table=True).poll()
        about = {
            asked.kind for asked in bench.forger.asked for name in asked.names if name[: len(table)] == table
        }
        assert about == {GET}

    run(scenario, engine=engine)
