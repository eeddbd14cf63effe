"""Words and numbers as Asterisk writes them."""

import pytest

from bridge.asterisk.words import endpoint, number, technology, version_number, word


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("22.10.1~dfsg+~cs6", 221001),
        ("16.28.0~dfsg-0+deb11u4", 162800),
        ("20.9-cert2", 200900),
        ("22.0.0-rc1", 220000),
        ("", 999999),
        ("certified/18.9-cert1", 180900),
        ("GIT-master-1234abc", 999999),
    ],
)
def test_versions_are_numbered_as_asterisk_itself_does(version: str, expected: int) -> None:
    assert version_number(version) == expected


@pytest.mark.parametrize(
    ("channel", "kind", "peer"),
    [
        ("PJSIP/trunk-0000002a", "PJSIP", "trunk"),
        ("PJSIP/my-trunk-west-0000002a", "PJSIP", "my-trunk-west"),
        ("Local/hold@calls-00000001;1", "Local", "hold@calls"),
        ("IAX2/office-1234", "IAX2", "office"),
        ("DAHDI/1-1", "DAHDI", "1-1"),
        ("SIP/203.0.113.7-0000002a", "SIP", ""),
        ("SIP/[2001:db8::7]:5060-0000002a", "SIP", ""),
        ("SIP/10.office-0000002a", "SIP", "10.office"),
        ("none", "unknown", ""),
        ("", "unknown", ""),
        ("a b/x", "unknown", ""),
    ],
)
def test_a_channel_tells_technology_and_endpoint(channel: str, kind: str, peer: str) -> None:
    assert technology(channel) == kind
    assert endpoint(channel) == peer


def test_fixed_words_become_labels() -> None:
    assert word("Dialing Offhook") == "dialing_offhook"
    assert word("Pre-ring") == "pre_ring"
    assert word("<>") == "unknown"


@pytest.mark.parametrize(
    ("text", "value"), [("12", 12), ("1.5", 1.5), ("N/A", None), ("nan", None), ("inf", None), ("1,5", None)]
)
def test_only_finite_numbers_are_numbers(text: str, value: float | None) -> None:
    assert number(text) == value
