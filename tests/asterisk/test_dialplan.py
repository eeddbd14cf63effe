"""Dialplan executions, from whatever tells of them."""

import pytest

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.dialplan import Dialplan
from bridge.protocols.ami import Reply
from tests.asterisk.recorded import reply, said
from tests.asterisk.telling import Telling, getvar

OLD = {actions.CORE_STATUS: reply("16/CoreStatus"), actions.CALLS: getvar("4")}
NEW = {actions.CORE_STATUS: reply("22/CoreStatus"), actions.CALLS: getvar("4")}


def processed(count: int) -> dict[Action, Reply]:
    return {actions.CORE_STATUS: said("Response: Success", f"CoreProcessedCalls: {count}")}


def test_a_new_asterisk_tells_both_to_class_reporting() -> None:
    pbx = Telling(Dialplan)

    pbx.poll(NEW)

    assert pbx.gauges() == {"dialplan.active": 4}
    assert pbx.counts() == {"dialplan.processed": 60}


def test_the_command_line_is_needed_only_where_nothing_else_tells() -> None:
    """Asterisk 16 has no CoreProcessedCalls."""
    pbx = Telling(Dialplan)

    assert pbx.model.further(OLD) == [actions.CLI_CALLS]
    assert pbx.model.further(NEW) == []


def test_the_command_line_tells_both() -> None:
    pbx = Telling(Dialplan)

    pbx.poll({actions.CLI_CALLS: reply("22/Command-core-show-calls")})

    assert {**pbx.gauges(), **pbx.counts()} == {"dialplan.active": 39, "dialplan.processed": 60}


def test_what_getvar_tells_is_preferred() -> None:
    pbx = Telling(Dialplan)

    pbx.poll({actions.CLI_CALLS: reply("22/Command-core-show-calls"), actions.CALLS: getvar("4")})

    assert pbx.gauges()["dialplan.active"] == 4


@pytest.mark.parametrize(
    "line", ["0 active calls", "1 active call", "12 of 100 max active calls (12.00% of capacity)"]
)
def test_calls_are_read_in_every_spelling(line: str) -> None:
    pbx = Telling(Dialplan)

    pbx.poll({actions.CLI_CALLS: said("Response: Success", f"Output: {line}", "Output: 1 call processed")})

    assert pbx.gauges()["dialplan.active"] == int(line.partition(" ")[0])
    assert pbx.counts() == {"dialplan.processed": 1}


def test_the_total_goes_on_over_a_restart() -> None:
    pbx = Telling(Dialplan)

    for run, count in (("a", 100), ("a", 107), ("b", 3), ("c", 8)):
        pbx.totals.run = run
        pbx.poll(processed(count))

    assert pbx.counts() == {"dialplan.processed": 118}


def test_after_a_loss_nothing_is_active_that_is_known_of() -> None:
    pbx = Telling(Dialplan)
    pbx.poll(NEW)

    pbx.lose()

    assert pbx.gauges() == {}
