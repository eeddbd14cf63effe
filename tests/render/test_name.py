"""Other names."""

import pytest

from bridge.render.errors import QueryError
from tests.render.lines import evaluated, line, names

PATH = line("asterisk.hq.queue.support.waiting", 1)
TAGS = line("asterisk.queue.waiting;pbx=hq;queue=support", 1)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("alias(asterisk.hq.*,'Waiting, now')", "Waiting, now"),
        ("aliasByNode(asterisk.hq.*,1,3)", "hq.support"),
        ("aliasByNode(asterisk.hq.*,-1,99)", "waiting."),
        ("aliasByNode(sumSeries(scale(asterisk.hq.queue.support.waiting,2)),1)", "hq"),
        ("aliasByMetric(scale(asterisk.hq.*,2))", "waiting"),
        (r"aliasSub(asterisk.hq.*,'^.*queue\.([^.]+).*$','queue \1')", "queue support"),
        ("substr(scale(asterisk.hq.*,2),1,3)", "hq.queue"),
        ("aliasByTags(seriesByTag('pbx=hq'),'queue','pbx')", "support.hq"),
        ("aliasByTags(perSecond(seriesByTag('pbx=hq')),'queue',0)", "support.asterisk"),
        ("aliasByNode(alias(asterisk.hq.*,'5) (x)'),0)", "5"),
    ],
)
def test_names(call: str, wanted: str) -> None:
    assert names(call, PATH, TAGS) == [wanted]


def test_an_alias_does_not_change_what_later_functions_are_named_after() -> None:
    assert names("sumSeries(alias(asterisk.hq.*,'x'))", PATH) == ["sumSeries(asterisk.hq.*)"]


def test_a_replacement_that_cannot_be_is_a_fault() -> None:
    with pytest.raises(QueryError, match=r"aliasSub\(\): '\\\\7' cannot take the place"):
        evaluated(r"aliasSub(asterisk.hq.*,'queue','\7')", PATH)
