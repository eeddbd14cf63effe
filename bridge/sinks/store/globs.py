"""Path patterns, as graphite-web takes them: `*`, `?`, `[a-z]` and `{a,b}` in a word, `**` over several."""

import re
from collections.abc import Iterator
from itertools import islice

from bridge.render.errors import QueryError

BRACES = re.compile(r"\{([^{}]*)\}")
WILD = re.compile(r"[\[*?]")
ANY_DEPTH = "**"
MOST_BRACES = 20
"""Pairs in one word."""
MOST_VARIANTS = 1000
"""Choices that they leave: each pair doubles them, or worse."""
MOST_DEPTHS = 2
"""Words `**`: each looks through everything below all that the one before has found."""


def words(pattern: str) -> list[str]:
    """The words of a pattern; what a backslash stands before loses it.

    Raises:
        QueryError: it would find too much.
    """
    found = pattern.replace("\\", "").split(".")
    if found.count(ANY_DEPTH) > MOST_DEPTHS:
        raise QueryError(f"{pattern[:100]!r} has more than {MOST_DEPTHS} times {ANY_DEPTH}")
    return found


def variants(word: str) -> list[str]:
    """The word once for each choice that its braces leave, each once.

    Raises:
        QueryError: there are too many.
    """
    if word.count("{") > MOST_BRACES:
        raise QueryError(f"{word[:100]!r} has more than {MOST_BRACES} braces")
    found = [*islice(_expanded(word), MOST_VARIANTS + 1)]
    if len(found) > MOST_VARIANTS:
        raise QueryError(f"{word[:100]!r} leaves more than {MOST_VARIANTS} choices")
    return [*dict.fromkeys(found)]


def _expanded(word: str) -> Iterator[str]:
    match = BRACES.search(word)
    if not match:
        yield word
        return
    for choice in match[1].split(","):
        yield from _expanded(word[: match.start()] + choice + word[match.end() :])


def is_wild(word: str) -> bool:
    """Whether the word stands for others."""
    return bool(WILD.search(word))
