"""Which alerts explain which."""

from bridge.core.alert import Key, Moment, State
from bridge.core.causes import Causes, causes_first
from bridge.core.course import Alert
from bridge.core.rule import Compare, Rule, Term, Test
from bridge.core.sample import Labels
from bridge.core.watched import Watched

NOW = Moment(0, 0)
HQ = (("pbx", "hq"),)
BRANCH = (("pbx", "branch"),)


def rule(name: str, *by: str, inhibited_by: tuple[str, ...] = ()) -> Rule:
    return Rule(name, Term("x"), Test(Compare.ABOVE, 0), by=by, inhibited_by=inhibited_by)


class House:
    """Rules and alerts that were put in by hand."""

    def __init__(self, *rules: Rule) -> None:
        self.watched = {each.name: Watched(each, lambda _: True) for each in rules}
        self.causes = Causes(self.watched)

    def alert(self, name: str, labels: Labels, *, fires: bool = False) -> Alert:
        alert = Alert(self.watched[name].rule, Key(name, labels), NOW)
        alert.state = State.FIRING if fires else State.PENDING
        self.watched[name].add(alert)
        return alert


PBX_DOWN = rule("pbx_down")
TRUNK_DOWN = rule("trunk_down", "trunk", inhibited_by=("pbx_down",))
TRUNK_BUSY = rule("trunk_busy", "trunk", inhibited_by=("trunk_down", "no_such_rule"))
TRUNKS = rule("trunks", inhibited_by=("trunk_down",))


def trunk(name: str, pbx: Labels = HQ) -> Labels:
    return (*pbx, ("trunk", name))


def test_what_fires_explains_what_has_equal_labels() -> None:
    house = House(PBX_DOWN, TRUNK_DOWN, TRUNK_BUSY)
    cause = house.alert("trunk_down", trunk("acme"), fires=True)
    effect = house.alert("trunk_busy", trunk("acme"))
    others = [house.alert("trunk_busy", labels) for labels in (trunk("bolt"), trunk("acme", BRANCH))]

    assert list(house.causes.explained_by(cause)) == [effect]
    assert house.causes.explain(effect)
    assert not any(house.causes.explain(each) for each in others)


def test_what_does_not_fire_explains_nothing() -> None:
    house = House(TRUNK_DOWN, TRUNK_BUSY)
    house.alert("trunk_down", trunk("acme"))

    assert not house.causes.explain(house.alert("trunk_busy", trunk("acme")))


def test_a_cause_with_fewer_labels_explains_everything_of_its_pbx() -> None:
    house = House(PBX_DOWN, TRUNK_DOWN)
    cause = house.alert("pbx_down", HQ, fires=True)
    effects = [house.alert("trunk_down", trunk(name)) for name in ("acme", "bolt")]
    house.alert("trunk_down", trunk("acme", BRANCH))

    assert list(house.causes.explained_by(cause)) == effects


def test_any_cause_with_more_labels_explains_what_has_fewer() -> None:
    house = House(TRUNK_DOWN, TRUNKS)
    effect = house.alert("trunks", HQ)
    house.alert("trunk_down", trunk("acme"))
    assert not house.causes.explain(effect)

    cause = house.alert("trunk_down", trunk("bolt"), fires=True)

    assert house.causes.explain(effect)
    assert list(house.causes.explained_by(cause)) == [effect]


def test_a_label_that_one_of_them_lacks_does_not_count() -> None:
    house = House(TRUNK_DOWN, TRUNK_BUSY)
    cause = house.alert("trunk_down", trunk("acme"), fires=True)
    effect = house.alert("trunk_busy", HQ)

    assert list(house.causes.explained_by(cause)) == [effect]
    assert house.causes.explain(effect)


def test_causes_come_before_what_they_explain() -> None:
    order = [each.name for each in causes_first([TRUNK_BUSY, TRUNKS, rule("other"), TRUNK_DOWN, PBX_DOWN])]

    assert order == ["other", "pbx_down", "trunk_down", "trunk_busy", "trunks"]


def test_rules_that_explain_each_other_are_all_there() -> None:
    ring = [rule("a", inhibited_by=("c",)), rule("b", inhibited_by=("a",)), rule("c", inhibited_by=("b",))]

    assert {each.name for each in causes_first([*ring, PBX_DOWN])} == {"a", "b", "c", "pbx_down"}
