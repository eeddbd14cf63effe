"""Devices by state: from the list, moved by events, corrected by the next list."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.devices import Devices
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event, reply
from tests.asterisk.telling import Telling

LIST = {actions.DEVICES: reply("22/DeviceStateList")}


def change(device: str, state: str) -> AmiMessage:
    return event("Event: DeviceStateChange", "Privilege: call,all", f"Device: {device}", f"State: {state}")


def test_every_state_is_told_also_where_no_device_is_in_it() -> None:
    pbx = Telling(Devices)

    pbx.poll(LIST)

    assert pbx.gauges() == {
        "device_state.devices{unknown}": 0,
        "device_state.devices{not_inuse}": 19,
        "device_state.devices{inuse}": 8,
        "device_state.devices{busy}": 1,
        "device_state.devices{invalid}": 0,
        "device_state.devices{unavailable}": 3,
        "device_state.devices{ringing}": 2,
        "device_state.devices{ringinuse}": 0,
        "device_state.devices{onhold}": 0,
    }


def test_an_event_moves_a_device_between_polls() -> None:
    pbx = Telling(Devices)
    pbx.poll(LIST)

    pbx.hear(change("PJSIP/102", "RINGING"), change("PJSIP/102", "RINGING"), after=1)

    assert pbx.gauges()["device_state.devices{ringing}"] == 3
    assert pbx.gauges()["device_state.devices{unavailable}"] == 2


def test_a_change_that_was_never_told_is_corrected_and_counted() -> None:
    pbx = Telling(Devices)
    pbx.poll(LIST)
    pbx.hear(change("PJSIP/102", "RINGING"), after=1)

    corrections = [pbx.poll(LIST), pbx.poll(LIST), pbx.poll(LIST)]

    assert pbx.gauges()["device_state.devices{ringing}"] == 2
    assert corrections == [0, 1, 0]


def test_an_account_that_may_not_list_them_tells_nothing() -> None:
    pbx = Telling(Devices)

    pbx.poll({})
    pbx.hear(change("PJSIP/102", "RINGING"))

    assert pbx.gauges() == {}


def test_after_a_loss_nothing_is_told_until_the_next_list() -> None:
    pbx = Telling(Devices)
    pbx.poll(LIST)

    pbx.lose()

    assert pbx.gauges() == {}
    pbx.poll(LIST)
    assert pbx.gauges()["device_state.devices{inuse}"] == 8


def test_a_state_that_no_asterisk_has_is_unknown() -> None:
    pbx = Telling(Devices)
    pbx.poll({actions.DEVICES: reply("22/PJSIPShowContacts-none")})

    pbx.hear(change("PJSIP/1", "x" * 70_000), event("Event: DeviceStateChange", "Privilege: call,all"))

    assert pbx.gauges()["device_state.devices{unknown}"] == 2
    assert len(pbx.gauges()) == 9


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["INUSE", "RINGING", "NOT_INUSE"]))))
def test_whatever_events_came_in_whatever_order_the_next_list_is_right(told: list[tuple[str, str]]) -> None:
    pbx = Telling(Devices)
    pbx.hear(*(change(f"PJSIP/{device}", state) for device, state in told * 2))

    pbx.poll(LIST)

    clean = Telling(Devices)
    clean.poll(LIST)
    assert pbx.gauges() == clean.gauges()
