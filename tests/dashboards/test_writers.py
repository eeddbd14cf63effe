"""One query, said to three data sources."""

import pytest

from bridge.asterisk.catalog.queues import QUEUE_JOINS, QUEUE_LONGEST_WAIT, QUEUE_WAIT_TIME, QUEUE_WAITING
from bridge.asterisk.catalog.system import SYSTEM_STARTS
from bridge.core.own import SINK_BUFFERED
from bridge.dashboards.graphite import Graphite, Path, Tags
from bridge.dashboards.panel import Variable
from bridge.dashboards.prometheus import Prometheus
from bridge.dashboards.query import Across, Growth, Level, Per, Quantile, Query, Rises, mean, share
from bridge.dashboards.writer import Scope

PATH, TAGS, PROMETHEUS = Graphite(Path()), Graphite(Tags()), Prometheus()
SCOPE: Scope = frozenset({"pbx", "queue"})
ONE: Scope = frozenset({"pbx"})
QUEUE = ("pbx", "queue")


class TestPath:
    def test_a_label_that_is_grouped_by_is_counted_from_the_end(self) -> None:
        query = Level(QUEUE_LONGEST_WAIT, Across.MAX, by=QUEUE)

        assert PATH.expression(query, SCOPE) == (
            "aliasByNode(groupByNodes(${prefix}.${pbx}.queue.${queue}.longest_wait,'max',-4,-2),0,1)"
        )

    def test_what_no_variable_limits_is_a_star(self) -> None:
        assert "${prefix}.${pbx}.queue.*.waiting" in PATH.expression(Level(QUEUE_WAITING), ONE)

    def test_a_value_that_is_demanded_stands_there(self) -> None:
        query = Level(SINK_BUFFERED, by=("sink",), where=(("pbx", "bridge"),))

        assert "${prefix}.bridge.sink.*.buffered" in PATH.expression(query, SCOPE)

    def test_one_line_for_all_has_a_name(self) -> None:
        query = Level(QUEUE_WAITING, by=(), called="callers")

        assert PATH.expression(query, ONE) == "alias(sumSeries(${prefix}.${pbx}.queue.*.waiting),'callers')"

    def test_a_pace_is_a_minutes_growth_and_smoothed(self) -> None:
        query = Growth(QUEUE_JOINS, called="came")

        assert PATH.expression(query, SCOPE) == (
            "aliasSub(aliasByNode(movingAverage(scaleToSeconds(groupByNodes("
            "nonNegativeDerivative(keepLastValue(${prefix}.${pbx}.queue.${queue}.joins)),'sum',-4),60),4),0),"
            "'$',' came')"
        )

    def test_what_a_reduction_adds_up_is_not_averaged_before(self) -> None:
        text = PATH.expression(Growth(QUEUE_JOINS, Per.RANGE), SCOPE)

        assert text.startswith("aliasByNode(consolidateBy(groupByNodes(nonNegativeDerivative(")
        assert PATH.total == "sum"

    def test_a_ratio_divides_what_has_the_same_labels(self) -> None:
        text = PATH.expression(mean(QUEUE_WAIT_TIME, *QUEUE), SCOPE)

        assert text.startswith("aliasByNode(scale(asPercent(movingSum(")
        assert text.endswith("'sum',-4,-2),30),0,1),0.01),0,1)")
        assert text.index("wait_time_sum") < text.index("wait_time_count")

    def test_quantiles_cannot_be_asked(self) -> None:
        query = Quantile(QUEUE_WAIT_TIME, 0.95)

        assert PATH.expression(query, SCOPE) == ""
        assert PATH.target(query, SCOPE) == {}

    def test_a_variable_finds_values_below_those_chosen_before(self) -> None:
        found = PATH.variable(Variable("queue", QUEUE_WAITING), ONE)

        assert found["query"] == "expand(${prefix}.${pbx}.queue.*)"


class TestTags:
    def test_variables_are_regular_expressions(self) -> None:
        assert TAGS.expression(Level(QUEUE_WAITING, by=QUEUE), SCOPE) == (
            "aliasByNode(groupByTags(seriesByTag('name=${prefix}.queue.waiting','pbx=~^${pbx:regex}$',"
            "'queue=~^${queue:regex}$'),'sum','pbx','queue'),'pbx','queue')"
        )

    def test_a_ratio_is_named_by_what_is_left_of_its_tags(self) -> None:
        text = TAGS.expression(mean(QUEUE_WAIT_TIME, "queue", "pbx"), SCOPE)

        assert text.startswith("aliasSub(scale(asPercent(movingSum(groupByTags(")
        assert text.endswith(",'^[^;]*;pbx=([^;,]*);queue=([^;,]*).*$','\\2.\\1')")

    def test_a_variable_is_limited_by_those_before(self) -> None:
        found = TAGS.variable(Variable("queue", QUEUE_WAITING), ONE)

        assert found["query"] == "tag_values(queue, name=${prefix}.queue.waiting, pbx=~^${pbx:regex}$)"


class TestPrometheus:
    @pytest.mark.parametrize(
        ("query", "text"),
        [
            (Level(QUEUE_WAITING), 'sum by (pbx) (asterisk_queue_waiting{pbx=~"${pbx}"})'),
            (Level(QUEUE_WAITING, by=()), 'sum (asterisk_queue_waiting{pbx=~"${pbx}"})'),
            (
                Growth(QUEUE_JOINS),
                '60 * sum by (pbx) (rate(asterisk_queue_joins_total{pbx=~"${pbx}"}[$__rate_interval]))',
            ),
            (
                Growth(QUEUE_JOINS, Per.RANGE),
                'sum by (pbx) (increase(asterisk_queue_joins_total{pbx=~"${pbx}"}[$__range]))',
            ),
            (
                Rises(SYSTEM_STARTS),
                'sum by (pbx) (increase(asterisk_system_starts_total{pbx=~"${pbx}"}[1m])) > 0',
            ),
            (
                share(QUEUE_WAIT_TIME, 20),
                (
                    'sum by (pbx) (rate(asterisk_queue_wait_time_seconds_bucket{pbx=~"${pbx}",le="20"}[5m]))'
                    ' / sum by (pbx) (rate(asterisk_queue_wait_time_seconds_count{pbx=~"${pbx}"}[5m]))'
                ),
            ),
            (
                Quantile(QUEUE_WAIT_TIME, 0.95),
                (
                    "histogram_quantile(0.95, sum by (pbx, le) "
                    '(rate(asterisk_queue_wait_time_seconds_bucket{pbx=~"${pbx}"}[5m])))'
                ),
            ),
        ],
    )
    def test_each_query_in_promql(self, query: Query, text: str) -> None:
        assert PROMETHEUS.expression(query, ONE) == text

    def test_what_is_counted_over_all_the_time_is_asked_once(self) -> None:
        target = PROMETHEUS.target(Growth(QUEUE_JOINS, Per.RANGE, called="callers"), ONE)

        assert (target["instant"], target["range"]) == (True, False)
        assert target["legendFormat"] == "{{pbx}} callers"


def test_a_bound_that_a_histogram_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match=r"queue.wait_time has no bound 21: it has 5, 10"):
        share(QUEUE_WAIT_TIME, 21)
