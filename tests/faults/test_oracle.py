"""The judge sees what it is there to see."""

from collections import Counter

import pytest

from bridge.core.sample import Sample, Series
from tests.faults.oracle import Fact, Obligations, judge_lines, judge_topics, packets

FACTS = [Fact(number) for number in (7, 8, 207)]
OTHER = b"asterisk.hq.statsd.fact.7 9 1700000000"


def obligations() -> Obligations:
    accepted = Obligations()
    accepted.accept(
        [Sample(Series(f"statsd.{one.bucket}", (("pbx", "hq"),)), one.number, one.time) for one in FACTS]
    )
    return accepted


def test_a_fact_is_sent_as_a_gauge_with_a_time_of_its_own() -> None:
    assert list(packets(FACTS)) == [
        b"fact.7:7|g|T1700000000\nfact.8:8|g|T1700000000\nfact.7:207|g|T1700000001"
    ]


def test_what_came_twice_is_no_fault() -> None:
    verdict = judge_lines(obligations(), Counter([fact.line for fact in FACTS] * 2))

    assert verdict.is_clean
    assert (verdict.facts, verdict.copies) == (3, 3)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ([FACTS[0].line, FACTS[1].line], "missing"),
        ([*(fact.line for fact in FACTS), Fact(9).line], "foreign"),
        ([*(fact.line for fact in FACTS), OTHER], "altered"),
    ],
)
def test_every_fault_at_graphite_is_found(lines: list[bytes], fault: str) -> None:
    verdict = judge_lines(obligations(), Counter(lines))

    assert not verdict.is_clean
    assert getattr(verdict, fault) == 1


TOPICS = [(fact.topic, str(fact.number)) for fact in FACTS]


def test_what_was_overtaken_need_not_be_published() -> None:
    assert judge_topics(obligations(), TOPICS).is_clean
    assert judge_topics(obligations(), TOPICS[1:]).is_clean


@pytest.mark.parametrize(
    ("published", "fault"),
    [
        (TOPICS[:2], "missing"),
        ([*TOPICS, ("asterisk/hq/statsd/fact.9", "9")], "foreign"),
        ([("asterisk/hq/statsd/fact.7", "9"), *TOPICS[1:]], "altered"),
        ([*TOPICS, TOPICS[0], TOPICS[2]], "altered"),
    ],
)
def test_every_fault_at_the_broker_is_found(published: list[tuple[str, str]], fault: str) -> None:
    """A topic that goes back counts as altered."""
    verdict = judge_topics(obligations(), published)

    assert not verdict.is_clean
    assert getattr(verdict, fault) == 1
