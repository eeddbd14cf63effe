"""One alert, and what is done to it."""

from bridge.core.alert import Key, Moment, Notice, Severity
from bridge.core.course import Alert
from bridge.core.rule import Compare, Rule, Term, Test

KEY = Key("trunk_down", (("pbx", "hq"), ("trunk", "acme")))
AHEAD = 1_700_000_000.0
"""How far the wall clock is ahead of the other one."""


def rule(
    hold: float = 0, repeat: float = 0, flaps: int = 0, calm: float = 600, text: str = "{value} is bad"
) -> Rule:
    return Rule(
        "trunk_down",
        Term("trunk.up"),
        Test(Compare.EQUAL, 0),
        hold=hold,
        severity=Severity.CRITICAL,
        summary=text,
        repeat=repeat,
        flaps=flaps,
        calm=calm,
    )


def at(now: float) -> Moment:
    return Moment(AHEAD + now, now)


class Life:
    """An alert and what is told of it, in the words of `Happening`."""

    def __init__(self, watched: Rule) -> None:
        self.alert = Alert(watched, KEY, at(0))
        self.notices: list[Notice] = []

    @property
    def told(self) -> list[str]:
        """What was told since the last call."""
        told = [notice.happening.value for notice in self.notices]
        self.notices.clear()
        return told

    def bad(self, now: float) -> list[str]:
        self.notices += self.alert.look(0.0, True, at(now))
        return self.told

    def good(self, now: float) -> list[str]:
        self.notices += self.alert.look(1.0, False, at(now))
        return self.told

    def wait(self, now: float) -> list[str]:
        self.notices += self.alert.elapse(at(now))
        return self.told

    def inhibit(self, inhibited: bool, now: float) -> list[str]:
        self.notices += self.alert.inhibit(inhibited, at(now))
        return self.told

    def silence(self, until: float | None, now: float) -> list[str]:
        self.notices += self.alert.silence(until, at(now))
        return self.told

    def acknowledge(self, now: float) -> list[str]:
        self.notices += self.alert.acknowledge(at(now))
        return self.told
