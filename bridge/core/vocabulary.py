"""Vocabulary: the values of a label that come from outside, and so must be few."""

from collections.abc import Iterator

OTHER = "other"
LONGEST = 80
"""Characters of a value: Asterisk's own names have no more."""


class Vocabulary:
    """Learns values as they come, up to a limit; what is beyond is `other`.

    Args:
        limit: how many values there may be beside `other`.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._words: dict[str, str] = {}

    def __iter__(self) -> Iterator[str]:
        """The values, in the order in which they came."""
        return iter(self._words)

    def learn(self, word: str) -> str:
        """The value to use for a word: itself, as one object for all of its uses, or `other`."""
        known = self._words.get(word)
        if known is not None:
            return known
        if len(self._words) >= self._limit or not 0 < len(word) <= LONGEST:
            word = OTHER
        return self._words.setdefault(word, word)
