"""Graphite: one way to build a query, and two ways to name series and labels in it, by path and by tags."""

from collections.abc import Iterable
from typing import Protocol

from bridge.core.metric import Metric
from bridge.core.sample import Labels
from bridge.dashboards import naming
from bridge.dashboards.panel import Marks, Variable
from bridge.dashboards.query import Across, Asked, Growth, Level, Per, Quantile, Query, Ratio, Rises, metrics
from bridge.dashboards.writer import Json, Scope

SMOOTHED = 4
"""Points over which a pace is averaged; as many as Grafana takes for a rate of Prometheus."""
WINDOW = 30
"""Points of the window of a ratio: five minutes at a point every 10 s."""
SECONDS = {Per.SECOND: 1, Per.MINUTE: 60}
TOGETHER = {
    Across.SUM: "sumSeries",
    Across.MAX: "maxSeries",
    Across.MIN: "minSeries",
    Across.MEAN: "averageSeries",
}


class Naming(Protocol):
    """How series are chosen, and labels are spoken of.

    Attributes:
        flavour, title: as of Writer.
        value: finds the value of a label in an answer to `values`; never `bridge`, which is no PBX.
        everything: what stands for any value.
    """

    flavour: str
    title: str
    value: str
    everything: str

    def select(self, metric: Metric, where: Labels, scope: Scope) -> str:
        """The series of a metric; empty if it has none in this layout."""
        ...

    def group(self, inner: str, across: Across, asked: Asked, metric: Metric) -> str:
        """One series for each combination of values of `asked.by`, which is not empty."""
        ...

    def keys(self, asked: Asked) -> str:
        """The labels of `asked.by`, as functions are told them behind a `group`."""
        ...

    def alias(self, inner: str, asked: Asked) -> str:
        """Lines named by the values of `asked.by`."""
        ...

    def alias_ratio(self, inner: str, asked: Asked) -> str:
        """The same for what asPercent gives."""
        ...

    def values(self, variable: Variable, limits: Scope) -> str:
        """The question which values a label has."""
        ...


class Path:
    """`asterisk.hq.queue.support.waiting`: a label is the number of a component."""

    flavour = "graphite"
    title = "Graphite"
    value = r"/\.(?!bridge$)([^.]+)$/"
    everything = "*"

    def select(self, metric: Metric, where: Labels, scope: Scope) -> str:
        """A path with variables and stars."""
        return ".".join(_component(word, scope) for word in naming.path(metric, where))

    def group(self, inner: str, across: Across, asked: Asked, metric: Metric) -> str:
        """Components are counted from the end, since the prefix may have any number of them."""
        words = naming.path(metric, asked.where)
        nodes = (str(words.index(naming.MARK + label) - len(words)) for label in asked.by)
        return f"groupByNodes({inner},'{across}',{','.join(nodes)})"

    def keys(self, asked: Asked) -> str:
        """What was grouped is named by the values alone, in their order."""
        return ",".join(map(str, range(len(asked.by))))

    def alias(self, inner: str, asked: Asked) -> str:
        """By what is left of the path."""
        return f"aliasByNode({inner},{self.keys(asked)})"

    alias_ratio = alias

    def values(self, variable: Variable, limits: Scope) -> str:
        """The paths up to the label, as they are: of names alone graphite-web gives what %XX stands for."""
        words = naming.path(variable.metric, ())
        upto = words[: words.index(naming.MARK + variable.label)]
        return f"expand({'.'.join([*(_component(word, limits) for word in upto), '*'])})"


def _component(word: str, scope: Scope) -> str:
    if not naming.is_open(word):
        return word
    label = word.removeprefix(naming.MARK)
    return f"${{{label}}}" if label in scope or word == naming.PREFIX else "*"


class Tags:
    """`asterisk.queue.waiting;pbx=hq;queue=support`: a label is a tag."""

    flavour = "graphite-tags"
    title = "Graphite with tags"
    value = "/^(?!bridge$)/"
    everything = ".*"

    def select(self, metric: Metric, where: Labels, scope: Scope) -> str:
        """A search for tags."""
        conditions = (f"'{each}'" for each in _conditions(metric, where, scope))
        return f"seriesByTag({','.join(conditions)})"

    def group(self, inner: str, across: Across, asked: Asked, metric: Metric) -> str:
        """By tags, which the result keeps."""
        del metric
        return f"groupByTags({inner},'{across}',{self.keys(asked)})"

    def keys(self, asked: Asked) -> str:
        """Names of tags."""
        return ",".join(f"'{label}'" for label in asked.by)

    def alias(self, inner: str, asked: Asked) -> str:
        """By tags."""
        return f"aliasByNode({inner},{self.keys(asked)})"

    def alias_ratio(self, inner: str, asked: Asked) -> str:
        """The tags are gone, but the name is kept, in which they stand in alphabetical order."""
        order = sorted(asked.by)
        search = "".join(f";{label}=([^;,]*)" for label in order)
        named = ".".join(f"\\{order.index(label) + 1}" for label in asked.by)
        return f"aliasSub({inner},'^[^;]*{search}.*$','{named}')"

    def values(self, variable: Variable, limits: Scope) -> str:
        """The values of a tag."""
        return f"tag_values({', '.join((variable.label, *_conditions(variable.metric, (), limits)))})"


