"""Instruments: what one Asterisk has told of itself over StatsD, as numbers of the catalogue.

Gauges of which only changes are told are anchored to what AMI and SNMP count (core/anchor.py). They begin
at 0 again when Asterisk does, which a poll shows by its uptime, and Asterisk itself by the zeros of
`PJSIP.contacts.states`, the first that it sends when it has started.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from bridge.asterisk.catalog.calls import CHANNELS_ACTIVE
from bridge.asterisk.catalog.endpoints import (
    CONTACT_REACHABLE,
    CONTACT_RTT,
    CONTACT_STATE_CONTACTS,
    ENDPOINT_CHANNELS,
    ENDPOINT_STATE_ENDPOINTS,
    ENDPOINTS_COUNT,
    REGISTRATION_STATE_REGISTRATIONS,
    REGISTRATIONS_COUNT,
)
from bridge.asterisk.catalog.statsd import (
    CHANNELS_LIFETIME,
    CONTACTS_REMOVED,
    STASIS_MESSAGE_COUNT,
    STATSD_ANCHOR_CORRECTIONS,
    STATSD_ANCHOR_SILENCE,
)
from bridge.asterisk.catalog.system import SYSTEM_UPTIME
from bridge.asterisk.statsd import Form, Meaning
from bridge.asterisk.words import word
from bridge.core.anchor import AnchoredGauge
from bridge.core.counter import Tally
from bridge.core.sample import Kind, Sample, Series
from bridge.core.state import Json, mapping, number, of_series, pbx_series_in, sequence

TYPES = 64
"""Types of messages that are counted apart: Asterisk has some forty on this topic."""
OTHER = "other"
ENTITIES = 20_000
"""Contacts, and endpoints, that are known at a time: more than one Asterisk serves."""
QUALIFIED = 180.0
"""Seconds for which the last word on a contact holds: three intervals of `qualify_frequency = 60`.

