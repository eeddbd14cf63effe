"""One series of each group."""

import pytest

from bridge.render.errors import QueryError
from tests.render.lines import evaluated, line, names, values

QUEUES = [
    line(f"asterisk.{pbx}.queue.{name}.waiting", *some)
    for pbx, name, *some in (("hq", "sales", 1, 2), ("hq", "support", 10, 20), ("lab", "sales", 100, 200))
]
TAGGED = [
    line(f"waiting;pbx={pbx};queue={name};x=y", *some)
    for pbx, name, *some in (("hq", "sales", 1, 2), ("hq", "support", 10, 20), ("lab", "sales", 100, 200))
]
ALL = "asterisk.*.queue.*.waiting"


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (f"groupByNode({ALL},1,'sum')", {"hq": [11, 22], "lab": [100, 200]}),
        (f"groupByNodes({ALL},'max',-2)", {"sales": [100, 200], "support": [10, 20]}),
        (
            f"groupByNodes({ALL},'sumSeries',3,1)",
            {"sales.hq": [1, 2], "support.hq": [10, 20], "sales.lab": [100, 200]},
        ),
        (f"groupByNode(scale({ALL},2),1,'sum')", {"hq": [22, 44], "lab": [200, 400]}),
        (
            f"sumSeriesWithWildcards({ALL},3)",
            {"asterisk.hq.queue.waiting": [11, 22], "asterisk.lab.queue.waiting": [100, 200]},
        ),
        (f"averageSeriesWithWildcards({ALL},1,2,3)", {"asterisk.waiting": [37, 74]}),
        (
            "groupByTags(seriesByTag('x=y'),'sum','pbx')",
            {"waiting;pbx=hq": [11, 22], "waiting;pbx=lab": [100, 200]},
        ),
        ("groupByNode(seriesByTag('x=y'),'queue','sum')", {"sales": [101, 202], "support": [10, 20]}),
    ],
)
def test_groups(call: str, wanted: dict[str, list[float]]) -> None:
    found = evaluated(call, *QUEUES, *TAGGED)

    assert {each.name: list(each.values) for each in found} == wanted


def test_a_group_by_tags_has_these_tags() -> None:
    found = evaluated("groupByTags(seriesByTag('x=y'),'sum','pbx')", *TAGGED)

    assert [each.tags for each in found] == [{"name": "waiting", "pbx": pbx} for pbx in ("hq", "lab")]


def test_a_series_without_the_tag_is_in_a_group_of_its_own() -> None:
    assert names("groupByTags(seriesByTag('x=y'),'sum','nothing')", *TAGGED) == ["waiting;nothing="]


def test_every_series_is_in_one_group() -> None:
    groups = values(f"groupByNode({ALL},1,'sum')", *QUEUES)

    assert [sum(filter(None, row)) for row in zip(*groups, strict=True)] == [111, 222]


def test_only_what_makes_one_of_many_can_be_called() -> None:
    with pytest.raises(QueryError, match=r"func should be one of average.*not 'alias'"):
        evaluated(f"groupByNode({ALL},1,'alias')", *QUEUES)
