"""Asterisks: which lines are Asterisk's own, and the numbers that they make, for every PBX.

A line is Asterisk's own if it comes alone in its datagram, as all of Asterisk's do, and bears one of its
names behind the prefix of that Asterisk. The prefix is

1. that of the setting, if there is one, and no other;
2. else the one in front of a line that no dialplan can have sent (`is_proof`), as long as it is heard;
3. until then none.

So a dialplan that makes a name of what a caller calls himself, as in `StatsD(g,caller.${CALLERID(name)},+1)`,
cannot be made to speak for Asterisk by a caller named `channels.count`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from bridge.asterisk.instruments import OBSERVED, Instruments
from bridge.asterisk.statsd import Meaning, is_proof, meaning
from bridge.core.sample import Measurement, Sample, Series
from bridge.core.state import Json, mapping, text
from bridge.log import get_logger

REMEMBERED = 8192
"""Names that are remembered, with what they are: a PBX says the same ones again and again."""
SUPPOSED = 8
"""Prefixes of a PBX that are followed beside the one that is believed."""
CHANGED = 300.0
"""Seconds of silence after which another prefix than the proven one may be proven: a changed statsd.conf."""

log = get_logger(component="statsd")


class _Word(NamedTuple):
    prefix: str
    meaning: Meaning
    instruments: Instruments
    series: Series


class _Asterisk:
    """One PBX.

    Unless a setting tells, every prefix in front of a name of Asterisk's has instruments of its own, so that
    nothing is lost when it is proven; only those of the prefix that is believed are shown.

    Args:
        pbx: its name.
        prefix: that of the setting; empty if there is none.
        ordinary: where names go that are certainly not Asterisk's.
    """

    def __init__(self, pbx: str, prefix: str, ordinary: set[str]) -> None:
        self._pbx = pbx
        self._prefix = prefix
        self._is_set = bool(prefix)
        self._is_proven = False
        self._ordinary = ordinary
        self._is_told = False
        self._supposed: dict[str, Instruments] = {}
        self._words: dict[str, _Word | None] = {}
        self.instruments = Instruments(pbx)

    def take(self, measurement: Measurement, line: bytes, now: float) -> bool:
        """Take a line that came alone; return whether it is believed to be Asterisk's own."""
        name = measurement.series.name
        known = self._words[name] if name in self._words else self._learn(name)
        if known is None:
            return False
        kind = known.meaning.kind(measurement)
        if kind is None:
            return False
        known.instruments.take(known.meaning, known.series, (kind, float(measurement.value)), now)
        if not self._is_set and is_proof(known.meaning, measurement, line):
            self._prove(known.prefix, now)
        return known.prefix == self._prefix

    def _learn(self, name: str) -> _Word | None:
        """What a name is that was not heard of late."""
        found = meaning(name)
        if found is None:
            _remember(self._ordinary)
            self._ordinary.add(name)
            return None
        if found[0] != self._prefix and (believed := meaning(name, self._prefix)):
            found = believed
        _remember(self._words)
        is_ours = found[0] == self._prefix or not self._is_set
        self._words[name] = known = self._word(*found) if is_ours else None
        return known

    def _word(self, prefix: str, found: Meaning) -> _Word:
        instruments = self.instruments
        if prefix != self._prefix:
            if prefix not in self._supposed and len(self._supposed) >= SUPPOSED:
                self._supposed.pop(next(iter(self._supposed)))
                self._words.clear()
            instruments = self._supposed.setdefault(prefix, Instruments(self._pbx))
        return _Word(prefix, found, instruments, instruments.series(found))

    def _prove(self, prefix: str, now: float) -> None:
        if prefix == self._prefix:
            self._is_proven = True
        elif not self._is_proven or self.instruments.silence(now) > CHANGED:
            proven = self._supposed.pop(prefix)
            proven.add_totals(self.instruments)
            self._prefix, self._is_proven, self.instruments = prefix, True, proven
            self._words.clear()

    def tell(self) -> None:
        """Say once that lines look like Asterisk's own, and are not believed."""
        if self._supposed and not (self._is_proven or self._is_told):
            self._is_told = True
            log.info(
                "lines with a prefix may be Asterisk's own, or a dialplan's: if statsd.conf has a prefix, "
                "set BRIDGE_PBX__<NAME>__STATSD__PREFIX",
                pbx=self._pbx,
            )

    def state(self) -> Json:
        proven = {"prefix": self._prefix} if self._is_proven else {}
        return {**proven, "instruments": self.instruments.state()}

    def restore(self, state: Json) -> None:
        known = mapping(state)
        if "prefix" in known and not self._is_set:
            self._prefix, self._is_proven = text(known["prefix"]), True
        self.instruments.restore(known.get("instruments"))


def _remember(names: set[str] | dict[str, _Word | None]) -> None:
    """Make room for one more name: all are forgotten when there are too many, as in protocols/statsd.py."""
    if len(names) >= REMEMBERED:
        names.clear()


class Asterisks:
    """All PBXs that are heard over StatsD.

    Args:
        prefixes: every PBX with settings for StatsD, and the prefix in its statsd.conf; empty if not said.
        is_shared: whether Asterisk's own lines are the user's buckets too, under the names that they have.

    Attributes:
        prefixes, is_shared: as given.
        ordinary: names that are certainly not Asterisk's, under whatever prefix.
    """

    def __init__(self, prefixes: Mapping[str, str], *, is_shared: bool = False) -> None:
        self.prefixes = prefixes
        self.is_shared = is_shared
        self.ordinary: set[str] = set()
        self._remembered: dict[str, Json] = {}
        self._asterisks: dict[str, _Asterisk] = {}
        for pbx in prefixes:
            self._add(pbx)

    def take(self, pbx: str, measurement: Measurement, line: bytes, now: float) -> bool:
        """Take a line that came alone in its datagram, at Unix time `now`.

        Returns:
            Whether the line is understood and is not for the user's buckets.
        """
        if measurement.series.labels:
            return False
        asterisk = self._asterisks.get(pbx) or self._add(pbx)
        return asterisk.take(measurement, line, now) and not self.is_shared

    def observe(self, samples: Iterable[Sample], now: float) -> None:
        """Hold gauges of which only changes are told to what other sources say, at Unix time `now`."""
        for sample in samples:
            if sample.series.name in OBSERVED and (asterisk := self._asterisks.get(sample.series.pbx)):
                asterisk.instruments.observe(sample, now)

    def flush(self, now: float) -> Iterator[Sample]:
        """All that is known, at Unix time `now`."""
        for asterisk in self._asterisks.values():
            asterisk.tell()
            yield from asterisk.instruments.samples(now)

    def _add(self, pbx: str) -> _Asterisk:
        asterisk = self._asterisks[pbx] = _Asterisk(pbx, self.prefixes.get(pbx, ""), self.ordinary)
        asterisk.restore(self._remembered.pop(pbx, None))
        return asterisk

    def state(self) -> Json:
        """What must be known to go on after a restart of the bridge."""
        return self._remembered | {pbx: asterisk.state() for pbx, asterisk in self._asterisks.items()}

    def restore(self, state: Json) -> None:
        """Go on from what `state` gave; anything else is ignored.

        What is known of a PBX that has no settings waits until it is heard, as it may be gone for good.
        """
        self._remembered = dict(mapping(state))
        for pbx, asterisk in self._asterisks.items():
            asterisk.restore(self._remembered.pop(pbx, None))
