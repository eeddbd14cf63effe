"""Privacy: labels that may name people are hidden, hashed or shown, before anything else sees them."""

import hmac
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Literal

from bridge.core.sample import Sample, Series

Shown = Literal["hide", "hash", "show"]
HASH_LENGTH = 16
"""Hexadecimal characters of a hash: among a million names two are alike once in 37 million such sets."""
REMEMBERED = 100_000
"""Series whose treatment is remembered, some 300 bytes each; of more, the oldest are hashed again."""


class Veil:
    """What is left of a series when privacy has been kept.

    Args:
        labels: how each label is treated; those that are not named are shown.
        key: of the hashes. Who has it can tell whether a name that he guesses is behind a hash.
    """

    def __init__(self, labels: Mapping[str, Shown], key: str = "") -> None:
        self._treated = {name: shown for name, shown in labels.items() if shown != "show"}
        self._key = key.encode()
        self._known = lru_cache(REMEMBERED)(self._veiled)

    def samples(self, samples: Iterable[Sample]) -> list[Sample]:
        """The samples that may be seen, as they may be seen."""
        seen: list[Sample] = []
        for sample in samples:
            for name, _ in sample.series.labels:
                if name in self._treated:
                    veiled = self._known(sample.series)
                    if veiled is not None:
                        seen.append(sample._replace(series=veiled))
                    break
            else:
                seen.append(sample)
        return seen

    def hides(self, series: Series) -> bool:
        """Whether nothing of the series may be seen."""
        return any(self._treated.get(name) == "hide" for name, _ in series.labels)

    def _veiled(self, series: Series) -> Series | None:
        if self.hides(series):
            return None
        labels = (
            (name, self._hash(value) if name in self._treated else value) for name, value in series.labels
        )
        return series._replace(labels=tuple(labels))

    def _hash(self, value: str) -> str:
        """Equal for equal values, and of no use without the key; what is empty names nobody."""
        if not value:
            return value
        text = value.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, sha256).hexdigest()[:HASH_LENGTH]


def shape(line: bytes) -> str:
    """A line without what it says: `a` for letters and bytes beyond ASCII, `9` for digits, the rest as is."""
    return "".join(map(_shape_of, line))


def _shape_of(byte: int) -> str:
    character = chr(byte)
    if byte >= 128 or character.isalpha():
        return "a"
    if character.isdigit():
        return "9"
    return character if character.isprintable() else "?"
