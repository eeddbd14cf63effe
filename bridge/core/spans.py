"""Spans: what goes on now on behalf of an owner, and how long it went on when it ends.

An owner (a channel) has any number of spans of a kind (hold, recording) at once or one after another. Word
of begins, of ends, and of the end of the owner itself comes once each, but in any order, or never.
"""

from collections import Counter
from collections.abc import Container, Hashable
from typing import Generic, TypeVar

from bridge.core.recent import Recent

Owner = TypeVar("Owner", bound=Hashable)
Kind = TypeVar("Kind", bound=Hashable)

SLACK = 3.0
"""Seconds for which word of an end waits for its begin: streams are disturbed by less."""
MOST = 100
"""Spans of one owner: more than anybody has. Word of a further begin is not kept."""


class Spans(Generic[Owner, Kind]):
    """All times are monotonic seconds. Spans of one kind and owner end in the order of their begins."""

    def __init__(self) -> None:
        self._open: dict[Owner, list[tuple[Kind, float]]] = {}
        self._early: dict[tuple[Owner, Kind], list[float]] = {}
        self._over = Recent(SLACK)

    def active(self) -> Counter[Kind]:
        """How many go on now, of each kind."""
        return Counter(kind for spans in self._open.values() for kind, _ in spans)

    def begin(self, owner: Owner, kind: Kind, now: float) -> float | None:
        """Word of a begin; return 0 if its end came before, else None: it goes on."""
        if self._over.has(owner, now) or self._was_early(owner, kind, now):
            return 0.0
        spans = self._open.setdefault(owner, [])
        if len(spans) < MOST:
            spans.append((kind, now))
        return None

    def end(self, owner: Owner, kind: Kind, now: float) -> float | None:
        """Word of an end; return how long it went on, None if its begin has not come."""
        spans = self._open.get(owner, [])
        for index, (each, began) in enumerate(spans):
            if each == kind:
                del spans[index]
                if not spans:
                    del self._open[owner]
                return max(0.0, now - began)
        if not self._over.has(owner, now):
            self._wait(owner, kind, now)
        return None

    def over(self, owner: Owner, now: float) -> list[tuple[Kind, float]]:
        """Word that the owner is no more, and its spans with it; return how long each went on."""
        self._over.news(owner, now)
        return [(kind, max(0.0, now - began)) for kind, began in self._open.pop(owner, ())]

    def keep(self, owners: Container[Owner], asked: float) -> int:
        """Take a list of all owners, and drop the spans of others; return how many these were.

        Args:
            owners: all that there were at a moment after `asked`.
            asked: when the list was asked for. Who began a span since may be missing in it.
        """
        lost = [owner for owner, spans in self._open.items() if owner not in owners and spans[-1][1] < asked]
        return sum(len(self._open.pop(owner)) for owner in lost)

    def clear(self) -> None:
        """Nothing is known."""
        self._open.clear()
        self._early.clear()

    def _was_early(self, owner: Owner, kind: Kind, now: float) -> bool:
        ends = self._early.pop((owner, kind), [])
        waiting = [end for end in ends if now - end <= SLACK]
        if len(waiting) > 1:
            self._early[owner, kind] = waiting[1:]
        return bool(waiting)

    def _wait(self, owner: Owner, kind: Kind, now: float) -> None:
        """Those that heard of an end last come last, so that what waited too long is found in front."""
        self._early[owner, kind] = [*self._early.pop((owner, kind), []), now]
        while now - self._early[oldest := next(iter(self._early))][-1] > SLACK:
            del self._early[oldest]
