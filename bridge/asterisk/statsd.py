"""What Asterisk itself sends over StatsD, and what it means by it.

Asterisk puts the prefix of its statsd.conf and a dot before every name. Its `meter_support = no` is inverted
(res_statsd.c, up to today's master): true meters go out as before, and all else goes out as a counter with
`_meter` behind its name. Since Asterisk moves its gauges by one and sets them to nothing but zero, what
such a counter was can be told from its name and value, and is.

Asterisk reports its own numbers every time: a sampling rate, which only the application StatsD() can put
behind a value, shows that a line is a dialplan's.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from bridge.asterisk.catalog.calls import CHANNELS_ACTIVE
from bridge.asterisk.catalog.endpoints import (
    CONTACT_RTT,
    CONTACT_STATE_CONTACTS,
    ENDPOINT_CHANNELS,
    ENDPOINT_STATE_ENDPOINTS,
    ENDPOINTS_COUNT,
    REGISTRATION_STATE_REGISTRATIONS,
    REGISTRATIONS_COUNT,
)
from bridge.asterisk.catalog.statsd import CHANNELS_LIFETIME, CONTACTS_REMOVED, STASIS_MESSAGE_COUNT
from bridge.core.metric import Metric
from bridge.core.sample import Kind, Measurement

DISGUISE = "_meter"
"""What `meter_support = no` puts behind every name but those of meters."""


class Form(Enum):
    """How Asterisk tells a number.

    MOVED: a gauge that is set to 0 when its module loads, if at all, and then moved by one.
    WHOLE: a gauge that is told as it is.
    TIME: a duration in milliseconds; -1 stands for none.
    METER: one more happening.
    """

    MOVED = "moved"
    WHOLE = "whole"
    TIME = "time"
    METER = "meter"


KINDS: Mapping[Form, frozenset[Kind]] = {
    Form.MOVED: frozenset({Kind.DELTA, Kind.GAUGE}),
    Form.WHOLE: frozenset({Kind.GAUGE}),
    Form.TIME: frozenset({Kind.TIMER}),
    Form.METER: frozenset({Kind.COUNTER}),
}
"""The kinds of measurement in which a form is told."""


class Meaning(NamedTuple):
    """What a name means.

    Attributes:
        form: how the number is told.
        metric: the name of what it is in the catalogue.
        label: the value of the metric's own label, as Asterisk writes it; empty if it has none.
        part: the name without prefix and disguise, which tells apart what has the same label.
        is_disguised: the name bears the mark of `meter_support = no`.
    """

    form: Form
    metric: str
    label: str
    part: str
    is_disguised: bool

    def kind(self, measurement: Measurement) -> Kind | None:
        """The kind that Asterisk meant; None if it never sends the name with such a measurement."""
        _, kind, value, rate, time = measurement
        if rate != 1 or time is not None or isinstance(value, str):
            return None
        if self.form is Form.TIME and value < 0 and self.metric != CONTACT_RTT.name:
            return None
        if self.is_disguised:
            return self._undisguised(value) if kind is Kind.COUNTER else None
        return kind if kind in KINDS[self.form] else None

    def _undisguised(self, value: float) -> Kind:
        if self.form is Form.TIME:
            return Kind.TIMER
        return Kind.DELTA if self.form is Form.MOVED and value else Kind.GAUGE


def _is(name: str, form: Form, metric: Metric | str) -> tuple[re.Pattern[str], Form, str]:
    return re.compile(name), form, metric.name if isinstance(metric, Metric) else metric


NAMES = (
    _is(r"stasis\.message\.([a-z0-9_]{1,64})", Form.METER, STASIS_MESSAGE_COUNT),
    _is(r"channels\.count", Form.MOVED, CHANNELS_ACTIVE),
    _is(r"channels\.calltime", Form.TIME, CHANNELS_LIFETIME.name),
    _is(r"PJSIP\.contacts\.(.+)(?:;@|@@)[0-9a-f]{32}\.rtt", Form.TIME, CONTACT_RTT),
    _is(
        r"PJSIP\.contacts\.states\.(Unreachable|Reachable|Unknown|NonQualified|Created)",
        Form.MOVED,
        CONTACT_STATE_CONTACTS,
    ),
    _is(r"PJSIP\.contacts\.states\.Removed", Form.MOVED, CONTACTS_REMOVED),
    _is(r"PJSIP\.registrations\.count", Form.MOVED, REGISTRATIONS_COUNT),
    _is(
        r"PJSIP\.registrations\.state\.(Registered|Unregistered|Rejected)",
        Form.MOVED,
        REGISTRATION_STATE_REGISTRATIONS,
    ),
    _is(r"endpoints\.count", Form.MOVED, ENDPOINTS_COUNT),
    _is(r"endpoints\.state\.(unknown|offline|online)", Form.MOVED, ENDPOINT_STATE_ENDPOINTS),
    _is(r"endpoints\.[A-Za-z0-9_]+\.(.+)\.channels", Form.WHOLE, ENDPOINT_CHANNELS),
)
"""Every name that Asterisk sends, from branch 13 to today, and what it is. A contact's id ends in an MD5."""

BEGINNING = re.compile(r"(?:^|(?<=\.))(?=PJSIP\.|endpoints\.|channels\.|stasis\.message\.)")


def meaning(name: str, prefix: str | None = None) -> tuple[str, Meaning] | None:
    """The prefix of a name that is one of Asterisk's, and its meaning; None if it is not.

    Args:
        name: the name of a bucket.
        prefix: the prefix that it must have; None takes the shortest that leaves a name of Asterisk's.
    """
    starts = [match.end() for match in BEGINNING.finditer(name)]
    if prefix is not None:
        start = len(prefix) + 1 if prefix else 0
        starts = [start] if start in starts and name.startswith(prefix) else []
    for start in starts:
        if found := _meaning(name[start:]):
            return name[: max(0, start - 1)], found
    return None


def _meaning(name: str) -> Meaning | None:
    plain = name.removesuffix(DISGUISE)
    for pattern, form, metric in NAMES:
        match = pattern.fullmatch(name if form is Form.METER else plain)
        if match:
            label = match[1] if pattern.groups else ""
            return Meaning(form, metric, label, plain, form is not Form.METER and plain != name)
    return None


def is_proof(found: Meaning, measurement: Measurement, line: bytes) -> bool:
    """Whether no dialplan can have sent the line, so that its prefix is that of Asterisk.

    The application StatsD() sends no type m and no negative durations (app_statsd.c: validate_metric,
    non_neg_value_range).
    """
    code = line.rstrip().rpartition(b"|")[2]
    if found.form is Form.METER:
        return code == b"m"
    return found.metric == CONTACT_RTT.name and code == b"ms" and measurement.value == -1
