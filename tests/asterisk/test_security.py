"""Security events: counted once each, with nothing of them but service, name and address."""

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.security import EVENTS, MAX_ADDRESSES, Security
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event
from tests.asterisk.telling import Telling
from tests.recordings import AMI, ami

RECORDED = [message for folder in AMI for message, _ in ami(folder)]


def refused(address: str, *, name: str = "InvalidPassword", service: str = "PJSIP") -> AmiMessage:
    return event(
        f"Event: {name}",
        "Privilege: security,all",
        "Severity: Error",
        f"Service: {service}",
        f"RemoteAddress: IPV4/UDP/{address}/5060",
    )


def services(counts: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in counts.items() if name.startswith("security.events")}


def test_recorded_refusals_are_counted_as_another_way_of_counting_does() -> None:
    pbx = Telling(Security)

    pbx.hear(*RECORDED)

    expected = Counter(
        f"security.events{{{message.get('Service').lower()},{message.event}}}"
        for message in RECORDED
        if re.search(rb"\nSeverity: Error\r", message.raw)
    )
    assert len(expected) >= 5
    assert services(pbx.counts()) == expected


def test_by_address_too() -> None:
    pbx = Telling(Security)

    pbx.hear(refused("192.0.2.1"), refused("192.0.2.2"), event("Event: FailedACL", "Severity: Error"))

    assert pbx.counts() == {
        "security.events{pjsip,InvalidPassword}": 2,
        "security_address.events{192.0.2.1,InvalidPassword}": 1,
        "security_address.events{192.0.2.2,InvalidPassword}": 1,
        "security.events{other,FailedACL}": 1,
        "security_address.events{other,FailedACL}": 1,
    }


def test_addresses_beyond_the_limit_share_a_series() -> None:
    pbx = Telling(Security)

    pbx.hear(*(refused(f"198.18.{number >> 8}.{number & 255}") for number in range(MAX_ADDRESSES + 7)))

    counts = pbx.counts()
    assert len(counts) == MAX_ADDRESSES + 2
    assert counts["security_address.events{other,InvalidPassword}"] == 7


def test_what_is_no_error_is_ordinary() -> None:
    pbx = Telling(Security)

    pbx.hear(
        event("Event: FailedACL", "Privilege: security,all", "Severity: Informational"),
        event("Event: SuccessfulAuth", "Privilege: security,all", "Severity: Error"),
        event("Event: VoicemailPasswordChange", "Privilege: system,user,all", "NewPassword: 4711"),
    )

    assert pbx.counts() == {}


@given(st.data())
def test_a_shuffled_and_doubled_stream_counts_the_same(data: st.DataObject) -> None:
    errors = [message for message in RECORDED if b"\nSeverity: Error\r" in message.raw][:30]
    plain, disturbed = Telling(Security), Telling(Security)
    plain.hear(*errors)

    disturbed.hear(*data.draw(st.permutations(errors * 2)), after=0.1)

    assert disturbed.counts() == plain.counts()


def test_nothing_secret_or_personal_is_in_what_is_told() -> None:
    pbx = Telling(Security)
    pbx.hear(*RECORDED)

    assert {name.split("{")[1].rstrip("}").split(",")[1] for name in services(pbx.counts())} <= set(EVENTS)
    secrets = {
        message.get(key)
        for message in RECORDED
        for key in ("Response", "ExpectedResponse", "Challenge", "AccountID", "SessionID")
        if message.event in EVENTS
    }
    told = " ".join(pbx.counts())
    assert not [secret for secret in secrets if len(secret) > 4 and secret in told]


@given(st.text(max_size=80), st.text(max_size=80))
def test_strange_addresses_and_services_make_no_strange_series(address: str, service: str) -> None:
    pbx = Telling(Security)

    pbx.hear(refused("1" * 70_000, service=service), refused(f"x/{address}", service=service))

    assert set(services(pbx.counts())) <= {
        f"security.events{{{known},InvalidPassword}}" for known in ("ami", "pjsip", "sip", "other")
    }
