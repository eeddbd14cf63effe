"""Regular expressions of users work as usual, but none can keep the program busy."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.errors import QueryError
from bridge.render.patterns import Pattern

NAME = "asterisk.hq.queue.support.waiting"


@pytest.mark.parametrize(
    ("pattern", "by", "name"),
    [
        (r"^asterisk\.([^.]+)\..*\.([^.]+)\.([^.]+)$", r"\1 \2 \3", "hq support waiting"),
        (r"^([^.]+)\.([^.]+)\.([^.]+)\.([^.]+)\.([^.]+)$", r"\5", "waiting"),
        (r"(hq|branch)\.(queue|trunk)", r"\2", "asterisk.queue.support.waiting"),
        (r"[.]+", "-", "asterisk-hq-queue-support-waiting"),
        (r"nothing", "x", NAME),
    ],
)
def test_what_is_usual_is_done(pattern: str, by: str, name: str) -> None:
    assert Pattern(pattern).replaced(NAME, by) == name


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|a)*$",
        "((a|a))*$",
        "((?:a*))*$",
        "(a|a)" * 60,
        "a?" * 40 + "a" * 40,
        ".*" * 20 + "x",
        "(.*)(.*)(.*)(.*)(.*)(.*)x",
        "(a{1,99}){1,99}$",
        "x" * 4001,
        "(",
        "*",
        "a{99999999999}",
    ],
)
def test_what_may_take_for_ever_is_a_fault(pattern: str) -> None:
    begun = time.process_time()

    with pytest.raises(QueryError):
        Pattern(pattern).found_in("a" * 300)

    assert time.process_time() - begun < 1


def test_many_names_may_be_compared_with_many() -> None:
    queues = [f"queue{number}" for number in range(100)]
    pattern = Pattern(f"^({'|'.join(queues)})$")

    assert sum(map(pattern.found_in, queues * 80)) == 8000


def test_the_work_of_all_names_counts() -> None:
    pattern, names = Pattern(".*.*.*"), ["a" * 100] * 300

    with pytest.raises(QueryError, match="too many repeats"):
        list(map(pattern.found_in, names))


def test_a_wrong_replacement_is_a_fault() -> None:
    with pytest.raises(QueryError, match="cannot take the place"):
        Pattern("a").replaced("abc", r"\7")


@given(st.text("ab|*+?(){}[]^$\\.,1", max_size=12), st.text("ab", max_size=40))
def test_every_pattern_ends_soon_or_is_a_fault(pattern: str, name: str) -> None:
    with suppress(QueryError):
        assert Pattern(pattern).found_in(name) in {True, False}
