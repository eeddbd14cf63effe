"""Devices, contacts, registrations, trunks and mailboxes."""

from bridge.core.metric import Metric, MetricKind

GAUGE = MetricKind.GAUGE

DEVICE_STATE_DEVICES = Metric(
    "device_state.devices", GAUGE, "Devices now, by device state", labels=("state",), sources=("ami",)
)
REGISTRATION_UP = Metric(
    "registration.up",
    GAUGE,
    "1 while the outbound registration is registered",
    labels=("registration",),
    sources=("ami",),
)
CONTACT_COUNT = Metric(
    "contact.count", GAUGE, "Contacts of an address of record", labels=("aor",), sources=("ami",)
)
CONTACT_REACHABLE = Metric(
    "contact.reachable",
    GAUGE,
    "Contacts of an address of record that answer",
    labels=("aor",),
    sources=("ami",),
)
CONTACT_RTT = Metric(
    "contact.rtt",
    GAUGE,
    "Round trip of the slowest reachable contact",
    "seconds",
    labels=("aor",),
    sources=("ami",),
)
MAILBOX_NEW = Metric("mailbox.new", GAUGE, "New messages in a mailbox", labels=("mailbox",), sources=("ami",))
MAILBOX_OLD = Metric("mailbox.old", GAUGE, "Old messages in a mailbox", labels=("mailbox",), sources=("ami",))
