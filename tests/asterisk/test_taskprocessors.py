"""Taskprocessors, from what commands print in each version."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.taskprocessors import Taskprocessors
from bridge.protocols.ami import Reply
from tests.asterisk.recorded import reply, said
from tests.asterisk.telling import Telling


def printed(*lines: str) -> Reply:
    return said("Response: Success", *(f"Output: {line}" for line in lines))


def test_recorded() -> None:
    """A name may hold blanks; the columns of the newest versions are two more."""
    pbx = Telling(Taskprocessors)

    pbx.poll(
        {
            actions.CLI_TASKPROCESSORS: reply("22/Command-core-show-taskprocessors"),
            actions.CLI_ALERTS: reply("22/Command-core-show-taskprocessor-alerted-subsystems"),
        }
    )

    assert pbx.gauges() == {
        "taskprocessors.count": 5,
        "taskprocessors.queued": 0,
        "taskprocessors.max_depth": 44,
        "taskprocessors.over_high_water": 0,
        "taskprocessors.alerts": 0,
    }


def test_five_columns_as_older_versions_print_them() -> None:
    pbx = Telling(Taskprocessors)

    pbx.poll(
        {
            actions.CLI_TASKPROCESSORS: printed(
                "",
                "Processor                     Processed   In Queue  Max Depth  Low water High water",
                "app_queue                             9        600        700        450        500",
                "subm: a b 1 2-0000000f                1          2          3        450        500",
                "",
                "2 taskprocessors",
            )
        }
    )

    assert pbx.gauges() == {
        "taskprocessors.count": 2,
        "taskprocessors.queued": 602,
        "taskprocessors.max_depth": 700,
        "taskprocessors.over_high_water": 1,
    }


def test_three_columns_as_the_oldest_print_them() -> None:
    pbx = Telling(Taskprocessors)

    pbx.poll(
        {
            actions.CLI_TASKPROCESSORS: printed(
                "Processor   Processed   In Queue  Max Depth", "app_queue           9          6          7"
            )
        }
    )

    assert pbx.gauges()["taskprocessors.queued"] == 6
    assert pbx.gauges()["taskprocessors.over_high_water"] == 0


def test_alerts_are_added_up() -> None:
    pbx = Telling(Taskprocessors)

    pbx.poll(
        {
            actions.CLI_ALERTS: printed(
                "", "Subsystem          Alert Count", "pjsip      2", "stasis     1", "", "2 subsystems"
            )
        }
    )

    assert pbx.gauges() == {"taskprocessors.alerts": 3}


def test_an_account_that_may_not_ask_tells_nothing() -> None:
    pbx = Telling(Taskprocessors)

    pbx.poll({})

    assert pbx.gauges() == {}


def test_after_a_loss_nothing_is_known() -> None:
    pbx = Telling(Taskprocessors)
    pbx.poll({actions.CLI_TASKPROCESSORS: reply("22/Command-core-show-taskprocessors")})

    pbx.lose()

    assert pbx.gauges() == {}


@given(st.lists(st.text() | st.from_regex(r"\w+( +\d{1,30}){5}"), max_size=8))
def test_no_output_does_harm(lines: list[str]) -> None:
    head = "Processor   Processed   In Queue  Max Depth  Low water High water"
    pbx = Telling(Taskprocessors)

    pbx.poll(
        {
            actions.CLI_TASKPROCESSORS: printed(head, *lines, "x" + " 9" * 5000, "x 1 1 1 1 " + "9" * 5000),
            actions.CLI_ALERTS: printed("Subsystem  Alert Count", *lines, "x " + "9" * 5000),
        }
    )

    assert all(value >= 0 for value in pbx.gauges().values())
