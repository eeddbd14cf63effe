"""Causes: which alerts explain which, so that one cause is told once and not a hundred times."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from bridge.core.alert import State
from bridge.core.course import Alert
from bridge.core.rule import Rule
from bridge.core.watched import Watched


class Causes:
    """Args:
    watched: all rules with their alerts, by name.
    """

    def __init__(self, watched: Mapping[str, Watched]) -> None:
        self._watched = watched
        self._explained = defaultdict[str, list[Watched]](list)
        for each in watched.values():
            for name in each.rule.inhibited_by:
                self._explained[name].append(each)

    def explained_by(self, cause: Alert) -> Iterator[Alert]:
        """The alerts that this one explains while it fires."""
        for watched in self._explained.get(cause.rule.name, ()):
            yield from watched.agreeing(cause.key.labels)

    def explain(self, alert: Alert) -> bool:
        """Whether an alert that fires explains this one."""
        return any(
            cause.state is State.FIRING
            for name in alert.rule.inhibited_by
            if name in self._watched
            for cause in self._watched[name].agreeing(alert.key.labels)
        )


def causes_first(rules: Iterable[Rule]) -> list[Rule]:
    """The rules, each behind those that explain it: what begins with its cause is explained at once."""
    by_name = {rule.name: rule for rule in rules}
    depths = dict.fromkeys(by_name, 0)
    for _ in by_name:  # as often as a chain can be long; rules in a ring have no order
        deeper = {name: _depth(rule, depths) for name, rule in by_name.items()}
        if deeper == depths:
            break
        depths = deeper
    return sorted(by_name.values(), key=lambda rule: depths[rule.name])


def _depth(rule: Rule, depths: Mapping[str, int]) -> int:
    return 1 + max((depths[name] for name in rule.inhibited_by if name in depths), default=-1)
