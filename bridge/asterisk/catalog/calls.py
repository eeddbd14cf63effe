"""Calls, channels, and how they were dialled and ended."""

from bridge.core.histogram import Histogram
from bridge.core.metric import Cardinality, Metric, MetricKind

COUNTER, GAUGE = MetricKind.COUNTER, MetricKind.GAUGE
POLLED = ("ami", "snmp")
HEARD = ("ami",)
BOTH_ENDS = "Only those of which begin and end were heard; one that began while not connected has no time"
ATTEMPT = (0.5, 1, 2, 5, 10, 20, 30, 60, 120)
"""Seconds until an answer: a machine answers within one, people after some rings of 5 or 6."""
TALK = (6, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds of a call: below 6 the trade calls it short, some minutes are usual, an hour is a conference."""
INDICATION = (0.5, 1, 2, 3, 5, 6, 8, 11, 20)
"""Seconds until it rings: E.721 wants a mean of 3, 5 and 8 for local, toll and international calls, and 6, 8
and 11 for 95 of 100."""
RINGING = (5, 10, 15, 20, 25, 30, 45, 60)
"""Seconds of ringing: a ring is 5 or 6, and most let it ring for 15 to 30."""

# --- channels

CHANNELS_ACTIVE = Metric(
    "channels.active",
    GAUGE,
    "Channels now, both halves of Local pairs and those internal to Asterisk included",
    sources=("ami", "snmp", "statsd"),
)
CHANNELS_PEAK = Metric(
    "channels.peak", GAUGE, "Most channels at once since the last time this was told", sources=HEARD
)
CHANNELS_BRIDGED = Metric(
    "channels.bridged", GAUGE, "Channels that are in a bridge: two for an ordinary call", sources=POLLED
)
CHANNELS_CREATED = Metric("channels.created", COUNTER, "Channels created while connected", sources=HEARD)
CHANNELS_ANSWERED = Metric(
    "channels.answered", COUNTER, "Channels that came up while connected, without Local ones", sources=HEARD
)
TECHNOLOGY_CHANNELS = Metric(
    "technology.channels", GAUGE, "Channels now, by technology", labels=("technology",), sources=POLLED
)
CHANNEL_STATE_CHANNELS = Metric(
    "channel_state.channels", GAUGE, "Channels now, by channel state", labels=("state",), sources=HEARD
)
HANGUPS_COUNT = Metric(
    "hangups.count",
    COUNTER,
    "Channels hung up, by Q.850 cause name, without Local ones",
    labels=("cause",),
    sources=HEARD,
)

# --- calls

CALLS_ACTIVE = Metric(
    "calls.active",
    GAUGE,
    "Calls now: groups of channels that belong together by their Linkedid",
    sources=HEARD,
    caveat="Two calls that are joined by a transfer become one",
)
CALLS_PEAK = Metric(
    "calls.peak", GAUGE, "Most calls at once since the last time this was told", sources=HEARD
)
CALLS_ATTEMPTS = Metric("calls.attempts", COUNTER, "Calls begun while connected", sources=HEARD)
CALLS_ENDED = Metric(
    "calls.ended",
    COUNTER,
    "Calls whose last channel has gone",
    sources=HEARD,
    caveat="Counted some seconds after the end, when no late event can change the result",
)
CALLS_ANSWERED = Metric(
    "calls.answered",
    COUNTER,
    "Calls whose first channel came up while connected",
    sources=HEARD,
    caveat="A menu, a queue or a voicemail that takes the call has answered it, as for CDR",
)
CALLS_RESULTS = Metric(
    "calls.results",
    COUNTER,
    "Calls ended, by what came of them",
    labels=("result",),
    sources=HEARD,
    caveat="An unanswered call has the result of the leg dialled last, else that of its own hang-up cause",
)
CALLS_SETUP_TIME = Histogram(
    "calls.setup_time", "From the begin of a call to its answer", ATTEMPT, sources=HEARD, caveat=BOTH_ENDS
)
CALLS_TALK_TIME = Histogram(
    "calls.talk_time",
    "From the answer of a call to the end of its first channel",
    TALK,
    sources=HEARD,
    caveat=BOTH_ENDS,
)
CALLS_DURATION = Histogram(
    "calls.duration", "From the begin of a call to its end", TALK, sources=HEARD, caveat=BOTH_ENDS
)

# --- dials

DIALS_ATTEMPTS = Metric(
    "dials.attempts",
    COUNTER,
    "Outgoing legs dialled, by technology",
    labels=("technology",),
    sources=HEARD,
)
DIALS_RESULTS = Metric(
    "dials.results",
    COUNTER,
    "Outgoing legs ended, by dial status, once each",
    labels=("status",),
    sources=HEARD,
    caveat="`other` is also a leg that hung up without a dial status, such as an originated one in vain",
)
DIALS_POST_DIAL_DELAY = Histogram(
    "dials.post_dial_delay",
    "From dialling a leg to its first ringing or early media, or to its answer if there was none",
    INDICATION,
    sources=HEARD,
    caveat=BOTH_ENDS,
)
DIALS_RING_TIME = Histogram(
    "dials.ring_time",
    "From the first ringing or early media of a leg to the end of dialling it",
    RINGING,
    sources=HEARD,
    caveat=BOTH_ENDS,
)
DIALS_ANSWER_TIME = Histogram(
    "dials.answer_time", "From dialling a leg to its answer", ATTEMPT, sources=HEARD, caveat=BOTH_ENDS
)
ENDPOINT_DIALS = Metric(
    "endpoint.dials",
    COUNTER,
    "Legs dialled to an endpoint of PJSIP, SIP, IAX2 or DAHDI",
    labels=("endpoint",),
    sources=HEARD,
    cardinality=Cardinality.ENTITY,
)
ENDPOINT_ANSWERS = Metric(
    "endpoint.answers",
    COUNTER,
    "Legs that an endpoint of PJSIP, SIP, IAX2 or DAHDI answered",
    labels=("endpoint",),
    sources=HEARD,
    cardinality=Cardinality.ENTITY,
)
ORIGINATES_RESULTS = Metric(
    "originates.results",
    COUNTER,
    "Calls that were originated by a manager, by what came of them",
    labels=("result",),
    sources=HEARD,
)
PICKUPS_COUNT = Metric("pickups.count", COUNTER, "Ringing calls that were picked up", sources=HEARD)
