"""Regular expressions that users write, which must not keep the program busy.

Python's engine tries every way in which repeats may share a text; with nested repeats or many of them that
takes longer than anybody lives, and nothing can stop it.
"""

import re
from math import comb

from bridge.render.errors import QueryError

LONGEST = 4000
"""Characters of a pattern; a dashboard may ask for a hundred queues by `^(sales|support|...)$`."""
CHOICE = 10
"""As measured, to try another choice takes as long as ten other places for a repeat to end."""
DEAREST = 50_000_000
"""Ways to fit a pattern to all names that it is tried on, at the most: seconds of work."""

_IGNORED = re.compile(r"\\.|\[\^?\]?[^\]]*\]", re.DOTALL)
"""What cannot repeat: an escaped character, a set of characters."""
_AMBIGUOUS = re.compile(r"\[\^?\]?[^\]]*?(?:\[|--|&&|\|\||~~)")
"""A set of characters that a later Python may take for a set of sets, of which it warns."""
_REPEAT = re.compile(r"[*+]|\{[0-9]*,[0-9]*\}|\{[0-9]+\}")
_CLEAR = re.compile(r"\[\^(.)\][*+]\)?(?:\\?\1|\$)")
"""`[^.]+\\.` and the like: a repeat that can end only in one place."""
_OPTIONAL = re.compile(r"(?<![(*+?}])\?")
_GROUP = re.compile(r"\([^()]*\)")


class Pattern:
    """A checked pattern.

    Raises:
        QueryError: it is no regular expression, or one that may take too long.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise QueryError(f"a regular expression may have {LONGEST:,} characters, not {len(text)}")
        if _AMBIGUOUS.search(re.sub(r"\\.", "x", text)):
            raise QueryError(f"{text!r} has a set that is not clear; write \\[ for [, and - once")
        self._text = text
        self._repeats, self._choices = _repeats(text), _choices(text)
        self._spent = 0
        try:
            self._compiled = re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise QueryError(f"{text!r} is no regular expression: {error}") from error

    def found_in(self, name: str) -> bool:
        """Whether it matches somewhere in a name."""
        return self._in_time(name).search(name) is not None

    def replaced(self, name: str, by: str) -> str:
        """The name with `by` in the place of each match."""
        try:
            return self._in_time(name).sub(by, name)
        except (re.error, IndexError) as error:
            raise QueryError(f"{by!r} cannot take the place of {self._text!r}: {error}") from error

    def _in_time(self, name: str) -> re.Pattern[str]:
        """The compiled pattern, if it may be tried on another name."""
        splits = comb(len(name) + self._repeats, self._repeats)
        self._spent += splits * (self._choices * CHOICE if self._choices > 1 else 1)
        if self._spent > DEAREST:
            raise QueryError(f"{self._text!r} has too many repeats (*, +) for such long names, or so many")
        return self._compiled


def _repeats(text: str) -> int:
    """How many repeats it has that can end in several places."""
    return len(_REPEAT.findall(_IGNORED.sub("x", _CLEAR.sub("x", text))))


def _choices(text: str) -> int:
    """In how many ways the groups and optional parts can be chosen.

    Raises:
        QueryError: a group that repeats or chooses is repeated itself.
    """
    plain = _IGNORED.sub("x", text)
    ways: int = 2 ** len(_OPTIONAL.findall(plain))
    while group := _GROUP.search(plain):
        before, behind = plain[: group.start()], plain[group.end() :]
        chooses = _REPEAT.search(group[0]) or "|" in group[0] or "?" in group[0][2:]
        if chooses and _REPEAT.match(behind):
            raise QueryError(
                f"{text!r} repeats a group that repeats or chooses itself: that may take for ever"
            )
        ways *= group[0].count("|") + 1
        plain = f"{before}{'x*' if chooses else 'x'}{behind}"
    return ways
