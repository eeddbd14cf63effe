"""All rules that are watched, and their alerts."""

import pytest

from bridge.core.alert import Key, Moment
from bridge.core.course import Alert
from bridge.core.roster import Roster
from bridge.core.rule import Compare, Rule, Term, Test
from bridge.core.silence import Selector

TEST = Test(Compare.ABOVE, 0)
BUSY = Rule("busy", Term("channels"), TEST, divisor=Term("lines"), inhibited_by=("down",))
DOWN = Rule("down", Term("up"), TEST, given=(Term("lines"), TEST))


@pytest.fixture
def roster() -> Roster:
    return Roster([BUSY, DOWN], lambda _: lambda _: True, limit=2)


def alert(rule: Rule, pbx: str = "hq") -> Alert:
    return Alert(rule, Key(rule.name, (("pbx", pbx),)), Moment(0, 0))


def test_causes_come_first(roster: Roster) -> None:
    busy, down = alert(BUSY), alert(DOWN)
    roster.add(busy)
    roster.add(down)

    assert list(roster.all()) == [down, busy]
    assert roster.place(down) < roster.place(busy)


def test_it_is_known_who_reads_a_metric(roster: Roster) -> None:
    readers = {metric: [watched.rule.name for watched, _ in read] for metric, read in roster.readers.items()}

    assert readers == {"up": ["down"], "lines": ["down", "busy"], "channels": ["busy"]}


def test_an_alert_is_found_by_its_key(roster: Roster) -> None:
    down = alert(DOWN)
    roster.add(down)

    assert roster.find(down.key) is down
    assert roster.of(down).rule is DOWN
    assert roster.find(Key("down", (("pbx", "branch"),))) is None
    assert roster.find(Key("unknown", (("pbx", "hq"),))) is None


def test_there_is_room_for_so_many(roster: Roster) -> None:
    first, second = alert(DOWN), alert(BUSY)
    full = []
    for each in (first, second):
        roster.add(each)
        full.append(roster.is_full)

    roster.drop(first)

    assert [*full, roster.is_full] == [False, True, False]
    assert list(roster.all()) == [second]


def test_any_of_the_selectors_may_mean_an_alert(roster: Roster) -> None:
    down = alert(DOWN)
    roster.add(down)
    roster.add(alert(BUSY))

    assert roster.meant([Selector("down"), Selector("do*")]) == [down]
    assert roster.meant([]) == []
