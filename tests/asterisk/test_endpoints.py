"""Endpoints: state by device state, channels by their names, with class reporting alone."""

from bridge.asterisk import actions
from bridge.asterisk.endpoints import Endpoints
from tests.asterisk.recorded import event, reply
from tests.asterisk.telling import Telling, channels, listed

DEVICES = {actions.DEVICES: reply("22/DeviceStateList")}
CHANNELS = {actions.CHANNELS: reply("22/CoreShowChannels")}


def test_class_reporting_is_enough_for_state_and_channels() -> None:
    pbx = Telling(Endpoints)

    pbx.poll(DEVICES | CHANNELS)

    told = pbx.gauges()
    assert {name: value for name, value in told.items() if name.startswith("endpoint.state")} == {
        "endpoint.state{101}": 2,
        "endpoint.state{102}": 1,
        "endpoint.state{103}": 1,
        "endpoint.state{dead.end/with-dots}": 1,
        "endpoint.state{iax-peer}": 2,
        "endpoint.state{loop}": 2,
        "endpoint.state{share}": 2,
        "endpoint.state{trunk}": 2,
    }
    assert {name: value for name, value in told.items() if "{" not in name or "_state" in name} == {
        "endpoints.count": 8,
        "endpoint_state.endpoints{unknown}": 0,
        "endpoint_state.endpoints{offline}": 3,
        "endpoint_state.endpoints{online}": 5,
    }


def test_channels_are_counted_as_asterisk_itself_counts_them() -> None:
    """PJSIPShowEndpoints, which needs class system, tells ActiveChannels; the list of channels agrees."""
    pbx = Telling(Endpoints)
    pbx.poll(DEVICES | CHANNELS)

    asterisk = {item.get("ObjectName"): item for item in reply("22/PJSIPShowEndpoints").items}

    assert {name: pbx.gauges()[f"endpoint.channels{{{name}}}"] for name in asterisk} == {
        name: float(item.get("ActiveChannels")) for name, item in asterisk.items()
    }


def test_class_system_brings_endpoints_that_nobody_has_asked_for_yet() -> None:
    pbx = Telling(Endpoints)

    pbx.poll(
        {actions.DEVICES: listed("DeviceStateChange"), actions.ENDPOINTS: reply("22/PJSIPShowEndpoints")}
    )

    assert pbx.gauges()["endpoints.count"] == 7
    assert pbx.gauges()["endpoint_state.endpoints{offline}"] == 3


def test_an_event_moves_an_endpoint_between_polls() -> None:
    pbx = Telling(Endpoints)
    pbx.poll(DEVICES)

    pbx.hear(
        event("Event: DeviceStateChange", "Privilege: call,all", "Device: PJSIP/102", "State: NOT_INUSE"),
        event("Event: DeviceStateChange", "Privilege: call,all", "Device: Local/5551234@x", "State: INUSE"),
        after=1,
    )

    assert pbx.gauges()["endpoint.state{102}"] == 2
    assert pbx.gauges()["endpoints.count"] == 8


def test_a_name_that_is_not_configured_is_no_endpoint() -> None:
    """The channel of a guest is named by the address that the guest came from."""
    pbx = Telling(Endpoints)
    guest = {"Device": "SIP/192.0.2.9", "State": "INVALID"}

    pbx.poll({actions.DEVICES: listed("DeviceStateChange", guest), **channels("SIP/192.0.2.9-00000001")})
    pbx.hear(
        event("Event: DeviceStateChange", "Privilege: call,all", "Device: SIP/192.0.2.9", "State: INVALID")
    )

    assert set(pbx.gauges().values()) == {0}
    assert not [name for name in pbx.gauges() if "192" in name]


def test_one_name_in_two_technologies_has_the_better_state() -> None:
    pbx = Telling(Endpoints)
    both = ({"Device": "SIP/101", "State": "UNAVAILABLE"}, {"Device": "PJSIP/101", "State": "INUSE"})

    pbx.poll({actions.DEVICES: listed("DeviceStateChange", *both)})

    assert pbx.gauges()["endpoint.state{101}"] == 2
    assert pbx.gauges()["endpoints.count"] == 1


def test_without_a_list_and_after_a_loss_nothing_is_told() -> None:
    pbx = Telling(Endpoints)
    pbx.poll(CHANNELS)
    assert pbx.gauges() == {}

    pbx.poll(DEVICES | CHANNELS)
    pbx.lose()

    assert pbx.gauges() == {}
