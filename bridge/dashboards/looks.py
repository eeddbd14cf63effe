"""How the numbers of a metric look in Grafana: unit, thresholds, words for states, and an explanation."""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.asterisk.alerts import SHIPPED
from bridge.core.metric import Metric, MetricKind
from bridge.dashboards.query import Growth, Level, Per, Quantile, Query, Ratio
from bridge.dashboards.writer import Json

UNITS = {"seconds": "s", "bytes": "bytes", "ratio": "percentunit", "": "short"}
"""Grafana's names of the catalogue's units."""
PACES = {
    (Per.MINUTE, ""): "cpm",
    (Per.SECOND, ""): "cps",
    (Per.SECOND, "bytes"): "Bps",
    (Per.SECOND, "seconds"): "percentunit",
}
"""Seconds in each second are a share of the time."""
COLOURS = {"critical": "red", "warning": "orange", "info": "yellow"}
"""Of severities."""
FINE = "green"
PLAIN = "blue"

STATES: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "up": {0: ("down", "red"), 1: ("up", FINE)},
    "reachable": {0: ("away", "red"), 1: ("there", FINE)},
    "connected": {0: ("no", "red"), 1: ("yes", FINE)},
    "alarm": {0: ("fine", FINE), 1: ("alarm", "red")},
    "state": {0: ("unknown", "yellow"), 1: ("offline", "red"), 2: ("online", FINE)},
}
"""By the second word of metrics that have no amount: the words and colours of their values."""


def unit(query: Query) -> str:
    """Grafana's name of the unit in which a query answers."""
    match query:
        case Growth(metric=metric, per=per):
            return UNITS[metric.unit] if per is Per.RANGE else PACES[per, metric.unit]
        case Quantile(histogram=histogram):
            return UNITS[histogram.unit]
        case Ratio(over=over, under=under):
            return UNITS[over.unit] if over.unit != under.unit else UNITS["ratio"]
        case _:
            return UNITS[query.metric.unit]


def words(metric: Metric) -> Mapping[int, tuple[str, str]]:
    """What values of the metric are called, and their colours; empty for an amount."""
    _, what = metric.name.split(".")
    return STATES.get(what, {}) if metric.kind is MetricKind.GAUGE and not metric.unit else {}


def mappings(metric: Metric) -> list[Json]:
    """The same, as Grafana has it."""
    options = {str(value): {"text": word, "color": colour} for value, (word, colour) in words(metric).items()}
    return [{"type": "value", "options": options}] if options else []


def steps(query: Query) -> list[Json]:
    """From which value on which colour: where the rules that ship say that it is bad."""
    rules = _rules(query.metric) if isinstance(query, Level) and not words(query.metric) else []
    base, bounds = FINE if rules else PLAIN, dict[float, str]()
    for fields in rules:
        colour = COLOURS[fields["severity"]]
        if "above" in fields:
            bounds[fields["above"]] = colour
        else:  # a rule for 0 of an amount says that 1 is enough
            base, bounds[fields.get("below", 1)] = colour, FINE
    return [{"value": bound, "color": colour} for bound, colour in [(None, base), *sorted(bounds.items())]]


def _rules(metric: Metric) -> list[Mapping[str, Any]]:
    """What is written of the rules that watch the value of the metric alone."""
    return [
        rule.fields
        for rule in SHIPPED.values()
        if rule.fields["metric"] == metric.name
        and not {"measure", "divided_by", "labels", "absent"} & rule.fields.keys()
    ]


def explanation(queries: tuple[Query, ...]) -> str:
    """What the catalogue says of the metrics of a panel, in Markdown."""
    return "\n\n".join(dict.fromkeys(line for query in queries for line in _lines(query)))


def _lines(query: Query) -> Iterator[str]:
    match query:
        case Quantile(histogram=entry):
            yield _line(entry.name, entry.help, entry.caveat)
        case Ratio(over=over, under=under):
            for each in (over, under):
                yield _line(each.name, each.help, each.caveat)
        case _:
            yield _line(query.metric.name, query.metric.help, query.metric.caveat)


def _line(name: str, text: str, caveat: str) -> str:
    return ". ".join(filter(None, [f"`{name}`: {text}", caveat])) + "."
