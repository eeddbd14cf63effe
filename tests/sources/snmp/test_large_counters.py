"""Counters of 32 and 64 bits at their ends, and where a float holds not every whole number any more.

200 vectors, each drawn from a seed, from the value of an agent to the line for Graphite.
"""

import asyncio
import random
from itertools import accumulate

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.mib import Oid, Syntax, Value
from bridge.asterisk.snmp import Reading
from bridge.protocols.graphite import Names, lines, path_layout
from bridge.sources.snmp.objects import UserObjects, compile_objects
from tests.sources.snmp.test_objects import Answers

OBJECT: Oid = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 7, 1, 0)
VECTORS, POLLS = 200, 50
STARTS = {
    Syntax.COUNTER: ((1 << 32) - 20_000, 0, (1 << 31) - 20_000),
    Syntax.COUNTER64: ((1 << 64) - 20_000, 0, (1 << 53) - 20_000, (1 << 32) - 20_000, (1 << 63) - 20_000),
}
"""Where counters begin: before they wrap, anew, and before they grow out of a narrower type."""
TOPS = {Syntax.COUNTER: 1 << 32, Syntax.COUNTER64: 1 << 64}


def published(syntax: Syntax, truths: list[int]) -> list[float]:
    """What Graphite reads of a counter that really stands there: the agent tells it by its width."""
    objects = UserObjects(compile_objects([".".join(map(str, OBJECT))], None))
    reading = Reading("hq", 1.0)

    async def polls() -> None:
        for truth in truths:
            await objects.poll(Answers({OBJECT: Value(syntax, truth % TOPS[syntax])}), reading)

    asyncio.run(polls())
    written = lines(reading.samples, Names(path_layout("asterisk", CATALOG)))
    return [float(line.split(" ")[1]) for line in written]


@pytest.mark.parametrize("syntax", STARTS, ids=lambda syntax: syntax.name)
def test_a_total_is_the_truth_or_the_float_next_to_it(syntax: Syntax) -> None:
    """So it never falls, and never rises by more than what happened."""
    for seed in range(VECTORS):
        dice = random.Random(seed)
        steps = dice.choices((0, 1, 7, 1000), k=POLLS)
        truths = [*accumulate(steps, initial=STARTS[syntax][seed % len(STARTS[syntax])])]

        assert published(syntax, truths) == [float(truth) for truth in truths], seed


@pytest.mark.parametrize("syntax", STARTS, ids=lambda syntax: syntax.name)
def test_a_counter_that_begins_anew_goes_on_from_where_it_was(syntax: Syntax) -> None:
    told = published(syntax, [1000, 1700, 3, 50])

    assert told == [1000, 1700, 1703, 1750]
