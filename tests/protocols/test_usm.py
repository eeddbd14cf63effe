"""The security of SNMPv3: keys as the RFC prints them, seals that hold, clocks within the window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocols.ber import BerError
from bridge.protocols.snmp import AUTH, GET, PRIV, REPORT, REPORTABLE, V3, Outline, envelope, outline
from bridge.protocols.snmp_messages import Pdu, names_of, question
from bridge.protocols.usm import (
    KEY_SIZES,
    LAST_BOOT,
    MACS,
    Authority,
    Header,
    Keys,
    Report,
    Seal,
    Sealed,
    keys,
    localized,
    read_sealed,
    report_of,
    scoped,
    stretched,
)
from bridge.sources.snmp.crypto import Aes
from tests.sources.snmp.forger import oid

ENGINE = bytes(11) + b"\x02"
"""Of the examples of RFC 3414, appendix A.3."""
HEADER = Header(4711, AUTH | PRIV | REPORTABLE, ENGINE, 3, 99, b"monitor")
INSIDE = scoped(ENGINE, b"", question(GET, 5, names_of([(1, 3, 6, 1)])))
SALT = b"saltsalt"
OUTSIDE = Seal(keys(("sha", "aes"), ("12345678", "87654321"), ENGINE), Aes())


def heard(data: bytes) -> Sealed:
    _, fields = envelope(data)
    return read_sealed(fields, data)


@pytest.mark.parametrize(
    ("algorithm", "key", "local"),
    [
        ("md5", "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"),
        ("sha1", "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"),
    ],
)
def test_the_keys_of_the_rfc(algorithm: str, key: str, local: str) -> None:
    """RFC 3414, appendix A.3: the passphrase is maplesyrup."""
    assert stretched(b"maplesyrup", algorithm).hex() == key
    assert localized(stretched(b"maplesyrup", algorithm), ENGINE, algorithm).hex() == local


@pytest.mark.parametrize("auth", MACS)
@pytest.mark.parametrize("priv", KEY_SIZES)
def test_keys_are_long_enough(auth: str, priv: str) -> None:
    """However short a hash is; how longer keys are made of it is tried in test_session.py."""
    assert len(keys((auth, priv), ("12345678", "87654321"), ENGINE).priv) == KEY_SIZES[priv]


def test_keys_are_not_shown() -> None:
    made = keys(("sha", "aes"), ("12345678", "87654321"), ENGINE)

    assert repr(made) == "<Keys for sha>"


@pytest.mark.parametrize("auth", MACS)
@pytest.mark.parametrize("flags", [0, AUTH, AUTH | PRIV])
def test_what_is_closed_opens_again(auth: str, flags: int) -> None:
    seal = Seal(keys((auth, "aes"), ("12345678", "87654321"), ENGINE), Aes())
    data = seal.close(HEADER._replace(flags=flags), INSIDE, SALT)

    found = heard(data)

    assert found.header == HEADER._replace(flags=flags)
    assert outline(data) == found.outline
    assert found.outline == Outline(V3, 4711, None if flags & PRIV else GET, b"monitor", ENGINE, flags)
    assert seal.authentic(found) == bool(flags)
    pdu = found.pdu or seal.inside(found)
    assert (pdu.kind, pdu.number) == (GET, 5)


@given(st.integers(0), st.integers(1, 255))
def test_no_octet_can_be_changed(place: int, change: int) -> None:
    """It is no message any more, or none that is authentic."""
    data = bytearray(OUTSIDE.close(HEADER, INSIDE, SALT))
    data[place % len(data)] ^= change

    try:
        found = heard(bytes(data))
    except BerError:
        return
    assert not OUTSIDE.authentic(found)


def test_nothing_is_authentic_without_a_key() -> None:
    assert not Seal(Keys(), Aes()).authentic(heard(OUTSIDE.close(HEADER, INSIDE, SALT)))


@pytest.mark.parametrize("salt", [b"", b"short", b"much too long"])
def test_a_salt_of_the_wrong_size(salt: bytes) -> None:
    found = heard(OUTSIDE.close(HEADER, INSIDE, SALT))._replace(salt=salt)

    with pytest.raises(BerError):
        OUTSIDE.inside(found)


@pytest.mark.parametrize(
    ("boots", "time", "late"),
    [
        (7, 1000, False),
        (7, 851, False),
        (7, 850, False),
        (7, 849, True),
        (7, 99_999, False),
        (6, 1000, True),
        (8, 0, False),
        (LAST_BOOT, 1000, True),
    ],
)
def test_the_time_window(boots: int, time: int, late: bool) -> None:
    """The clock was at 990 ten seconds ago."""
    authority = Authority(ENGINE, 7, 990, heard=50.0)

    assert authority.clock(60.9) == 1000
    assert authority.late(HEADER._replace(boots=boots, time=time), 60.9) == late


@pytest.mark.parametrize(
    ("name", "report"),
    [
        ((1, 3, 6, 1, 6, 3, 15, 1, 1, 1, 0), Report.LEVEL),
        ((1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0), Report.NOT_IN_TIME),
        ((1, 3, 6, 1, 6, 3, 15, 1, 1, 3, 0), Report.USER),
        ((1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0), Report.ENGINE),
        ((1, 3, 6, 1, 6, 3, 15, 1, 1, 5, 0), Report.DIGEST),
        ((1, 3, 6, 1, 6, 3, 15, 1, 1, 6, 0), Report.DECRYPTION),
        ((1, 3, 6, 1, 6, 3, 12, 1, 5, 0), "a report of 1.3.6.1.6.3.12.1.5.0"),
    ],
)
def test_reports(name: tuple[int, ...], report: Report | str) -> None:
    assert report_of(Pdu(REPORT, 1, 0, 0, [(oid(name)[2:], 0x41, b"\1")], 0)) == report


def test_a_report_of_nothing() -> None:
    assert report_of(Pdu(REPORT, 1, 0, 0, [], 0)) == "a report of nothing"
