"""What Asterisk sends over StatsD: names, under any prefix, and what `meter_support = no` makes of them."""

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.statsd import Form, Meaning, is_proof, meaning
from bridge.core.sample import Kind, Measurement
from bridge.protocols.statsd import parse_datagram

HASH = "3020c24f4670d7ff9c59b0c4294aff58"
KNOWN = [
    ("channels.count", Form.MOVED, "channels.active", ""),
    ("channels.calltime", Form.TIME, "channels.lifetime", ""),
    ("stasis.message.ast_channel_varset_type", Form.METER, "stasis_message.count", "ast_channel_varset_type"),
    ("endpoints.count", Form.MOVED, "endpoints.count", ""),
    ("endpoints.state.online", Form.MOVED, "endpoint_state.endpoints", "online"),
    ("endpoints.PJSIP.101.channels", Form.WHOLE, "endpoint.channels", "101"),
    ("endpoints.SIP.carrier.example.org.channels", Form.WHOLE, "endpoint.channels", "carrier.example.org"),
    ("PJSIP.contacts.states.NonQualified", Form.MOVED, "contact_state.contacts", "NonQualified"),
    ("PJSIP.contacts.states.Removed", Form.MOVED, "contacts.removed", ""),
    (f"PJSIP.contacts.101;@{HASH}.rtt", Form.TIME, "contact.rtt", "101"),
    (f"PJSIP.contacts.dead.end/with-dots@@{HASH}.rtt", Form.TIME, "contact.rtt", "dead.end/with-dots"),
    (f"PJSIP.contacts.a;@b@@{HASH}.rtt", Form.TIME, "contact.rtt", "a;@b"),
    ("PJSIP.registrations.count", Form.MOVED, "registrations.count", ""),
    ("PJSIP.registrations.state.Rejected", Form.MOVED, "registration_state.registrations", "Rejected"),
]
"""Name, form, metric, label."""
PREFIXES = ["", "hq", "pbx.hq", "endpoints", "PJSIP.contacts", "channels.count", "a b;c"]


def only(line: bytes) -> Measurement:
    (measurement,) = parse_datagram(line).measurements
    return measurement


def understood(line: bytes) -> tuple[str, str, Kind, float | str] | None:
    """Prefix, metric, kind and value of a line; None if it is not Asterisk's."""
    measurement = only(line)
    found = meaning(measurement.series.name)
    kind = found and found[1].kind(measurement)
    return (found[0], found[1].metric, kind, measurement.value) if found and kind else None


@pytest.mark.parametrize(("name", "form", "metric", "label"), KNOWN)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_name_is_known_under_the_prefix_that_is_said(
    prefix: str, name: str, form: Form, metric: str, label: str
) -> None:
    whole = f"{prefix}.{name}" if prefix else name

    assert meaning(whole, prefix) == (prefix, Meaning(form, metric, label, name, is_disguised=False))


@pytest.mark.parametrize(("name", "form", "metric", "label"), KNOWN)
def test_every_name_is_known_under_any_prefix(name: str, form: Form, metric: str, label: str) -> None:
    found = meaning(f"some.prefix.{name}")

    assert found == ("some.prefix", Meaning(form, metric, label, name, is_disguised=False))


def test_what_a_name_means_is_in_the_catalogue() -> None:
    """A histogram is there with each of its counters."""
    names = {metric for _, _, metric, _ in KNOWN}

    assert not [name for name in names if name not in CATALOG and f"{name}_count" not in CATALOG]


@pytest.mark.parametrize(
    "name",
    [
        "lab.calls",
        "xchannels.count",
        "channels.count.x",
        "channels.counts",
        "Channels.count",
        "endpoints.state.busy",
        "endpoints.PJSIP.channels",
        "endpoints..x.channels",
        "PJSIP.contacts.states.Lost",
        "PJSIP.contacts.101.rtt",
        "PJSIP.contacts.101;@f3.rtt",
        f"PJSIP.contacts.;@{HASH}.rtt",
        f"PJSIP.contacts.101;@{HASH.upper()}.rtt",
        "PJSIP.registrations.state.Registered.",
        "stasis.message.With Blank",
        "stasis.message.",
        "stasis.message." + "x" * 65,
        "",
    ],
)
def test_other_names_are_the_users(name: str) -> None:
    assert meaning(name) is None


