"""Contacts: by address of record, from lists where the account may ask, else from events."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.contacts import DETAILS_PER_POLL, Contacts
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event, reply
from tests.asterisk.telling import NOTHING, Telling, listed
from tests.recordings import ami

CONTACTS = {actions.CONTACTS: reply("22/PJSIPShowContacts")}
ALL = {
    **CONTACTS,
    actions.AORS: reply("22/PJSIPShowAors"),
    actions.ENDPOINTS: reply("22/PJSIPShowEndpoints"),
}


def status(aor: str, uri: str, state: str) -> AmiMessage:
    return event(
        "Event: ContactStatus",
        "Privilege: system,all",
        f"URI: {uri}",
        f"ContactStatus: {state}",
        f"AOR: {aor}",
        f"EndpointName: {aor}",
        "RoundtripUsec: 450",
    )


class TestClassSystem:
    def test_a_registered_contact(self) -> None:
        pbx = Telling(Contacts)

        pbx.poll(CONTACTS)

        assert pbx.gauges() == {
            "contact.count{101}": 1,
            "contact.reachable{101}": 1,
            "contact.rtt{101}": 0.000729,
            "registrations.inbound": 1,
            "contact_state.contacts{reachable}": 1,
            "contact_state.contacts{unreachable}": 0,
            "contact_state.contacts{unknown}": 0,
            "contact_state.contacts{nonqualified}": 0,
        }

    def test_one_that_went_away_has_no_round_trip(self) -> None:
        pbx = Telling(Contacts)
        pbx.poll(CONTACTS)

        pbx.poll({actions.CONTACTS: reply("22/PJSIPShowContacts-peer-gone")})

        told = pbx.gauges()
        assert told["contact.reachable{101}"] == 0
        assert told["contact_state.contacts{unreachable}"] == 1
        assert "contact.rtt{101}" not in told

    def test_static_ones_count_and_an_address_without_any_reads_0(self) -> None:
        pbx = Telling(Contacts)

        pbx.poll(ALL)

        told = pbx.gauges()
        assert {name: value for name, value in told.items() if name.startswith("contact.count")} == {
            "contact.count{101}": 1,
            "contact.count{102}": 0,
            "contact.count{103}": 0,
            "contact.count{dead.end/with-dots}": 1,
            "contact.count{loop}": 1,
            "contact.count{share}": 1,
            "contact.count{trunk}": 1,
        }
        assert told["registrations.inbound"] == 1
        assert told["contact_state.contacts{unknown}"] == 3
        assert told["contact_state.contacts{nonqualified}"] == 1, "nobody qualifies share"

    def test_the_state_of_a_static_one_comes_from_asking_for_its_endpoint(self) -> None:
        pbx = Telling(Contacts)
        asked = pbx.model.further(ALL)

        pbx.poll({**ALL, actions.endpoint_detail("loop"): reply("22/PJSIPShowEndpoint-loop")})

        assert [dict(action.headers)["Endpoint"] for action in asked] == [
            "dead.end/with-dots",
            "loop",
            "trunk",
        ]
        assert pbx.gauges()["contact.count{loop}"] == 1
        assert pbx.gauges()["contact.reachable{loop}"] == 1
        assert pbx.gauges()["contact.rtt{loop}"] == 0.000582

    def test_between_its_turns_a_static_one_stays_as_it_was(self) -> None:
        pbx = Telling(Contacts)
        aors = reply("22/PJSIPShowAors")
        uri = next(item.get("Contacts") for item in aors.items if item.get("ObjectName") == "loop")
        detail = {"AOR": "loop", "URI": uri.partition("/")[2], "Status": "Reachable", "RoundtripUsec": "450"}

        pbx.poll({**ALL, actions.endpoint_detail("loop"): listed("ContactStatusDetail", detail)})
        pbx.poll(ALL)

        assert pbx.gauges()["contact.reachable{loop}"] == 1
        assert pbx.gauges()["contact.rtt{loop}"] == 0.00045

    def test_of_many_endpoints_a_few_are_asked_for_at_a_time(self) -> None:
        names = [f"trunk{number}" for number in range(DETAILS_PER_POLL + 2)]
        many = {
            actions.CONTACTS: NOTHING,
            actions.AORS: listed(
                "AorList", *({"ObjectName": name, "Contacts": f"{name}/sip:{name}@x"} for name in names)
            ),
            actions.ENDPOINTS: listed("EndpointList", *({"ObjectName": name, "Aor": name} for name in names)),
        }
        pbx = Telling(Contacts)

        asked = [pbx.model.further(many), pbx.model.further(many)]

        assert [len(turn) for turn in asked] == [DETAILS_PER_POLL, DETAILS_PER_POLL]
        assert {dict(action.headers)["Endpoint"] for turn in asked for action in turn} == set(names)

    def test_several_contacts_of_one_address_and_the_slowest_of_them(self) -> None:
        contacts = listed(
            "ContactList",
            {"ObjectName": "a;@1", "Uri": "sip:1@x", "Status": "Reachable", "RoundtripUsec": "2000"},
            {"ObjectName": "a@@2", "Uri": "sip:2@x", "Status": "Reachable", "RoundtripUsec": "9000"},
            {"ObjectName": "a;@3", "Uri": "sip:3@x", "Status": "Unreachable", "RoundtripUsec": "N/A"},
        )
        pbx = Telling(Contacts)

        pbx.poll({actions.CONTACTS: contacts})

        told = pbx.gauges()
        assert (told["contact.count{a}"], told["contact.reachable{a}"], told["contact.rtt{a}"]) == (
            3,
            2,
            0.009,
        )

    def test_no_contact_at_all_is_an_answer(self) -> None:
        pbx = Telling(Contacts)
        pbx.poll(CONTACTS)

        pbx.poll({actions.CONTACTS: reply("22/PJSIPShowContacts-none")})

        assert sum(pbx.gauges().values()) == 0


class TestEvents:
    def test_they_move_a_contact_between_polls(self) -> None:
        pbx = Telling(Contacts)
        pbx.poll(CONTACTS)

        pbx.hear(status("101", "sip:phone@127.0.0.1:20505", "Unreachable"), after=1)

        assert pbx.gauges()["contact.reachable{101}"] == 0
        assert pbx.gauges()["contact_state.contacts{unreachable}"] == 1

    def test_removed_is_no_state(self) -> None:
        pbx = Telling(Contacts)
        pbx.poll(CONTACTS)

        pbx.hear(status("101", "sip:phone@127.0.0.1:20505", "Removed"), after=1)

        assert sum(value for name, value in pbx.gauges().items() if "contact_state" in name) == 0

    def test_what_asterisk_13_called_created_is_not_qualified(self) -> None:
        pbx = Telling(Contacts)
        pbx.poll(CONTACTS)

        pbx.hear(status("b", "sip:b@x", "Created"), status("c", "sip:c@x", "5551234"), after=1)

        assert pbx.gauges()["contact_state.contacts{nonqualified}"] == 1
        assert pbx.gauges()["contact_state.contacts{unknown}"] == 1

    def test_class_reporting_knows_those_of_which_events_told(self) -> None:
        """Not how many there are in each state, since it does not know them all; nor a stale round trip."""
        pbx = Telling(Contacts)
        pbx.poll({})

        pbx.hear(*(heard.message for heard in ami("mixed-22")))

        assert pbx.gauges() == {
            "contact.count{loop}": 1,
            "contact.reachable{loop}": 1,
            "contact.count{trunk}": 1,
            "contact.reachable{trunk}": 1,
            "contact.count{dead.end/with-dots}": 1,
            "contact.reachable{dead.end/with-dots}": 0,
            "contact.count{101}": 1,
            "contact.reachable{101}": 1,
        }

    def test_after_a_loss_nothing_is_told(self) -> None:
        pbx = Telling(Contacts)
        pbx.poll(ALL)

        pbx.lose()

        assert pbx.gauges() == {}

    @given(st.permutations(["Reachable", "Unreachable", "Removed", "NonQualified", "", "\x00"]))
    def test_whatever_came_in_whatever_order_the_next_list_is_right(self, states: list[str]) -> None:
        pbx, clean = Telling(Contacts), Telling(Contacts)
        pbx.poll(CONTACTS)
        for state in states:
            pbx.hear(status("101", "sip:phone@127.0.0.1:20505", state), status("x", "sip:x@x", state))

        pbx.poll(ALL)
        clean.poll(ALL)

        assert pbx.gauges() == clean.gauges()


def test_no_uri_becomes_a_label() -> None:
    pbx = Telling(Contacts)
    pbx.poll(ALL)
    pbx.hear(*(heard.message for heard in ami("mixed-22")))

    assert not [name for name in pbx.gauges() if "sip:" in name or "127.0.0.1" in name]
