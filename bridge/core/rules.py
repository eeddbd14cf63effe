"""Rules: the engine of all alerts. Samples and the time go in, notices come out; nothing waits.

    take(samples) --> readers --> alerts --> notices      what is watched has moved
    tick(now)     --------------> alerts --> notices      time alone has moved; `due` says when it will

What comes in one call is taken as a whole before anything is looked at, since a poll brings both parts of a
ratio one after the other; and what explains others is looked at before them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from math import inf

from bridge.core.agenda import Agenda
from bridge.core.alert import Happening, Key, Moment, Notice, Severity, State, key_in, of_key
from bridge.core.causes import Causes
from bridge.core.course import Alert, orphaned
from bridge.core.opening import CHECKED, Calendar, Opening
from bridge.core.own import SOURCE_UP
from bridge.core.presence import Presence
from bridge.core.reader import SETTLED, Reader
from bridge.core.recall import Recall, recall_from
from bridge.core.roster import Roster
from bridge.core.rule import Measure, Rule
from bridge.core.sample import Labels, Sample
from bridge.core.silence import Selector, Silence, Silences
from bridge.core.state import Json, mapping, number, sequence
from bridge.core.watched import Watched

STALE = 300.0
"""Seconds of silence after which what is watched has gone, while its PBX answers: twenty polls."""
SWEPT = 4
"""How many times within that it is looked at what has gone."""
LIMIT = 20_000
"""Alerts that are kept, some 2 kB each: more come from labels that somebody else makes up."""
FORGOTTEN = 86_400.0
"""Seconds after which what a rule for absence has missed is believed to have gone for good."""
STEPPED = 1.0
"""Seconds by which the wall clock was set if it was set at all; less is its drift."""


class Rules:
    """All rules and their alerts.

    Args:
        rules: what is watched.
        now: the present.
        calendars: the schedules that rules name; one that is not there is always open.
        stale: seconds after which what is silent has gone.
        limit: the most alerts that are kept.

    Attributes:
        refused: how many samples were not watched since there were too many alerts.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        now: Moment,
        calendars: Mapping[str, Calendar] | None = None,
        *,
        stale: float = STALE,
        limit: int = LIMIT,
    ) -> None:
        self._opening = Opening(calendars or {}, now)
        self._stale = stale
        self._roster = Roster(rules, self._opening.of, limit)
        self._roster.readers[SOURCE_UP.name] += []
        for _, reader in chain.from_iterable(self._roster.readers.values()):
            reader.begun = now.monotonic
        self._causes = Causes(self._roster.watched)
        self._number = 0
        self._presence = Presence(stale, now.monotonic)
        self._silences = Silences()
        self._agenda = Agenda[Alert]()
        self._swept = now.monotonic
        self._wall = now.time - now.monotonic
        self._calendar_at = self._next_turn(now)
        self.refused = 0

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics of which samples are wanted."""
        return frozenset(self._roster.readers)

    def expect(self, pbxs: Iterable[str], now: Moment) -> list[Notice]:
        """Miss what rules for absence want of these PBXs, although nothing was ever heard of it."""
        expected = [
            (watched, labels)
            for watched in self._roster.watched.values()
            if watched.is_absence and not watched.rule.by
            for pbx in pbxs
            if (labels := watched.main.expect(pbx, now.monotonic)) and labels not in watched.alerts
        ]
        return self._look_at([alert for each in expected for alert in self._touched(*each, now)], now)

    def take(self, samples: Sequence[Sample], now: Moment) -> list[Notice]:
        """Take samples that have come now; those that no rule watches cost next to nothing."""
        touched: dict[Alert, None] = {}
        readers = self._roster.readers

        def settled(pbx: str) -> bool:
            return self._presence.missed(pbx, -inf, now.monotonic) > SETTLED

        for series, value, _ in samples:
            if series.name == SOURCE_UP.name:
                self._presence.hear(series, value, now.monotonic)
        for series, value, _ in samples:
            if series.name not in readers:
                continue
            for watched, reader in readers[series.name]:
                labels = reader.take(series, value, now.monotonic, settled)
                if labels is None:
                    continue
                if reader is watched.main:
                    touched |= dict.fromkeys(self._touched(watched, labels, now))
                else:
                    touched |= dict.fromkeys(watched.touched(labels))
        return self._look_at(touched, now)

    def _look_at(self, alerts: Iterable[Alert], now: Moment) -> list[Notice]:
        """Look at alerts; one that is new, and of which there is nothing else to say, is told to be there."""
        notices: list[Notice] = []
        for alert in sorted(alerts, key=self._roster.place):
            told = alert.number
            notices += self._look(alert, now)
            if alert.is_new and alert.number == told:
                notices.append(alert.notice(Happening.WATCHED, now))
        return notices

    def _touched(self, watched: Watched, labels: Labels, now: Moment) -> Iterator[Alert]:
        """The alert of what is watched, which is made if there is room."""
        if labels in watched.alerts:
            yield watched.alerts[labels]
        elif not self._roster.is_full:
            alert = Alert(watched.rule, watched.key(labels), now)
            alert.number = max(alert.number, self._number)
            alert.inhibited = self._causes.explain(alert)
            alert.silenced = self._silences.until(alert.key)
            self._roster.add(alert)
            yield alert
        else:
            watched.main.drop(labels)
            self.refused += 1

    def tick(self, now: Moment) -> list[Notice]:
        """Do what is due by now."""
        notices: list[Notice] = []
        if now.monotonic >= self._calendar_at or abs(now.time - now.monotonic - self._wall) > STEPPED:
            notices += self._follow_calendars(now)
            notices += self._hush([], now)
        for alert in self._agenda.take(now.monotonic):
            notices += self._look_again(alert, now)
        if now.monotonic >= self._swept + self._stale / SWEPT:
            self._swept = now.monotonic
            notices += self._sweep(now)
        return notices

    @property
    def due(self) -> float:
        """When `tick` is due, in monotonic seconds."""
        return min(self._agenda.first, self._calendar_at, self._swept + self._stale / SWEPT)

    def _look(self, alert: Alert, now: Moment) -> Iterator[Notice]:
        watched = self._roster.of(alert)
        value, bad = watched.look(alert, now)
        if bad or watched.is_absence or not alert.rests(value):
            yield from self._done(alert.look(value, bad, now), alert, now)

    def _look_again(self, alert: Alert, now: Moment) -> Iterator[Notice]:
        """Time has come for the alert; only what is absent can have become so by time alone."""
        if self._roster.of(alert).is_absence:
            yield from self._look(alert, now)
        else:
            yield from self._done(alert.elapse(now), alert, now)

    def _done(self, notices: Iterator[Notice], alert: Alert, now: Moment) -> Iterator[Notice]:
        """Pass on what happened to an alert, with what follows from it for others."""
        before = alert.state
        yield from notices
        if State.FIRING in {before, alert.state} and before is not alert.state:
            yield from self._explain(self._causes.explained_by(alert), now)
        self._plan(alert)

    def _plan(self, alert: Alert) -> None:
        """Have the alert looked at when something happens to it by itself."""
        due = min(alert.due(), self._roster.of(alert).due(alert))
        self._agenda.plan(alert, due, self._roster.place(alert))

    def _explain(self, alerts: Iterable[Alert], now: Moment) -> Iterator[Notice]:
        """See to whether alerts are explained by others.

        What is absent, and was not told to be so, is missed anew when what explained it is over.
        """
        for alert in alerts:
            before = alert.inhibited
            yield from alert.inhibit(self._causes.explain(alert), now)
            watched = self._roster.of(alert)
            if before and not alert.inhibited and watched.is_absence and alert.state is not State.FIRING:
                watched.main.expect_anew(alert.key.labels, now.monotonic)
                yield from self._look(alert, now)
            self._plan(alert)

    # --- calendars, and what has gone

    def _next_turn(self, now: Moment) -> float:
        """When a calendar opens or closes, or a silence ends, in monotonic seconds."""
        moments = [*self._opening.changes(now.time), *(each.until for each in self._silences.in_force)]
        return now.monotonic + min(min(moments, default=inf) - now.time, CHECKED)

    def _follow_calendars(self, now: Moment) -> Iterator[Notice]:
        turned = self._opening.turned(now)
        for watched in self._roster.watched.values():
            if watched.rule.schedule in turned:
                for alert in watched.alerts.values():
                    yield from self._look(alert, now)

    def _sweep(self, now: Moment) -> Iterator[Notice]:
        """Let go of what has gone."""
        for watched in self._roster.watched.values():
            for reader in watched.readers.values():
                reader.forget(partial(self._is_gone, self._lasting(reader, watched.rule), now.monotonic))
            lasting = self._lasting(watched.main, watched.rule)
            for alert in [each for own, each in watched.alerts.items() if not watched.main.has(own)]:
                if self._is_gone(lasting, now.monotonic, alert.key.pbx, -inf):
                    yield from self._leave(alert, now)

    def _lasting(self, reader: Reader, rule: Rule) -> float:
        """Seconds for which what is read is kept without news of it."""
        absence = reader.term.measure is Measure.ABSENCE
        return rule.test.threshold + FORGOTTEN if absence else self._stale

    def _is_gone(self, after: float, now: float, pbx: str, heard: float) -> bool:
        return self._presence.missed(pbx, heard, now) > after

    def _leave(self, alert: Alert, now: Moment) -> Iterator[Notice]:
        self._roster.drop(alert)
        self._agenda.plan(alert, inf)
        fired = alert.state is State.FIRING
        yield from alert.leave(now)
        self._number = max(self._number, alert.number)
        if fired:
            yield from self._explain(self._causes.explained_by(alert), now)

    # --- what people say

    def standing(self, key: Key) -> Notice | None:
        """How an alert stands now; None if it is not known."""
        alert = self._roster.find(key)
        return alert.standing(Happening.WATCHED) if alert else None

    def number(self, key: Key) -> int | None:
        """The number of what was told last of an alert; None if it is not known."""
        alert = self._roster.find(key)
        return alert.number if alert else None

    def begun(self, key: Key) -> int:
        """The number of the notice with which what an alert tells now began."""
        alert = self._roster.find(key)
        return alert.begun if alert else 0

    def states(self) -> Iterator[tuple[Key, Severity, State]]:
        """Every alert, how bad it is, and how it stands."""
        return ((alert.key, alert.rule.severity, alert.state) for alert in self._roster.all())

    def everything(self) -> Iterator[Notice]:
        """How every alert stands now."""
        return (alert.standing(Happening.WATCHED) for alert in self._roster.all())

    def acknowledge(self, selector: Selector, now: Moment) -> list[Notice]:
        """Somebody cares for the alerts that are meant and fire now."""
        return [
            notice
            for alert in self._roster.meant([selector])
            for notice in self._said(alert, alert.acknowledge(now))
        ]

    @property
    def silences(self) -> list[Silence]:
        """Those in force."""
        return list(self._silences.in_force)

    def silence(self, silence: Silence, now: Moment) -> list[Notice]:
        """Have nobody told of some alerts for a while."""
        self._silences.add(silence)
        return self._hush([silence], now)

    def unsilence(self, id_: str, now: Moment) -> list[Notice]:
        """End the silence of that id; nothing comes of it if there is none."""
        return self._hush(self._silences.end(id_), now)

    def _hush(self, changed: list[Silence], now: Moment) -> list[Notice]:
        """See to the alerts that silences which have come or gone are about."""
        changed = [*changed, *self._silences.expire(now.time)]
        self._wall = now.time - now.monotonic
        self._calendar_at = self._next_turn(now)
        return [
            notice
            for alert in self._roster.meant(each.selector for each in changed)
            for notice in self._said(alert, alert.silence(self._silences.until(alert.key), now))
        ]

    def _said(self, alert: Alert, notices: Iterator[Notice]) -> Iterator[Notice]:
        yield from notices
        self._plan(alert)

    # --- over a restart

    def state(self, now: Moment) -> Json:
        """What must be known to go on after a restart of the bridge, or with new rules."""
        return {
            "now": now.monotonic,
            "number": self._number,
            "swept": self._swept,
            "open": self._opening.state(),
            "presence": self._presence.state(),
            "silences": self._silences.state(),
            "readers": {name: watched.state() for name, watched in self._roster.watched.items()},
            "alerts": [[of_key(alert.key), alert.kept()] for alert in self._roster.all()],
        }

    def restore(self, state: Json, now: Moment) -> list[Notice]:
        """Go on from what `state` gave; what has another shape is left out.

        Returns:
            What there is to say of alerts whose rule is not there any more, or says something else now.
        """
        words = mapping(state)
        recall = recall_from(words.get("now"), now.monotonic)
        self._number = int(number(words.get("number")) or 0)
        swept = recall(words.get("swept"))
        self._swept = self._swept if swept is None else swept
        self._calendar_at = now.monotonic
        self._opening.restore(words.get("open"))
        self._presence.restore(words.get("presence"), recall)
        self._silences.restore(words.get("silences"))
        readers = mapping(words.get("readers"))
        for name, watched in self._roster.watched.items():
            watched.restore(readers.get(name), recall)
        entries = [sequence(entry) for entry in sequence(words.get("alerts"))]
        notices = [notice for entry in entries for notice in self._restore_alert(entry, recall, now)]
        return [*notices, *self._explain(self._roster.all(), now)]

    def _restore_alert(self, entry: Sequence[Json], recall: Recall, now: Moment) -> Iterator[Notice]:
        words, state = (*entry, None, None)[:2]
        key = key_in(words)
        if key is None or self._roster.find(key):
            return
        watched = self._roster.watched.get(key.rule)
        if watched and watched.fits(key.labels) and not self._roster.is_full:
            alert = Alert(watched.rule, key, now)
            alert.restore(state, recall)
            alert.silenced = self._silences.until(key)
            self._roster.add(alert)
        else:
            orphan = orphaned(key, now)
            orphan.restore(state, recall)
            yield from orphan.leave(now)
            self._number = max(self._number, orphan.number)
