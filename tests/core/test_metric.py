"""Metric: names have a grammar, and a series has a value for each label."""

import pytest

from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import Series


@pytest.mark.parametrize("name", ["queue", "queue.", ".waiting", "Queue.waiting", "queue.wait.ing", "a.b c"])
def test_a_name_that_breaks_the_grammar_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a metric name"):
        Metric(name, MetricKind.GAUGE, "x")


def test_label_values_follow_the_order_of_the_definition() -> None:
    metric = Metric("security.events", MetricKind.COUNTER, "x", labels=("service", "event"))

    series = metric.series("hq", "AMI", "InvalidPassword")

    assert series == Series(
        "security.events", (("pbx", "hq"), ("service", "AMI"), ("event", "InvalidPassword"))
    )


def test_a_missing_label_value_is_an_error() -> None:
    metric = Metric("queue.waiting", MetricKind.GAUGE, "x", labels=("queue",))

    with pytest.raises(ValueError, match="argument 2 is shorter"):
        metric.series("hq")
