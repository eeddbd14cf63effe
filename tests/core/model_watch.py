"""An engine with a clock, and what it tells, in few words."""

import json
from collections.abc import Mapping, Sequence

from bridge.core.alert import Moment, Notice
from bridge.core.opening import Calendar
from bridge.core.rule import Compare, Measure, Rule, Term, Test
from bridge.core.rules import Rules
from bridge.core.sample import Sample, Series

STALE = 300.0
WALL = 1_700_000_000.0


class Watch:
    """Rules, and their time: seconds since the begin."""

    def __init__(
        self, *rules: Rule, calendars: Mapping[str, Calendar] | None = None, limit: int = 20_000
    ) -> None:
        self.parts = rules
        self.calendars = calendars or {}
        self.limit = limit
        self.wall = WALL
        self.now = 0.0
        self.notices: list[Notice] = []
        self.rules = self.built(rules)

    def built(self, rules: Sequence[Rule]) -> Rules:
        return Rules(rules, self.moment, self.calendars, stale=STALE, limit=self.limit)

    @property
    def moment(self) -> Moment:
        return Moment(self.wall + self.now, self.now)

    def said(self, notices: Sequence[Notice]) -> list[str]:
        """Such as `trunk_down acme firing`; the PBX is left out if it is `hq`."""
        self.notices += notices
        return [
            " ".join(
                [
                    notice.key.rule,
                    *(value for name, value in notice.key.labels if (name, value) != ("pbx", "hq")),
                    notice.happening.value,
                ]
            )
            for notice in notices
        ]

    def hear(self, *samples: tuple[Series, float]) -> list[str]:
        """Samples come, all at once."""
        taken = [Sample(series, value, self.wall + self.now) for series, value in samples]
        return self.said(self.rules.take(taken, self.moment))

    def wait(self, seconds: float) -> list[str]:
        """Time passes, and what is due is done."""
        until, told = self.now + seconds, list[str]()
        while self.rules.due <= until:
            self.now = max(self.now, self.rules.due)
            told += self.said(self.rules.tick(self.moment))
        self.now = until
        return told + self.said(self.rules.tick(self.moment))

    def restart(self, *rules: Rule, away: float = 0, clock: float = 0) -> list[str]:
        """Begin again with what was written down: maybe other rules, later, and by another wall clock."""
        known = json.loads(json.dumps(self.rules.state(self.moment)))
        self.now, self.wall = self.now + away - 5000, self.wall + clock + 5000
        self.rules = self.built(rules or self.parts)
        return self.said(self.rules.restore(known, self.moment))


def of(name: str, pbx: str = "hq", **labels: str) -> Series:
    return Series(name, (("pbx", pbx), *labels.items()))


def trunk(name: str, pbx: str = "hq") -> Series:
    return of("trunk.up", pbx, trunk=name)


def source(name: str, pbx: str = "hq") -> Series:
    return of("source.up", pbx, source=name)


def rule(
    name: str,
    metric: str,
    test: Test | None = None,
    by: tuple[str, ...] = (),
    *,
    measure: Measure = Measure.VALUE,
    hold: float = 0,
    inhibited_by: tuple[str, ...] = (),
    schedule: str = "",
) -> Rule:
    term = Term(metric, measure=measure)
    test = test or Test(Compare.EQUAL, 0)
    return Rule(name, term, test, by=by, hold=hold, inhibited_by=inhibited_by, schedule=schedule)
