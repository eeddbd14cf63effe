"""Peers of IAX2 and of chan_sip."""

import pytest

from bridge.asterisk import actions
from bridge.asterisk.peers import Peers
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event, reply
from tests.asterisk.telling import Telling, listed

IAX = {actions.IAX_PEERS: reply("22/IAXpeers"), actions.IAX_REGISTRATIONS: reply("22/IAXregistry")}
SIP = {actions.SIP_PEERS: reply("16/SIPpeers"), actions.SIP_REGISTRATIONS: reply("16/SIPshowregistry")}


def status(peer: str, word: str, time: str = "") -> AmiMessage:
    return event(
        "Event: PeerStatus", "Privilege: system,all", f"Peer: {peer}", f"PeerStatus: {word}", f"Time: {time}"
    )


def test_iax2_peers_of_a_recorded_list_are_named_without_their_users() -> None:
    pbx = Telling(Peers)

    pbx.poll(IAX)

    assert pbx.gauges() == {
        "peer.reachable{IAX2,iax-peer}": 1,
        "peer.rtt{IAX2,iax-peer}": 0.001,
        "peer.reachable{IAX2,iax-dead}": 0,
    }


def test_sip_peers_and_registrations_of_a_recorded_list() -> None:
    pbx = Telling(Peers)

    pbx.poll(SIP)

    assert pbx.gauges() == {
        "peer.reachable{SIP,old-dead}": 0,
        "peer.reachable{SIP,old-self}": 1,
        "peer.rtt{SIP,old-self}": 0.001,
        "peer.reachable{SIP,old201}": 1,
        "peer.rtt{SIP,old201}": 0.001,
        "peer.reachable{SIP,old202}": 0,
        "peer_registration.up{SIP,127.0.0.1}": 1,
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("LAGGED (2500 ms)", {"peer.reachable{IAX2,x}": 1, "peer.rtt{IAX2,x}": 2.5}),
        ("UNREACHABLE", {"peer.reachable{IAX2,x}": 0}),
        ("Unmonitored", {}),
        ("", {}),
    ],
)
def test_every_way_to_say_it(text: str, told: dict[str, float]) -> None:
    pbx = Telling(Peers)

    pbx.poll({actions.IAX_PEERS: listed("PeerEntry", {"ObjectName": "x", "Status": text})})

    assert pbx.gauges() == told


def test_a_host_counts_as_registered_while_all_registrations_there_stand() -> None:
    pbx = Telling(Peers)
    entries = ({"Host": "a.example", "State": state} for state in ("Registered", "Rejected"))

    pbx.poll({actions.IAX_REGISTRATIONS: listed("RegistryEntry", *entries)})

    assert pbx.gauges() == {"peer_registration.up{IAX2,a.example}": 0}


def test_a_peer_comes_and_goes_between_polls() -> None:
    pbx = Telling(Peers)
    pbx.poll(IAX)

    pbx.hear(
        status("IAX2/iax-peer", "Unreachable", "-1"), status("IAX2/iax-dead", "Reachable", "12"), after=1
    )

    assert pbx.gauges() == {
        "peer.reachable{IAX2,iax-peer}": 0,
        "peer.reachable{IAX2,iax-dead}": 1,
        "peer.rtt{IAX2,iax-dead}": 0.012,
    }


@pytest.mark.parametrize(
    "message",
    [
        status("PJSIP/101", "Reachable"),
        status("IAX2/iax-peer", "Unregistered"),
        status("IAX2", "Reachable"),
        status("IAX2/stranger", "Reachable"),
        status("SIP/iax-peer", "Reachable"),
        event("Event: PeerStatus"),
    ],
)
def test_other_words_change_nothing(message: AmiMessage) -> None:
    pbx = Telling(Peers)
    pbx.poll(IAX)
    before = pbx.gauges()

    pbx.hear(message)

    assert pbx.gauges() == before


def test_a_peer_that_is_listed_no_more_says_nothing() -> None:
    pbx = Telling(Peers)
    pbx.poll(IAX)

    pbx.poll({actions.IAX_PEERS: listed("PeerEntry")})

    assert pbx.gauges() == {}


def test_after_a_break_nothing_is_known_until_the_next_poll() -> None:
    pbx = Telling(Peers)
    pbx.poll({**IAX, **SIP})

    pbx.lose()

    assert pbx.gauges() == {}
