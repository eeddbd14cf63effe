"""Outbound registrations: by the name of their section, whatever events call them."""

from bridge.asterisk import actions
from bridge.asterisk.registrations import Registrations
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event, reply
from tests.asterisk.telling import Telling, listed
from tests.recordings import ami

LIST = {actions.REGISTRATIONS: reply("22/PJSIPShowRegistrationsOutbound")}


def registry(client: str, status: str, technology: str = "PJSIP") -> AmiMessage:
    return event(
        "Event: Registry",
        "Privilege: system,all",
        f"ChannelType: {technology}",
        f"Username: {client}",
        "Domain: sip:127.0.0.1:20505",
        f"Status: {status}",
    )


def test_the_list_tells_each_and_all_without_the_secrets_that_it_brings_along() -> None:
    pbx = Telling(Registrations)

    pbx.poll(LIST)

    assert pbx.gauges() == {
        "registrations.count": 2,
        "registration_state.registrations{registered}": 1,
        "registration_state.registrations{unregistered}": 0,
        "registration_state.registrations{rejected}": 1,
        "registration.up{register-101}": 1,
        "registration.up{register-refused}": 0,
    }


def test_events_are_matched_by_their_uris() -> None:
    """Recorded: register-101 ends its registration and registers again, register-refused is rejected."""
    pbx = Telling(Registrations)
    heard = [heard.message for heard in ami("mixed-22") if heard.message.event == "Registry"]
    pbx.poll(LIST)

    pbx.hear(*heard[:-1], after=0.1)
    between = pbx.gauges()
    pbx.hear(*heard[-1:], after=0.1)

    assert between["registration.up{register-101}"] == 0
    assert between["registration_state.registrations{unregistered}"] == 1
    assert pbx.gauges()["registration.up{register-101}"] == 1


def test_an_event_that_fits_none_or_another_technology_is_ignored() -> None:
    pbx = Telling(Registrations)
    pbx.poll(LIST)
    before = pbx.gauges()

    pbx.hear(
        registry("sip:5551234@127.0.0.1", "Unregistered"),
        registry("sip:101@127.0.0.1:20505", "Unregistered", "IAX2"),
        event("Event: Registry", "Privilege: system,all"),
        after=1,
    )

    assert pbx.gauges() == before


def test_two_registrations_of_one_account_wait_for_the_next_poll() -> None:
    uris = {"ClientUri": "sip:101@127.0.0.1:20505", "ServerUri": "sip:127.0.0.1:20505"}
    pbx = Telling(Registrations)
    names = ({"ObjectName": name, "Status": "Registered", **uris} for name in ("udp", "tcp"))
    pbx.poll({actions.REGISTRATIONS: listed("OutboundRegistrationDetail", *names)})

    pbx.hear(registry("sip:101@127.0.0.1:20505", "Rejected"), after=1)

    assert pbx.gauges()["registration_state.registrations{registered}"] == 2


def test_a_change_that_was_never_told_is_corrected_and_counted() -> None:
    pbx = Telling(Registrations)
    pbx.poll(LIST)
    pbx.hear(registry("sip:101@127.0.0.1:20505", "Unregistered"), after=1)

    assert [pbx.poll(LIST), pbx.poll(LIST)] == [0, 1]
    assert pbx.gauges()["registration.up{register-101}"] == 1


def test_without_a_list_and_after_a_loss_nothing_is_told() -> None:
    pbx = Telling(Registrations)
    pbx.poll({})
    pbx.hear(registry("sip:101@127.0.0.1:20505", "Registered"))
    assert pbx.gauges() == {}

    pbx.poll(LIST)
    pbx.lose()

    assert pbx.gauges() == {}
