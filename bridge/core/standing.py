"""Standing: how many lasting things stand, by the newest word of an event or of a list.

A device, a contact or a registration goes from state to state and comes again under the same key. An event
carries the state itself, so the last one is right; a list that is asked for from time to time (a poll)
corrects what was never told, and what it corrects is counted as drift once no event has come late either.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
State = TypeVar("State")


@dataclass(slots=True)
class _Word(Generic[State]):
    """The newest word of one thing.

    Attributes:
        state: how it stands; None for one that is gone.
        heard: when an event told it last; minus infinity if none has.
        unheard: a list brought it, and no event has told it since.
    """

    state: State | None
    heard: float = -inf
    unheard: bool = False


class Standing(Generic[Key, State]):
    """The state of each of many things. All times are monotonic seconds.

    Args:
        limit: how many things are kept; word of further ones is ignored.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._words: dict[Key, _Word[State]] = {}

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self.items())

    def items(self) -> Iterator[tuple[Key, State]]:
        """Each thing, and how it stands."""
        return ((key, word.state) for key, word in self._words.items() if word.state is not None)

    def get(self, key: Key) -> State | None:
        """How a thing stands; None if that is not known, or if it is gone."""
        word = self._words.get(key)
        return None if word is None else word.state

    def hear(self, key: Key, state: State | None, now: float) -> None:
        """An event told how a thing stands, or with None that it is gone."""
        if key in self._words or len(self._words) < self._limit:
            self._words[key] = _Word(state, now)

    def correct(self, listed: Mapping[Key, State], asked: float, *, first: bool = False) -> int:
        """Take a list of all things; return how many changes of the list before it no event has told.

        Args:
            listed: how they stood at a moment after `asked`. What an event told after that is kept.
            asked: when the list was asked for.
            first: it is the first list of a connection: before it, no words could come.
        """
        for key, word in list(self._words.items()):
            if key not in listed and word.heard < asked:
                del self._words[key]
        return sum(self._list(key, state, asked, first=first) for key, state in listed.items())

    def _list(self, key: Key, state: State, asked: float, *, first: bool) -> bool:
        word = self._words.get(key)
        if word is None:
            if len(self._words) < self._limit:
                self._words[key] = _Word(state, unheard=not first)
            return False
        if word.heard >= asked:
            return False
        overdue = word.unheard
        word.unheard = word.state != state and not first
        word.state = state
        return overdue

    def forget(self) -> None:
        """Nothing is known any more."""
        self._words.clear()
