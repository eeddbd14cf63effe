"""Trunks: found by their registrations and identify sections."""

import pytest

from bridge.asterisk import actions
from bridge.asterisk.trunks import DETAILS_PER_POLL, Trunks
from tests.asterisk.recorded import reply
from tests.asterisk.telling import NOTHING, Telling, channels, listed

ENDPOINTS = {actions.ENDPOINTS: reply("22/PJSIPShowEndpoints")}
CHANNELS = {actions.CHANNELS: reply("22/CoreShowChannels")}
DEVICES = {actions.DEVICES: reply("22/DeviceStateList")}
IDENTIFIED = {actions.endpoint_detail("trunk"): reply("22/PJSIPShowEndpoint-trunk")}


def registration(name: str, status: str = "Registered", endpoint: str = "") -> dict[str, str]:
    return {"ObjectName": name, "Status": status, "Endpoint": endpoint}


class TestRegistered:
    def test_a_registration_of_no_known_endpoint_stands_for_itself(self) -> None:
        pbx = Telling(Trunks)

        pbx.poll({actions.REGISTRATIONS: reply("22/PJSIPShowRegistrationsOutbound"), **DEVICES, **CHANNELS})

        assert pbx.gauges() == {"trunk.up{register-101}": 1, "trunk.up{register-refused}": 0}

    @pytest.mark.parametrize(
        "told",
        [
            registration("provider", endpoint="trunk"),
            registration("trunk"),
            registration("trunk-reg-0"),
        ],
    )
    def test_the_endpoint_is_the_named_one_or_the_namesake(self, told: dict[str, str]) -> None:
        pbx = Telling(Trunks)

        pbx.poll({actions.REGISTRATIONS: listed("OutboundRegistrationDetail", told), **DEVICES, **CHANNELS})

        assert pbx.gauges() == {"trunk.up{trunk}": 1, "trunk.channels{trunk}": 2}

    def test_one_of_several_registrations_is_enough(self) -> None:
        both = (registration("trunk-reg-0", "Rejected"), registration("trunk-reg-1"))
        pbx = Telling(Trunks)

        pbx.poll({actions.REGISTRATIONS: listed("OutboundRegistrationDetail", *both), **DEVICES})

        assert pbx.gauges() == {"trunk.up{trunk}": 1}

    def test_it_is_down_while_its_endpoint_is_offline_though_it_is_registered(self) -> None:
        offline = listed("DeviceStateChange", {"Device": "PJSIP/trunk", "State": "UNAVAILABLE"})
        registered = listed("OutboundRegistrationDetail", registration("trunk"))
        pbx = Telling(Trunks)

        pbx.poll({actions.REGISTRATIONS: registered, actions.DEVICES: offline})

        assert pbx.gauges() == {"trunk.up{trunk}": 0}

    def test_channels_of_another_technology_are_not_its_own(self) -> None:
        registered = listed("OutboundRegistrationDetail", registration("trunk"))
        pbx = Telling(Trunks)

        pbx.poll(
            {
                actions.REGISTRATIONS: registered,
                **DEVICES,
                **channels("IAX2/trunk-1234", "Local/trunk-00000001;1", "PJSIP/trunk-00000002"),
            }
        )

        assert pbx.gauges()["trunk.channels{trunk}"] == 1


class TestIdentified:
    def test_endpoints_without_inbound_authentication_are_asked_for(self) -> None:
        pbx = Telling(Trunks)

        asked = pbx.model.further(ENDPOINTS)

        assert [dict(action.headers)["Endpoint"] for action in asked] == [
            "dead.end/with-dots",
            "loop",
            "share",
            "trunk",
        ]

    def test_of_many_a_few_at_a_time(self) -> None:
        names = [f"t{number}" for number in range(DETAILS_PER_POLL * 2)]
        many = {actions.ENDPOINTS: listed("EndpointList", *({"ObjectName": name} for name in names))}
        pbx = Telling(Trunks)

        asked = [*pbx.model.further(many), *pbx.model.further(many)]

        assert {dict(action.headers)["Endpoint"] for action in asked} == set(names)

    def test_one_with_an_identify_section_is_a_trunk_from_then_on(self) -> None:
        pbx = Telling(Trunks)
        loop = {actions.endpoint_detail("loop"): reply("22/PJSIPShowEndpoint-loop")}

        pbx.poll({**ENDPOINTS, **DEVICES, **CHANNELS, **IDENTIFIED, **loop})
        pbx.poll({**ENDPOINTS, **DEVICES, **CHANNELS})

        assert pbx.gauges() == {"trunk.up{trunk}": 1, "trunk.channels{trunk}": 2}

    def test_it_is_none_any_more_when_the_section_or_the_endpoint_is_gone(self) -> None:
        pbx = Telling(Trunks)
        pbx.poll({**ENDPOINTS, **IDENTIFIED})

        pbx.poll({**ENDPOINTS, actions.endpoint_detail("trunk"): reply("22/PJSIPShowEndpoint-loop")})
        assert pbx.gauges() == {}

        pbx.poll({**ENDPOINTS, **IDENTIFIED})
        pbx.poll({actions.ENDPOINTS: NOTHING})
        assert pbx.gauges() == {}


def test_after_a_loss_nothing_is_told_until_the_next_poll_which_remembers_identify_sections() -> None:
    pbx = Telling(Trunks)
    pbx.poll({**ENDPOINTS, **IDENTIFIED})

    pbx.lose()

    assert pbx.gauges() == {}
    pbx.poll(ENDPOINTS)
    assert pbx.gauges() == {"trunk.up{trunk}": 1}
