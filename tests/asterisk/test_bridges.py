"""Bridges: counted as Asterisk counts them, and entries as its own log of channel events does."""

from bridge.asterisk import actions
from bridge.asterisk.bridges import Bridges
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event, events, reply
from tests.asterisk.telling import NOTHING, Telling, listed

LIST = {actions.BRIDGES: reply("22/BridgeList")}
NONE = {actions.BRIDGES: NOTHING}


def bridge(name: str, channels: int, channel: str = "", **more: str) -> AmiMessage:
    return event(
        f"Event: Bridge{name}",
        "Privilege: call,all",
        "BridgeUniqueid: b1",
        "BridgeType: basic",
        f"BridgeNumChannels: {channels}",
        f"Uniqueid: {channel}",
        *(f"{key}: {value}" for key, value in more.items()),
    )


CREATED = bridge("Create", 0)
DESTROYED = bridge("Destroy", 0)
TALKING = (CREATED, bridge("Enter", 1, "a"), bridge("Enter", 2, "b"))


def standing(pbx: Telling) -> tuple[float, float]:
    gauges = pbx.gauges()
    return gauges["bridges.active"], gauges["channels.bridged"]


class TestPolled:
    def test_a_list_tells_bridges_by_type_and_the_channels_in_them(self) -> None:
        pbx = Telling(Bridges)

        pbx.poll(LIST)

        assert pbx.gauges() == {
            "bridges.active": 9,
            "channels.bridged": 16,
            "bridge_type.bridges{basic}": 6,
            "bridge_type.bridges{base}": 2,
            "bridge_type.bridges{parking}": 1,
            "bridge_type.bridges{holding}": 0,
            "bridge_type.bridges{stasis}": 0,
        }

    def test_an_unknown_type_is_other(self) -> None:
        pbx = Telling(Bridges)

        pbx.poll({actions.BRIDGES: listed("BridgeListItem", {"BridgeUniqueid": "x", "BridgeType": "§"})})

        assert pbx.gauges()["bridge_type.bridges{other}"] == 1

    def test_a_bridge_that_came_unheard_is_there_and_counted(self) -> None:
        pbx = Telling(Bridges)

        corrections = [pbx.poll(NONE), pbx.poll(LIST), pbx.poll(LIST), pbx.poll(LIST)]

        assert corrections == [0, 0, 9, 0]
        assert standing(pbx) == (9, 16)

    def test_a_bridge_that_went_unheard_is_gone_and_its_channels_too(self) -> None:
        pbx = Telling(Bridges)
        pbx.poll(NONE)
        pbx.hear(*TALKING)

        pbx.poll(NONE)

        assert standing(pbx) == (0, 0)


class TestHeard:
    def test_channels_enter_and_leave_between_polls(self) -> None:
        pbx = Telling(Bridges)
        pbx.poll(NONE)

        pbx.hear(*TALKING, after=1)

        assert standing(pbx) == (1, 2)

        pbx.hear(bridge("Leave", 1, "a"), bridge("Leave", 0, "b"), DESTROYED, after=1)

        assert standing(pbx) == (0, 0)
        assert pbx.counts() == {"bridges.created": 1, "bridges.enters": 2, "bridges.leaves": 2}

    def test_a_channel_that_enters_again_is_counted_again(self) -> None:
        pbx = Telling(Bridges)

        pbx.hear(bridge("Enter", 1, "a"), bridge("Leave", 0, "a"), bridge("Enter", 1, "a"), after=2)

        assert pbx.counts()["bridges.enters"] == 2

    def test_a_doubled_event_is_counted_once(self) -> None:
        pbx = Telling(Bridges)

        pbx.hear(*TALKING, *TALKING, after=0.1)

        assert pbx.counts() == {"bridges.created": 1, "bridges.enters": 2, "bridges.leaves": 0}

    def test_one_that_takes_the_place_of_another_enters_and_the_other_leaves(self) -> None:
        """As at a transfer: Asterisk tells of both, and its own log counts both."""
        pbx = Telling(Bridges)
        pbx.poll(NONE)
        pbx.hear(*TALKING, after=1)

        pbx.hear(bridge("Enter", 3, "c", SwapUniqueid="b"), bridge("Leave", 2, "b"), after=1)

        assert standing(pbx) == (1, 2)
        assert (pbx.counts()["bridges.enters"], pbx.counts()["bridges.leaves"]) == (3, 1)

    def test_an_entry_that_comes_after_the_end_of_the_bridge_opens_none(self) -> None:
        pbx = Telling(Bridges)
        pbx.poll(NONE)

        pbx.hear(DESTROYED, bridge("Enter", 1, "a"), CREATED, after=1)

        assert standing(pbx) == (0, 0)
        assert pbx.counts() == {"bridges.created": 1, "bridges.enters": 1, "bridges.leaves": 0}

    def test_what_waited_for_the_first_poll_does_not_move_what_it_said(self) -> None:
        pbx = Telling(Bridges)
        pbx.poll(
            {actions.BRIDGES: listed("BridgeListItem", {"BridgeUniqueid": "b1", "BridgeNumChannels": "3"})}
        )

        pbx.hear(bridge("Enter", 1, "a"), after=-10)

        assert standing(pbx) == (1, 3)
        assert pbx.counts()["bridges.enters"] == 1

    def test_nonsense_is_no_number_of_channels(self) -> None:
        pbx = Telling(Bridges)
        pbx.poll(NONE)

        pbx.hear(*(event("Event: BridgeEnter", f"BridgeNumChannels: {text}") for text in ("-5", "nan", "")))

        assert standing(pbx) == (1, 0)


class TestBreak:
    def test_after_a_break_only_the_list_is_believed(self) -> None:
        pbx = Telling(Bridges)
        pbx.poll(NONE)
        pbx.hear(*TALKING, after=1)

        pbx.lose()
        corrections = pbx.poll(LIST)

        assert standing(pbx) == (9, 16)
        assert corrections == 0

    def test_without_a_list_nothing_of_before_the_break_is_kept(self) -> None:
        pbx = Telling(Bridges)
        pbx.poll(NONE)
        pbx.hear(*TALKING, after=1)

        pbx.lose()
        pbx.poll({})

        assert standing(pbx) == (0, 0)

    def test_a_poll_that_was_not_answered_changes_nothing(self) -> None:
        pbx = Telling(Bridges)
        pbx.poll(NONE)
        pbx.hear(*TALKING, after=1)

        assert pbx.poll({}) == 0
        assert standing(pbx) == (1, 2)


def test_entries_and_exits_are_those_of_the_log_of_channel_events() -> None:
    """Asterisk 22 and its CEL of the same 31 calls: a conference, parking, a queue, trunks."""
    recorded = events("22/bridges")
    rows = [message.get("EventName") for message in recorded if message.event == "CEL"]
    pbx = Telling(Bridges)
    pbx.poll(NONE)

    pbx.hear(*recorded, after=0.1)

    assert pbx.counts() == {
        "bridges.created": 11,
        "bridges.enters": rows.count("BRIDGE_ENTER"),
        "bridges.leaves": rows.count("BRIDGE_EXIT"),
    }
    assert standing(pbx) == (1, 0), "the bridge of the parking lot stays"
