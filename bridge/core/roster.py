"""Roster: all rules that are watched, and all of their alerts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from bridge.core.alert import Key
from bridge.core.causes import causes_first
from bridge.core.course import Alert
from bridge.core.reader import Reader
from bridge.core.rule import Rule
from bridge.core.silence import Selector
from bridge.core.watched import Open, Watched


class Roster:
    """Args:
    rules: what is watched.
    open_of: whether the schedule of a name is open.
    limit: the most alerts that there is room for.

    Attributes:
        watched: the rules by name, each behind those that explain it.
        readers: who reads a metric.
    """

    def __init__(self, rules: Iterable[Rule], open_of: Callable[[str], Open], limit: int) -> None:
        self.watched = {rule.name: Watched(rule, open_of(rule.schedule)) for rule in causes_first(rules)}
        self.readers = defaultdict[str, list[tuple[Watched, Reader]]](list)
        for watched in self.watched.values():
            for reader in watched.readers.values():
                self.readers[reader.term.metric].append((watched, reader))
        self._places = {name: place for place, name in enumerate(self.watched)}
        self._limit = limit
        self._amount = 0

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another alert."""
        return self._amount >= self._limit

    def add(self, alert: Alert) -> None:
        """Know an alert, which is not known yet."""
        self._amount += 1
        self.of(alert).add(alert)

    def drop(self, alert: Alert) -> None:
        """Know an alert no more."""
        self._amount -= 1
        self.of(alert).drop(alert)

    def of(self, alert: Alert) -> Watched:
        """The rule of an alert."""
        return self.watched[alert.rule.name]

    def place(self, alert: Alert) -> int:
        """In which order alerts are looked at: causes come first."""
        return self._places[alert.rule.name]

    def find(self, key: Key) -> Alert | None:
        """The alert of a key, if it is known."""
        watched = self.watched.get(key.rule)
        return watched.alerts.get(key.labels) if watched else None

    def all(self) -> Iterator[Alert]:
        """All alerts, causes first."""
        return (alert for watched in self.watched.values() for alert in watched.alerts.values())

    def meant(self, selectors: Iterable[Selector]) -> list[Alert]:
        """The alerts that any of the selectors means."""
        wanted = list(selectors)
        alerts = self.all() if wanted else ()
        return [alert for alert in alerts if any(each.means(alert.key) for each in wanted)]
