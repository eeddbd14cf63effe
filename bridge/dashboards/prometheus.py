"""Prometheus: queries in PromQL."""

from collections.abc import Iterable, Mapping

from bridge.core.metric import Metric
from bridge.core.sample import Labels
from bridge.dashboards import naming
from bridge.dashboards.panel import Marks, Variable
from bridge.dashboards.query import Asked, Growth, Level, Per, Quantile, Query, Ratio, Rises
from bridge.dashboards.writer import Json, Scope, legend

PACE = "$__rate_interval"
"""Grafana's window for a rate: four scrapes, or what is between two points if that is longer."""
WINDOW = "5m"
"""The window of ratios and quantiles."""
MARKED = "1m"
"""How long a rise is seen; marks are asked for in such steps."""


class Prometheus:
    """A writer for Prometheus."""

    flavour = "prometheus"
    title = "Prometheus"
    datasource = "prometheus"
    total = "lastNotNull"

    def expression(self, query: Query, scope: Scope) -> str:
        """Everything can be asked."""
        match query:
            case Level(metric=metric, across=across):
                return f"{across}{_by(query)} ({_select(metric, query.where, scope)})"
            case Growth(metric=metric, per=Per.RANGE):
                return f"sum{_by(query)} (increase({_select(metric, query.where, scope)}[$__range]))"
            case Growth(metric=metric, per=per):
                pace = f"sum{_by(query)} ({_rate(metric, query, scope, PACE)})"
                return f"60 * {pace}" if per is Per.MINUTE else pace
            case Rises(metric=metric):
                return f"sum{_by(query)} (increase({_select(metric, query.where, scope)}[{MARKED}])) > 0"
            case Ratio(over=over, under=under):
                both = (f"sum{_by(query)} ({_rate(each, query, scope, WINDOW)})" for each in (over, under))
                return " / ".join(both)
            case Quantile(histogram=histogram, share=share):
                _, bound = histogram.within[0]
                name, labels = naming.exposed(bound, query.where)
                buckets = _chosen(name, {key: labels[key] for key in labels if key != "le"}, scope)
                inner = f"sum{_by(query, 'le')} (rate({buckets}[{WINDOW}]))"
                return f"histogram_quantile({share:g}, {inner})"

    def target(self, query: Query, scope: Scope) -> Json:
        """One value at the end if a number of the whole time is wanted, else values over time."""
        instant = isinstance(query, Growth) and query.per is Per.RANGE
        return {
            "expr": self.expression(query, scope),
            "legendFormat": legend(query, "{{", "}}"),
            "editorMode": "code",
            "instant": instant,
            "range": not instant,
        }

    def variable(self, variable: Variable, limits: Scope) -> Json:
        """A question for values; `bridge` is no PBX."""
        question = f"label_values({_select(variable.metric, (), limits)}, {variable.label})"
        return {
            "query": {"qryType": 1, "query": question, "refId": "Values"},
            "regex": "/^(?!bridge$)/",
            "allValue": ".*",
        }

    def extra_variables(self) -> Iterable[Json]:
        """None: the names have the same beginning everywhere."""
        return ()

    def marks(self, marks: Marks, scope: Scope) -> Json:
        """Every moment with a value is a mark."""
        return {
            "target": {
                "refId": "Marks",
                "expr": self.expression(marks.query, scope),
                "interval": MARKED,
            },
            "titleFormat": marks.title,
            "textFormat": legend(marks.query, "{{", "}}"),
            "tagKeys": ",".join(marks.query.by),
        }


def _by(asked: Asked, *more: str) -> str:
    labels = (*asked.by, *more)
    return f" by ({', '.join(labels)})" if labels else ""


def _rate(metric: Metric, asked: Asked, scope: Scope, window: str) -> str:
    return f"rate({_select(metric, asked.where, scope)}[{window}])"


def _select(metric: Metric, where: Labels, scope: Scope) -> str:
    name, labels = naming.exposed(metric, where)
    return _chosen(name, labels, scope)


def _chosen(name: str, labels: Mapping[str, str], scope: Scope) -> str:
    conditions = [
        f'{label}=~"${{{label}}}"' if naming.is_open(value) else f'{label}="{value}"'
        for label, value in labels.items()
        if label in scope or not naming.is_open(value)
    ]
    return f"{name}{{{','.join(conditions)}}}" if conditions else name
