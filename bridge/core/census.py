"""Census: which things live now, when word of begin and end may come late, twice, in any order, or never.

Events tell of begins and ends; a list that is asked for from time to time (a poll) tells who lived when it
was asked. What the list corrects is wrong at most until the next one, and drift is counted.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from bridge.core.slices import slices

Key = TypeVar("Key", bound=Hashable)
Life = TypeVar("Life")

MEMORY = 300.0
"""Seconds for which an end is remembered: word of its begin, or a second word of its end, may still come."""


@dataclass(slots=True)
class _Record(Generic[Life]):
    """One thing that lives, as far as events tell.

    Attributes:
        life: what is known of it; None if nothing.
        since: when it was first heard of.
        told: an event has told its begin.
        listed: a list brought it, and no event has told its begin since.
        missed: a list did not have it, and no event has told its end yet.
    """

    life: Life | None
    since: float
    told: bool = False
    listed: bool = False
    missed: bool = False


_End = tuple[float, bool, bool]
"""Of one thing that has ended: when an event told it, and `told` and `listed` as of its record.

They are many more than those that live, so they are kept as what costs the garbage collector nothing.
"""


class Ended(NamedTuple, Generic[Life]):
    """Word of an end: whether it is the first, and then what is known of the thing, if it was known."""

    news: bool
    life: Life | None


class Census(Generic[Key, Life]):
    """Keys must not return: a thing that comes again has a new one. All times are monotonic seconds.

    Those that have ended are kept apart, in the order of their ends: nobody who asks often need look at them.
    """

    def __init__(self) -> None:
        self._records: dict[Key, _Record[Life]] = {}
        self._ended: OrderedDict[Key, _End] = OrderedDict()

    def __len__(self) -> int:
        """How many live."""
        return sum(1 for _ in self.living())

    def living(self) -> Iterator[tuple[Key, Life]]:
        """Those that live now."""
        for key, record in self._records.items():
            if record.life is not None and not record.missed:
                yield key, record.life

    def find(self, key: Key) -> Life | None:
        """What is known of a thing whose end no event has told; None if nothing."""
        record = self._records.get(key)
        return None if record is None else record.life

    def begin(self, key: Key, life: Life, now: float) -> bool:
        """Word that a thing has begun; return whether it is the first. A life that is known is kept."""
        if key in self._ended:
            ended, told, _ = self._ended[key]
            self._ended[key] = ended, True, False
            return not told
        record = self._records.get(key)
        if record is None:
            self._records[key] = _Record(life, now, told=True)
            return True
        news, record.told, record.listed = not record.told, True, False
        if record.life is None:
            record.life = life
        return news

    def notice(self, key: Key, life: Life, now: float) -> Life | None:
        """Word of a thing in its middle; return what is known of it, which is `life` if it was unknown.

        None for one that has ended: the word was late.
        """
        record = self._records.get(key)
        if record is None:
            if key in self._ended:
                return None
            record = self._records[key] = _Record(None, now)
        if record.life is None:
            record.life = life
        return record.life

    def end(self, key: Key, now: float) -> Ended[Life]:
        """Word that a thing has ended."""
        self._prune(now)
        if key in self._ended:
            return Ended(news=False, life=None)
        record = self._records.pop(key, None) or _Record(None, now)
        self._ended[key] = now, record.told, record.listed
        return Ended(news=True, life=record.life)

    def correct(self, listed: Mapping[Key, Life], asked: float, *, first: bool = False) -> int:
        """Take a list of those that lived at a moment after `asked`; return how many words never came.

        Args:
            listed: all of them, with a life for those that are unknown.
            asked: when the list was asked for. Who was heard of later may be missing in it.
            first: it is the first list of a connection: before it, no words could come.
        """
        return sum(self.corrections(listed, asked, first=first))

    def corrections(self, listed: Mapping[Key, Life], asked: float, *, first: bool = False) -> Iterator[int]:
        """What `correct` does and returns, in slices between which words may be taken."""
        for records in slices([*self._records.items()]):
            yield sum(
                self._miss(key, record, asked, first=first) for key, record in records if key not in listed
            )
        for lives in slices([*listed.items()]):
            yield sum(self._list(key, life, asked, first=first) for key, life in lives)

    def _miss(self, key: Key, record: _Record[Life], asked: float, *, first: bool) -> bool:
        """Take one that a list does not have; return whether word of its end is overdue."""
        if record.missed or first:
            return self._records.pop(key, None) is not None and not first
        record.missed = record.since < asked
        return False

    def _list(self, key: Key, life: Life, asked: float, *, first: bool) -> bool:
        """Take one of a list; return whether word of its begin is overdue."""
        if key in self._ended:
            ended, told, overdue = self._ended[key]
            self._ended[key] = ended, told, False
            return overdue
        record = self._records.get(key)
        if record is None:
            self._records[key] = _Record(life, asked, listed=not first)
            return False
        record.missed = False
        if record.life is None:
            record.life = life
        overdue, record.listed = record.listed, False
        return overdue

    def forget(self) -> None:
        """Nothing that lived lives: the world began anew."""
        self._records.clear()
        self._ended.clear()

    def _prune(self, now: float) -> None:
        """Forget old ends: memory is bounded by what lives and by what ended of late."""
        while self._ended:
            key, (ended, _, _) = next(iter(self._ended.items()))
            if now - ended <= MEMORY:
                return
            del self._ended[key]
