"""Devices, endpoints, contacts, registrations, trunks and mailboxes."""

from bridge.core.metric import Cardinality, Metric, MetricKind

GAUGE = MetricKind.GAUGE
ENTITY = Cardinality.ENTITY
AMI = ("ami",)
SYSTEM = "Needs class system in the account's `write`, for the PJSIPShow actions"

DEVICE_STATE_DEVICES = Metric(
    "device_state.devices",
    GAUGE,
    "Devices now, by device state",
    labels=("state",),
    sources=AMI,
    caveat="Whatever has a device state: phones and trunks, but also queues, parking lots, mailboxes and "
    "custom hints. Asterisk lists a device once its state has changed or was asked for",
)

ENDPOINTS_COUNT = Metric(
    "endpoints.count",
    GAUGE,
    "Endpoints of PJSIP, SIP and IAX2",
    sources=("ami", "statsd"),
    caveat="With class system all of PJSIP; else those whose device state has changed since Asterisk started",
)
ENDPOINT_STATE_ENDPOINTS = Metric(
    "endpoint_state.endpoints",
    GAUGE,
    "Endpoints now, by state: online, offline, unknown",
    labels=("state",),
    sources=("ami", "statsd"),
    caveat="As for endpoints.count",
)
ENDPOINT_STATE = Metric(
    "endpoint.state",
    GAUGE,
    "State of an endpoint: 0 unknown, 1 offline, 2 online",
    labels=("endpoint",),
    sources=AMI,
    cardinality=ENTITY,
    caveat="From the device state: offline is UNAVAILABLE. Endpoints of one name in two technologies share "
    "the better state",
)
ENDPOINT_CHANNELS = Metric(
    "endpoint.channels",
    GAUGE,
    "Channels of an endpoint now",
    labels=("endpoint",),
    sources=("ami", "statsd"),
    cardinality=ENTITY,
)

CONTACT_COUNT = Metric(
    "contact.count",
    GAUGE,
    "Contacts of an address of record, registered and static",
    labels=("aor",),
    sources=AMI,
    cardinality=ENTITY,
    caveat="Without class system in the account's `write` only events tell: of contacts whose status has "
    "changed since the log-in",
)
CONTACT_REACHABLE = Metric(
    "contact.reachable",
    GAUGE,
    "Contacts of an address of record that answer qualify requests",
    labels=("aor",),
    sources=("ami", "statsd"),
    cardinality=ENTITY,
    caveat="As for contact.count. A static contact is looked at in turn with others, a few at each poll; "
    "until then, and without qualify, it does not count as reachable. "
    "StatsD alone counts an old address of a contact for three minutes more",
)
CONTACT_RTT = Metric(
    "contact.rtt",
    GAUGE,
    "Round trip of the slowest reachable contact",
    "seconds",
    labels=("aor",),
    sources=("ami", "statsd"),
    cardinality=ENTITY,
    caveat="Over AMI it needs class system. StatsD tells it in whole milliseconds, cut off: a phone in the "
    "same building has 0",
)
CONTACT_STATE_CONTACTS = Metric(
    "contact_state.contacts",
    GAUGE,
    "Contacts now, by state: reachable, unreachable, unknown, nonqualified",
    labels=("state",),
    sources=("ami", "statsd"),
    caveat=SYSTEM + "; StatsD tells it too",
)

REGISTRATION_UP = Metric(
    "registration.up",
    GAUGE,
    "1 while the outbound registration is registered",
    labels=("registration",),
    sources=AMI,
    cardinality=ENTITY,
)
REGISTRATIONS_COUNT = Metric(
    "registrations.count", GAUGE, "Outbound registrations that are configured", sources=("ami", "statsd")
)
REGISTRATION_STATE_REGISTRATIONS = Metric(
    "registration_state.registrations",
    GAUGE,
    "Outbound registrations now, by state: registered, unregistered, rejected",
    labels=("state",),
    sources=("ami", "statsd"),
)
REGISTRATIONS_INBOUND = Metric(
    "registrations.inbound",
    GAUGE,
    "Contacts that are registered with Asterisk now",
    sources=AMI,
    caveat=SYSTEM,
)

TRUNK_UP = Metric(
    "trunk.up",
    GAUGE,
    "1 while a trunk is registered, where it registers, and its endpoint is not offline",
    labels=("trunk",),
    sources=AMI,
    cardinality=ENTITY,
    caveat="A trunk is what an outbound registration belongs to: the endpoint that the registration names "
    "(line=yes, endpoint=), or that bears its name, with or without the -reg-0 of pjsip_wizard.conf; "
    "else the registration stands for itself. With class system it is also every endpoint without inbound "
    "authentication that an identify section leads to, looked up in turn, a few at each poll",
)
TRUNK_CHANNELS = Metric(
    "trunk.channels",
    GAUGE,
    "Channels of a trunk's endpoint now",
    labels=("trunk",),
    sources=AMI,
    cardinality=ENTITY,
    caveat="Trunks as for trunk.up; not for a registration whose endpoint is not known",
)

MAILBOX_NEW = Metric(
    "mailbox.new",
    GAUGE,
    "New messages in a mailbox, urgent ones included",
    labels=("mailbox",),
    sources=AMI,
    cardinality=ENTITY,
    caveat="Of mailboxes of which an event has told, and, where res_mwi_devstate is loaded, of those with a "
    "hint; each is then asked for in turn, some at each poll",
)
MAILBOX_OLD = Metric(
    "mailbox.old",
    GAUGE,
    "Old messages in a mailbox",
    labels=("mailbox",),
    sources=AMI,
    cardinality=ENTITY,
    caveat="As for mailbox.new",
)
MAILBOX_URGENT = Metric(
    "mailbox.urgent",
    GAUGE,
    "New messages in a mailbox that are urgent",
    labels=("mailbox",),
    sources=AMI,
    cardinality=ENTITY,
    caveat="From polls alone: events do not tell urgent messages from other new ones",
)
