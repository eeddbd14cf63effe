"""Presence: since when all sources of a PBX answer, so that silence means that something has gone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.core.recall import Recall
from bridge.core.sample import Series
from bridge.core.state import Json, mapping, sequence


@dataclass(slots=True)
class _Pbx:
    """What is known of one PBX: of each source whether it is up, and when that was told last."""

    since: float
    sources: dict[str, tuple[bool, float]] = field(default_factory=dict)

    @property
    def is_up(self) -> bool:
        return all(up for up, _ in self.sources.values())


class Presence:
    """All times are monotonic seconds.

    Args:
        stale: seconds after which a source that is not told of any more is forgotten.
        now: from when on it is watched.
    """

    def __init__(self, stale: float, now: float) -> None:
        self._stale = stale
        self._begun = now
        self._pbxs: dict[str, _Pbx] = {}

    def hear(self, series: Series, value: float, now: float) -> None:
        """Take a value of `source.up`."""
        known = self._pbxs.setdefault(series.pbx, _Pbx(now))
        before = known.is_up
        known.sources[dict(series.labels).get("source", "")] = bool(value), now
        if known.is_up and not before:
            known.since = now

    def since(self, pbx: str, now: float) -> float | None:
        """Since when all of its sources answer; None while one does not."""
        known = self._pbxs.get(pbx)
        if known is None:
            return self._begun
        for source, (up, told) in list(known.sources.items()):
            if now - told > self._stale:
                del known.sources[source]
                known.since = known.since if up else now
        return known.since if known.is_up else None

    def missed(self, pbx: str, heard: float, now: float) -> float:
        """Seconds for which what was heard of then is missed, while all sources of its PBX answer."""
        since = self.since(pbx, now)
        return 0.0 if since is None else now - max(heard, since)

    def state(self) -> Json:
        """What must be known to go on after a restart."""
        return {
            "begun": self._begun,
            "pbxs": {
                pbx: [
                    known.since,
                    {name: [up, told] for name, (up, told) in known.sources.items()},
                ]
                for pbx, known in self._pbxs.items()
            },
        }

    def restore(self, state: Json, recall: Recall) -> None:
        """Go on from what `state` gave; what has another shape is left out."""
        words = mapping(state)
        begun = recall(words.get("begun"))
        self._begun = self._begun if begun is None else begun
        for pbx, entry in mapping(words.get("pbxs")).items():
            kept, sources = (*sequence(entry), None, None)[:2]
            since = recall(kept)
            if since is not None:
                self._pbxs[pbx] = _Pbx(since, _sources_in(mapping(sources), recall))


def _sources_in(state: Mapping[str, Json], recall: Recall) -> dict[str, tuple[bool, float]]:
    pairs = {name: (*sequence(entry), None, None)[:2] for name, entry in state.items()}
    told = {name: (up is True, recall(at)) for name, (up, at) in pairs.items()}
    return {name: (up, at) for name, (up, at) in told.items() if at is not None}
