"""The statistics of the demo's queue, as Asterisk keeps them."""

import pytest

from bridge.demo.queue import SERVICE_LEVEL, STATES, Member, Queue, average

START = 1_700_000_000.0


@pytest.fixture
def queue() -> Queue:
    return Queue("support", START, {"201": Member(), "202": Member()})


def test_a_new_value_moves_an_average_by_a_quarter() -> None:
    assert average(average(0, 8), 10) == 4


def test_service_levels_are_percentages_of_those_who_were_served_in_time(queue: Queue) -> None:
    for waited in (SERVICE_LEVEL, SERVICE_LEVEL + 1):
        queue.answer(waited)
        queue.complete("201", talked=60, now=START + 100)
    queue.abandon(SERVICE_LEVEL + 1)

    params = queue.params()

    assert (params["Completed"], params["Abandoned"]) == ("2", "1")
    assert (params["ServicelevelPerf"], params["ServicelevelPerf2"]) == ("50.0", "33.3")


def test_a_queue_that_served_nobody_yet_has_a_service_level_of_0(queue: Queue) -> None:
    assert queue.params()["ServicelevelPerf"] == "0.0"


def test_who_has_finished_a_call_has_taken_one_more(queue: Queue) -> None:
    queue.members["201"].in_call = True

    queue.complete("201", talked=60, now=START + 100)

    record = queue.record("201")
    assert (record["CallsTaken"], record["InCall"], record["LastCall"]) == ("1", "0", f"{START + 100:.0f}")
    assert queue.record("202")["CallsTaken"] == "0"


@pytest.mark.parametrize(("state", "number"), STATES.items())
def test_a_state_is_told_by_its_number(queue: Queue, state: str, number: str) -> None:
    queue.members["201"].state = state

    assert queue.record("201")["Status"] == number


def test_lists_and_events_differ_in_two_keys(queue: Queue) -> None:
    listed, told = queue.record("201", "Name", "Location"), queue.record("201")

    assert listed.keys() - told.keys() == {"Name", "Location"}
    assert told.keys() - listed.keys() == {"MemberName", "Interface"}
