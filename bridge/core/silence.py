"""Silence: alerts of which nobody is told for a while, and the words by which people name alerts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from bridge.core.alert import ID_LENGTH, Key
from bridge.core.rule import Patterns, glob, matches
from bridge.core.state import Json, mapping, number, sequence, text


@dataclass(frozen=True, slots=True)
class Selector:
    """Which alerts are meant: all that fit everything that is given.

    Attributes:
        rule: a glob for the name of the rule.
        labels: for each label the globs of which one must match.
        id: that of an alert, or of one of its notices; empty for any.
    """

    rule: str = "*"
    labels: Patterns = field(default_factory=dict)
    id: str = ""

    def means(self, key: Key) -> bool:
        """Whether an alert is meant."""
        wanted, _, _ = self.id.partition("-")
        return (
            glob(self.rule, key.rule)
            and matches(self.labels, key.labels)
            and (not wanted or wanted == key.id)
        )

    def shown(self) -> dict[str, Json]:
        """As JSON shows it."""
        return {
            "rule": self.rule,
            "labels": {name: list(each) for name, each in self.labels.items()},
            "id": self.id,
        }


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody is told of some alerts.

    Attributes:
        selector: which.
        until: when it ends, in Unix seconds.
        comment: why, in the words of who asked for it.
    """

    selector: Selector
    until: float
    comment: str = ""

    @property
    def id(self) -> str:
        """By which it can be ended."""
        return sha256(repr(self).encode("utf-8", "replace")).hexdigest()[:ID_LENGTH]

    def shown(self) -> dict[str, Json]:
        """As JSON shows it."""
        return {"id": self.id, "until": self.until, "comment": self.comment, **_matcher(self.selector)}


def _matcher(selector: Selector) -> dict[str, Json]:
    return {"matcher": selector.shown()}


def silence_in(state: Json) -> Silence | None:
    """The silence that `shown` gave; None if it is something else."""
    words = mapping(state)
    until, matcher = number(words.get("until")), mapping(words.get("matcher"))
    patterns = _patterns_in(matcher.get("labels"))
    if until is None or not matcher or patterns is None:
        return None
    selector = Selector(text(matcher.get("rule")), patterns, text(matcher.get("id")))
    return Silence(selector, until, text(words.get("comment")))


def _patterns_in(state: Json) -> Patterns | None:
    """None if any glob is none: a silence without it would be of more than it was."""
    found: dict[str, tuple[str, ...]] = {}
    for name, globs in mapping(state).items():
        found[name] = tuple(each for each in sequence(globs) if isinstance(each, str))
        if not found[name] or len(found[name]) != len(sequence(globs)):
            return None
    return found


class Silences:
    """Those in force.

    Attributes:
        in_force: in the order in which they were asked for.
    """

    def __init__(self) -> None:
        self.in_force: list[Silence] = []

    def add(self, silence: Silence) -> None:
        """Have one more; the same one is not there twice."""
        self.in_force = [*(each for each in self.in_force if each.id != silence.id), silence]

    def end(self, id_: str) -> list[Silence]:
        """End that of an id; return it."""
        return self._end(lambda each: each.id == id_)

    def expire(self, now: float) -> list[Silence]:
        """End those that are over, at `now` in Unix seconds; return them."""
        return self._end(lambda each: each.until <= now)

    def _end(self, is_over: Callable[[Silence], bool]) -> list[Silence]:
        ended = [each for each in self.in_force if is_over(each)]
        if ended:
            self.in_force = [each for each in self.in_force if each not in ended]
        return ended

    def until(self, key: Key) -> float | None:
        """Until when nobody is told of an alert, in Unix seconds; None if people are."""
        return max((each.until for each in self.in_force if each.selector.means(key)), default=None)

    def state(self) -> Json:
        """What must be known to go on after a restart."""
        return [each.shown() for each in self.in_force]

    def restore(self, state: Json) -> None:
        """Go on from what `state` gave; what has another shape is left out."""
        for one in sequence(state):
            if (silence := silence_in(one)) is not None:
                self.add(silence)
