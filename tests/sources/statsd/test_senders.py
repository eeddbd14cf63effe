"""Which PBX a packet belongs to."""

import pytest

from bridge.sources.statsd.senders import LOCAL, Senders

CLAIMS = {
    "hq": ("10.0.0.5", "192.168.1.0/24"),
    "branch": ("2001:db8::/32", "::ffff:172.16.0.0/108"),
    "link": ("fe80::1",),
}


@pytest.mark.parametrize(
    ("address", "pbx"),
    [
        ("10.0.0.5", "hq"),
        ("::ffff:10.0.0.5", "hq"),
        ("192.168.1.77", "hq"),
        ("192.168.2.77", "default"),
        ("2001:db8:1::9", "branch"),
        ("2001:db9::9", "default"),
        ("172.16.3.4", "branch"),
        ("::ffff:172.16.3.4", "branch"),
        ("172.32.0.1", "default"),
        ("fe80::1%eth0", "link"),
        ("fe80::2%eth0", "default"),
        ("127.0.0.1", "default"),
        ("::1", "default"),
        (LOCAL, "default"),
    ],
)
def test_an_address_belongs_to_the_pbx_that_claims_it(address: str, pbx: str) -> None:
    assert Senders(CLAIMS).pbx(address) == pbx


@pytest.mark.parametrize(
    ("address", "pbx"), [("10.0.0.5", "hq"), ("10.0.0.6", None), ("::1", None), (LOCAL, "default")]
)
def test_unknown_senders_can_be_refused(address: str, pbx: str | None) -> None:
    assert Senders(CLAIMS, refuse_unknown=True).pbx(address) == pbx


ALLOWED = ("10.0.0.0/8", "::1", "2001:db8::/64", "::ffff:192.0.2.0/120")


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        ("10.255.0.1", True),
        ("::ffff:10.1.2.3", True),
        ("11.0.0.1", False),
        ("::1", True),
        ("::2", False),
        ("127.0.0.1", False),
        ("2001:db8::5", True),
        ("2001:db8:0:1::5", False),
        ("2001:db8::5%7", True),
        ("192.0.2.9", True),
        ("192.0.3.9", False),
        (LOCAL, True),
    ],
)
def test_only_what_the_list_allows_is_let_in(address: str, admitted: bool) -> None:
    assert (Senders({}, ALLOWED).pbx(address) is not None) is admitted


def test_the_list_stands_above_the_claims() -> None:
    assert Senders({"hq": ("192.168.1.1",)}, ALLOWED).pbx("192.168.1.1") is None


def test_it_is_known_when_no_address_matters() -> None:
    assert Senders({}).are_all_equal
    assert not any(
        senders.are_all_equal
        for senders in (Senders(CLAIMS), Senders({}, ALLOWED), Senders({}, refuse_unknown=True))
    )