def test_only_the_prefix_that_is_said_is_taken() -> None:
    assert meaning("hq.channels.count", "branch") is None
    assert meaning("channels.count", "hq") is None
    assert meaning("hq.channels.count", "h") is None
    assert meaning("hq.channels.count", "") is None


def test_the_shortest_prefix_is_taken_when_none_is_said() -> None:
    found = meaning("hq.endpoints.PJSIP.endpoints.SIP.x.channels")

    assert found == (
        "hq",
        Meaning(
            Form.WHOLE,
            "endpoint.channels",
            "endpoints.SIP.x",
            "endpoints.PJSIP.endpoints.SIP.x.channels",
            is_disguised=False,
        ),
    )


@pytest.mark.parametrize(
    ("line", "disguised"),
    [
        (b"channels.count:+1|g", b"channels.count_meter:+1|c"),
        (b"channels.count:-1|g", b"channels.count_meter:-1|c"),
        (b"PJSIP.contacts.states.Removed:0|g", b"PJSIP.contacts.states.Removed_meter:0|c"),
        (b"PJSIP.registrations.count:+1|g", b"PJSIP.registrations.count_meter:+1|c"),
        (b"endpoints.PJSIP.101.channels:3|g", b"endpoints.PJSIP.101.channels_meter:3|c"),
        (b"endpoints.PJSIP.101.channels:0|g", b"endpoints.PJSIP.101.channels_meter:0|c"),
        (b"channels.calltime:2003|ms", b"channels.calltime_meter:2003|c"),
        (
            f"PJSIP.contacts.101;@{HASH}.rtt:-1|ms".encode(),
            f"PJSIP.contacts.101;@{HASH}.rtt_meter:-1|c".encode(),
        ),
        (b"stasis.message.x_type:1|m", b"stasis.message.x_type:1|m"),
    ],
)
def test_meter_support_no_is_undone(line: bytes, disguised: bytes) -> None:
    assert understood(line) is not None
    assert understood(disguised) == understood(line)


@pytest.mark.parametrize(
    "line",
    [
        b"channels.count:1|c",
        b"channels.count:1|ms",
        b"channels.count_meter:+1|g",
        b"channels.count:+1|g|@0.50",
        b"channels.count:+1|g|T1700000000",
        b"channels.count:x|s",
        b"channels.calltime:-1|ms",
        b"channels.calltime_meter:-1|c",
        b"endpoints.PJSIP.101.channels:+1|g",
        b"stasis.message.x_type:1|g",
    ],
)
def test_a_name_told_as_asterisk_never_tells_it_is_the_users(line: bytes) -> None:
    assert understood(line) is None


@pytest.mark.parametrize(
    ("line", "proves"),
    [
        (b"hq.stasis.message.x_type:1|m", True),
        (b"hq.stasis.message.x_type:1|m\n", True),
        (b"hq.stasis.message.x_type:1|c", False),
        (f"hq.PJSIP.contacts.101;@{HASH}.rtt:-1|ms".encode(), True),
        (f"hq.PJSIP.contacts.101;@{HASH}.rtt:20|ms".encode(), False),
        (f"hq.PJSIP.contacts.101;@{HASH}.rtt_meter:-1|c".encode(), False),
        (b"hq.channels.count:-1|g", False),
    ],
)
def test_what_no_dialplan_can_send_proves_a_prefix(line: bytes, proves: bool) -> None:
    measurement = only(line)
    found = meaning(measurement.series.name)

    assert found
    assert is_proof(found[1], measurement, line) is proves
