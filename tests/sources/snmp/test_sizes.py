"""What is remembered of answers: frames are filled once sizes are known, not beyond what was seen to fit."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.mib import Oid, Syntax, Value
from bridge.sources.snmp.sizes import FEW, FRAME, KEPT, MOST, UNKNOWN, Rows, Sizes, in_frame
from bridge.sources.snmp.wire import Reply

OIDS: list[Oid] = [(1, 3, number) for number in range(100)]


def asked_in_parts(sizes: Sizes, *octets: int) -> None:
    """Twenty variables each, answered by so many octets."""
    for place, each in enumerate(octets):
        sizes.answered(OIDS[place * FEW : (place + 1) * FEW], each)


def test_what_is_unknown_is_asked_for_in_small_parts() -> None:
    assert Sizes().at_once(OIDS) == FEW


def test_parts_that_fit_into_a_frame_are_asked_for_together() -> None:
    sizes = Sizes()

    asked_in_parts(sizes, 400, 400, 400, 400)

    assert sizes.at_once(OIDS) == 60
    assert sizes.at_once(OIDS[20:]) == 60
    assert sizes.at_once(OIDS[60:]) == FEW


def test_parts_that_fill_a_frame_stay_as_they_are() -> None:
    sizes = Sizes()

    asked_in_parts(sizes, 900, 301)

    assert sizes.at_once(OIDS) == FEW


def test_what_has_grown_is_asked_for_in_small_parts_again() -> None:
    sizes = Sizes()
    sizes.answered(OIDS[:40], 800)
    assert sizes.at_once(OIDS) == 40

    sizes.answered(OIDS[:40], FRAME + 1)

    assert sizes.at_once(OIDS) == FEW


def test_an_agent_that_is_silent_to_many_is_asked_for_few() -> None:
    sizes = Sizes()
    asked_in_parts(sizes, 100, 100)

    sizes.most = FEW

    assert sizes.at_once(OIDS) == FEW


def test_an_engine_that_does_not_know_sizes_teaches_nothing() -> None:
    sizes = Sizes()

    asked_in_parts(sizes, 0, 0)

    assert sizes.at_once(OIDS) == FEW


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 2000)), max_size=20))
def test_there_are_always_some_and_never_too_many(answers: list[tuple[int, int]]) -> None:
    sizes, start = Sizes(), 0
    for amount, octets in answers:
        sizes.answered(OIDS[start : start + amount], octets)
        start += amount
        if start >= len(OIDS):
            break

    assert all(FEW <= sizes.at_once(OIDS[first:]) <= MOST for first in range(100))


def test_a_column_is_remembered() -> None:
    sizes = Sizes()
    assert sizes.rows((1, 3)) == UNKNOWN

    sizes.walked((1, 3), Rows(200, 60))

    assert sizes.rows((1, 3)) == Rows(200, 60)


def test_only_so_much_is_remembered() -> None:
    sizes = Sizes()

    for number in range(KEPT + 1):
        sizes.walked((1, number), Rows(1, FEW))

    assert sizes.rows((1, KEPT)) == Rows(1, FEW)
    assert sizes.rows((1, 0)) == UNKNOWN


def test_how_many_fit_into_a_frame() -> None:
    variables = [((1, 3), Value(Syntax.INTEGER, 1))] * 10

    assert in_frame(Reply(0, 0, variables, 300)) == 40
    assert in_frame(Reply(0, 0, variables, 10)) == MOST
    assert in_frame(Reply(0, 0, variables, 10_000)) == FEW
    assert in_frame(Reply(0, 0, variables, 0)) == FEW