Nothing says which contact was removed: one that is heard of no more is gone.
"""
SILENT = 3600.0
"""Seconds of silence after which gauges are not repeated: an idle PBX may well say nothing for some time."""
BOOT_MARGIN = 5.0
"""Seconds by which the moment of the start must move to be another one: uptimes are told in whole seconds."""

METRICS = {
    metric.name: metric
    for metric in (
        CHANNELS_ACTIVE,
        CONTACT_STATE_CONTACTS,
        ENDPOINTS_COUNT,
        ENDPOINT_STATE_ENDPOINTS,
        REGISTRATIONS_COUNT,
        REGISTRATION_STATE_REGISTRATIONS,
    )
}
"""The gauges that are told by their changes."""
OBSERVED = frozenset({*METRICS, SYSTEM_UPTIME.name})
"""The metrics of other sources that these numbers are held to."""
SET_BY_NOBODY = frozenset({CHANNELS_ACTIVE.name, ENDPOINTS_COUNT.name, ENDPOINT_STATE_ENDPOINTS.name})
"""Gauges that their modules do not set to 0 when they load. They load after res_pjsip."""


class _Gauge:
    """A gauge, and whether StatsD has ever told of it: what it never tells is not its to publish."""

    __slots__ = ("anchored", "is_told")

    def __init__(self, value: float = 0.0, *, is_told: bool = False) -> None:
        self.anchored = AnchoredGauge(value)
        self.is_told = is_told


class _Contact(NamedTuple):
    aor: str
    rtt: float | None
    time: float


class _Level(NamedTuple):
    series: Series
    value: float
    time: float


class Instruments:
    """The numbers of one PBX; all times are Unix times, as those of the samples they are held to.

    Args:
        pbx: the PBX, for the label.
    """

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self._gauges: dict[Series, _Gauge] = {}
        self._levels: dict[str, _Level] = {}
        self._contacts: dict[str, _Contact] = {}
        self._totals = Tally()
        self._types: set[str] = set()
        self._booted: float | None = None
        self._heard: float | None = None
        self._counted = float("-inf")

    def series(self, found: Meaning) -> Series:
        """The series that a meaning belongs to; worth remembering with it."""
        if found.form is Form.METER:
            return STASIS_MESSAGE_COUNT.series(self._pbx, self._type(found.label))
        if found.metric in METRICS:
            return METRICS[found.metric].series(self._pbx, *([word(found.label)] if found.label else []))
        if found.metric == ENDPOINT_CHANNELS.name:
            return ENDPOINT_CHANNELS.series(self._pbx, found.label)
        return Series(found.metric)

    def _type(self, label: str) -> str:
        if label not in self._types and len(self._types) < TYPES:
            self._types.add(label)
        return label if label in self._types else OTHER

    def take(self, found: Meaning, series: Series, told: tuple[Kind, float], now: float) -> None:
        """Take what Asterisk said.

        Args:
            found: what it is about.
            series: of `found`, by `series`.
            told: how it was meant, by `Meaning.kind`, and the number.
            now: when it came.
        """
        kind, value = told
        self._heard = now
        if found.form is Form.METER:
            self._totals.add(series, value)
        elif found.metric == CONTACT_RTT.name:
            self._qualified(found, value, now)
        elif found.form is Form.TIME:
            CHANNELS_LIFETIME.observe(self._totals, value / 1000, self._pbx)
        elif found.form is Form.WHOLE:
            if found.part in self._levels or len(self._levels) < ENTITIES:
                self._levels[found.part] = _Level(series, value, now)
        elif found.metric == CONTACTS_REMOVED.name:
            self._totals.add(CONTACTS_REMOVED.series(self._pbx), max(0.0, value))
        else:
            self._move(series, kind, value, now)

    def _move(self, series: Series, kind: Kind, value: float, now: float) -> None:
        gauge = self._gauges.get(series)
        if gauge is None:
            gauge = self._gauges[series] = _Gauge()
        gauge.is_told = True
        if kind is Kind.DELTA:
            gauge.anchored.move(value, now)
            return
        gauge.anchored.put(value, now)
        if series.name == CONTACT_STATE_CONTACTS.name:
            self._begin(now)

    def _begin(self, now: float) -> None:
        """Asterisk starts at `now`: nothing that modules set to 0 themselves has been told yet."""
        self._levels.clear()
        for series, gauge in self._gauges.items():
            if series.name in SET_BY_NOBODY:
                gauge.anchored.put(0.0, now)

    def _qualified(self, found: Meaning, value: float, now: float) -> None:
        if found.part in self._contacts or len(self._contacts) < ENTITIES:
            rtt = value / 1000 if value >= 0 else None
            self._contacts[found.part] = _Contact(found.label, rtt, now)

    def observe(self, sample: Sample, now: float) -> None:
        """Take a sample of another source, of one of the metrics in OBSERVED."""
        series, value, then = sample
        if series.name == SYSTEM_UPTIME.name:
            self._check_start(then - value, now)
            return
        self._counted = now
        gauge = self._gauges.get(series)
        if gauge is None:
            gauge = self._gauges[series] = _Gauge()
        if gauge.anchored.anchor(value, then, now) and gauge.is_told:
            self._totals.add(STATSD_ANCHOR_CORRECTIONS.series(self._pbx, series.name))

    def _check_start(self, booted: float, now: float) -> None:
        """Begin at 0 at the moment of the start, if it is another start than the last one known."""
        before, self._booted = self._booted, booted
        if before is None or booted - before <= BOOT_MARGIN:
            return
        for gauge in self._gauges.values():
            gauge.anchored.anchor(0.0, booted, now)
        self._levels = {part: level for part, level in self._levels.items() if level.time > booted}

    def silence(self, now: float) -> float:
        """Seconds since Asterisk was last heard."""
        return math.inf if self._heard is None else max(0.0, now - self._heard)

    def samples(self, now: float) -> Iterator[Sample]:
        """What is known at `now`; of a PBX that was never heard, nothing."""
        if self._heard is not None:
            yield Sample(STATSD_ANCHOR_SILENCE.series(self._pbx), self.silence(now), now)
            if now - max(self._heard, self._counted) < SILENT:
                yield from self._told(now)
            yield from self._qualities(now)
        yield from self._totals.samples(now)

    def _told(self, now: float) -> Iterator[Sample]:
        for series, gauge in self._gauges.items():
            if gauge.is_told:
                yield Sample(series, gauge.anchored.value, now)
        levels: dict[Series, float] = {}
        for level in self._levels.values():
            levels[level.series] = levels.get(level.series, 0.0) + level.value
        for series, value in levels.items():
            yield Sample(series, value, now)

    def _qualities(self, now: float) -> Iterator[Sample]:
        """Reachable contacts of each address of record, and the round trip of the slowest."""
        self._contacts = {part: each for part, each in self._contacts.items() if now - each.time < QUALIFIED}
        trips: dict[str, list[float]] = {contact.aor: [] for contact in self._contacts.values()}
        for contact in self._contacts.values():
            if contact.rtt is not None:
                trips[contact.aor].append(contact.rtt)
        for aor, found in trips.items():
            yield Sample(CONTACT_REACHABLE.series(self._pbx, aor), float(len(found)), now)
            if found:
                yield Sample(CONTACT_RTT.series(self._pbx, aor), max(found), now)

    def add_totals(self, others: "Instruments") -> None:
        """Count on from the totals of others of the same PBX: no counter may go backwards."""
        self._restore_totals(mapping(others.state()).get("totals"))

    def state(self) -> Json:
        """What must be known to go on after a restart of the bridge."""
        gauges = [
            [of_series(series), gauge.anchored.value]
            for series, gauge in self._gauges.items()
            if gauge.is_told
        ]
        return {"gauges": gauges, "totals": self._totals.state(), "booted": self._booted}

    def restore(self, state: Json) -> None:
        """Go on from what `state` gave; anything else is ignored."""
        known = mapping(state)
        self._booted = number(known.get("booted"))
        for entry in sequence(known.get("gauges")):
            key, told = (*sequence(entry), None, None)[:2]
            series, value = pbx_series_in(key), number(told)
            if series is not None and value is not None and series.name in METRICS:
                self._gauges[series] = _Gauge(value, is_told=True)
        self._restore_totals(known.get("totals"))

    def _restore_totals(self, state: Json) -> None:
        self._totals.restore(state)
        for sample in self._totals.samples(0):
            if sample.series.name == STASIS_MESSAGE_COUNT.name:
                self._type(sample.series.labels[-1][1])