def _conditions(metric: Metric, where: Labels, scope: Scope) -> Iterable[str]:
    name, tags = naming.tagged(metric, where)
    yield "name=" + name.replace(naming.PREFIX, "${prefix}")
    for label, value in tags.items():
        if not naming.is_open(value):
            yield f"{label}={value}"
        elif label in scope:
            yield f"{label}=~^${{{label}:regex}}$"


class Graphite:
    """A writer for Graphite, in one of its layouts."""

    datasource = "graphite"
    total = "sum"

    def __init__(self, named: Naming) -> None:
        self._named = named
        self.flavour = named.flavour
        self.title = named.title

    def expression(self, query: Query, scope: Scope) -> str:
        """What is done to the series, from the inside outwards; quantiles need Prometheus."""
        series = {metric: self._named.select(metric, query.where, scope) for metric in metrics(query)}
        match query:
            case _ if not all(series.values()):
                return ""
            case Level(metric=metric, across=across):
                return self._alias(self._join(series[metric], across, query, metric), query)
            case Growth(metric=metric, per=per):
                return self._alias(_paced(self._grown(metric, query, scope), per), query)
            case Rises(metric=metric):
                return self._alias(f"removeBelowValue({self._grown(metric, query, scope)},1)", query)
            case Ratio():
                return self._alias(self._ratio(query, scope), query)
            case Quantile():
                return ""

    def _grown(self, metric: Metric, asked: Asked, scope: Scope) -> str:
        """Growth from point to point; a point without a value takes the last one before it."""
        series = self._named.select(metric, asked.where, scope)
        return self._join(f"nonNegativeDerivative(keepLastValue({series}))", Across.SUM, asked, metric)

    def _join(self, inner: str, across: Across, asked: Asked, metric: Metric) -> str:
        if asked.by:
            return self._named.group(inner, across, asked, metric)
        return f"{TOGETHER[across]}({inner})"

    def _ratio(self, ratio: Ratio, scope: Scope) -> str:
        """By asPercent, which finds for each series the one of the same labels to divide it by."""
        both = (self._grown(metric, ratio, scope) for metric in (ratio.over, ratio.under))
        words = [*(f"movingSum({each},{WINDOW})" for each in both), self._named.keys(ratio)]
        return f"scale(asPercent({','.join(filter(None, words))}),0.01)"

    def _alias(self, inner: str, query: Query) -> str:
        if not query.by:
            return f"alias({inner},'{query.called}')"
        alias = self._named.alias_ratio if isinstance(query, Ratio) else self._named.alias
        named = alias(inner, query)
        return f"aliasSub({named},'$',' {query.called}')" if query.called else named

    def target(self, query: Query, scope: Scope) -> Json:
        """A query as text, which the editor of Grafana shows as such."""
        text = self.expression(query, scope)
        return {"target": text, "textEditor": True} if text else {}

    def variable(self, variable: Variable, limits: Scope) -> Json:
        """A question for values."""
        question = self._named.values(variable, limits)
        return {
            "query": question,
            "regex": self._named.value,
            "allValue": self._named.everything,
        }

    def extra_variables(self) -> Iterable[Json]:
        """The setting `graphite.prefix`."""
        value = {"text": "asterisk", "value": "asterisk", "selected": True}
        yield {
            "name": "prefix",
            "label": "prefix",
            "description": "BRIDGE_GRAPHITE__PREFIX",
            "type": "textbox",
            "query": "asterisk",
            "current": value,
            "options": [value],
            "hide": 0,
            "skipUrlSync": False,
        }

    def marks(self, marks: Marks, scope: Scope) -> Json:
        """Every point above 0 is a mark, named like its series."""
        text = self.expression(marks.query, scope)
        return {"target": {"refId": "Marks", "target": text, "textEditor": True, "fromAnnotations": True}}


def _paced(grown: str, per: Per) -> str:
    """Growth from point to point as a pace; or such that a reduction may add it up, however it is thinned."""
    if per is Per.RANGE:
        return f"consolidateBy({grown},'sum')"
    return f"movingAverage(scaleToSeconds({grown},{SECONDS[per]}),{SMOOTHED})"
