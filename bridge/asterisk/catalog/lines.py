"""Fax, DAHDI spans and channels, and peers of IAX2 and of the old SIP driver."""

from bridge.core.metric import Cardinality, Metric, MetricKind

COUNTER, GAUGE = MetricKind.COUNTER, MetricKind.GAUGE
ENTITY = Cardinality.ENTITY
AMI = ("ami",)
PEER, SPAN = ("technology", "peer"), ("span",)

FAX_SESSIONS = Metric("fax.sessions", GAUGE, "Fax sessions now", sources=AMI)
FAX_TRANSMITS = Metric("fax.transmits", COUNTER, "Faxes that Asterisk tried to send", sources=AMI)
FAX_RECEIVES = Metric("fax.receives", COUNTER, "Faxes that Asterisk tried to receive", sources=AMI)
FAX_COMPLETED = Metric("fax.completed", COUNTER, "Faxes that went through", sources=AMI)
FAX_FAILED = Metric("fax.failed", COUNTER, "Faxes that failed", sources=AMI)
FAX_PAGES_SENT = Metric("fax.pages_sent", COUNTER, "Pages sent while connected", sources=AMI)
FAX_PAGES_RECEIVED = Metric("fax.pages_received", COUNTER, "Pages received while connected", sources=AMI)

SPAN_ALARM = Metric(
    "span.alarm",
    GAUGE,
    "1 while the DAHDI span is in alarm",
    labels=SPAN,
    sources=AMI,
    cardinality=ENTITY,
)
SPAN_UP = Metric(
    "span.up",
    GAUGE,
    "1 while a D channel of the PRI span is up",
    labels=SPAN,
    sources=AMI,
    cardinality=ENTITY,
)
SPAN_IRQ_MISSES = Metric(
    "span.irq_misses",
    COUNTER,
    "Interrupts that the card of the span missed",
    labels=SPAN,
    sources=AMI,
    cardinality=ENTITY,
)
SPAN_BIPOLAR_VIOLATIONS = Metric(
    "span.bipolar_violations",
    COUNTER,
    "Bipolar violations on the line of the span",
    labels=SPAN,
    sources=AMI,
    cardinality=ENTITY,
)
SPAN_CRC_ERRORS = Metric(
    "span.crc_errors",
    COUNTER,
    "Checksum errors on the line of the span",
    labels=SPAN,
    sources=AMI,
    cardinality=ENTITY,
)
DAHDI_CHANNELS_COUNT = Metric("dahdi_channels.count", GAUGE, "DAHDI channels configured", sources=AMI)
DAHDI_CHANNELS_ALARMED = Metric("dahdi_channels.alarmed", GAUGE, "DAHDI channels in alarm now", sources=AMI)

PEER_REACHABLE = Metric(
    "peer.reachable",
    GAUGE,
    "1 while the IAX2 or chan_sip peer answers",
    labels=PEER,
    sources=AMI,
    cardinality=ENTITY,
    caveat="Only peers that Asterisk asks (qualify=yes)",
)
PEER_RTT = Metric(
    "peer.rtt",
    GAUGE,
    "Round trip to the IAX2 or chan_sip peer",
    "seconds",
    labels=PEER,
    sources=AMI,
    cardinality=ENTITY,
)
PEER_REGISTERED = Metric(
    "peer_registration.up",
    GAUGE,
    "1 while Asterisk is registered at the host by IAX2 or chan_sip, by all registrations that it has there",
    labels=("technology", "registration"),
    sources=AMI,
    cardinality=ENTITY,
)
