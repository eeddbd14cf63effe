"""How the bridge itself is, as HTML: sources, sinks, refused lines, settings, and the search."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bridge.core.sample import BRIDGE, Sample
from bridge.core.working import Working
from bridge.page.markup import Html, element, join
from bridge.page.model import Model, Sink
from bridge.page.search import LONGEST, MOST
from bridge.page.tables import mark, past, table
from bridge.page.words import amount, called, figure, measured, rough, short, size

EVERY = "all"
"""How the PBX of a source is called that serves all of them."""
_RULES = ("alerts", "rule")


def headline(model: Model) -> Html:
    """How all of it is, in a sentence or two."""
    verdict = model.verdict
    details = element("p", " · ".join(short(each) for each in verdict.details[:8])) if verdict.details else ""
    return element(
        "div", element("p", verdict.headline, class_="headline"), details, id="verdict", class_=verdict.level
    )


# --- sources


def sources(model: Model) -> Html:
    """Where samples come from."""
    rows = [_source(part, model.facts.now) for part in model.sources]
    columns = ("Source", "PBX", "State", "Last heard", "Last error")
    return element(
        "div", table("Sources", columns, rows) if rows else _nothing("No source is set."), id="sources-now"
    )


def _source(part: Working, now: float) -> list[str]:
    return [
        called(part.name),
        EVERY if part.pbx == BRIDGE else short(part.pbx),
        _state(part, now),
        past(part.heard, now),
        _fault(part, now),
    ]


def _state(part: Working, now: float) -> Html:
    return join(mark(*(("ok", "up") if part.up else ("bad", "down"))), f" for {rough(now - part.since)}")


def _fault(part: Working, now: float) -> Html:
    if not part.fault:
        return join("none")
    when = join(", ", past(part.faulted, now)) if part.faulted is not None else ""
    return join(short(part.fault, 300), when)


# --- sinks


def sinks(model: Model) -> Html:
    """Where they go, and the books."""
    rows = [_sink(sink, model.facts.now) for sink in model.sinks]
    columns = ("Sink", "State", "#Accepted", "#Delivered", "#Dropped", "#Waiting", "Last error")
    note = element("p", "Accepted = delivered + dropped + waiting, at every moment.", class_="note")
    return element(
        "div", table("Sinks", columns, rows) if rows else _nothing("No sink is set."), note, id="sinks-now"
    )


def _sink(sink: Sink, now: float) -> list[str]:
    waiting = figure(sink.buffered)
    if sink.on_disk:
        waiting += f" ({size(sink.on_disk)} on disk)"
    fault = _fault(sink.part, now)
    return [
        called(sink.part.name),
        _state(sink.part, now),
        figure(sink.accepted),
        figure(sink.delivered),
        _dropped(sink),
        waiting,
        join(fault, f"; its spool: {short(sink.spool, 300)}") if sink.spool else fault,
    ]


def _dropped(sink: Sink) -> Html:
    lost = {reason: amount for reason, amount in sink.dropped if amount}
    if not lost:
        return join(figure(sink.accepted and 0.0))
    reasons = ", ".join(
        f"{figure(amount)} {short(reason.replace('_', ' '))}" for reason, amount in lost.items()
    )
    return join(element("strong", figure(sum(lost.values())), class_="warn"), element("small", reasons))


# --- refused lines


def rejected(model: Model) -> Html:
    """The newest lines of StatsD that were refused, the newest first."""
    rows = [
        [
            element("code", short(each.text(), 400) or "(empty)"),
            short(each.reason.replace("_", " ")),
            short(each.sender),
            short(each.listener),
            past(each.time, model.facts.now),
        ]
        for each in reversed(model.facts.rejected)
    ]
    columns = ("Line", "Reason", "Sender", "Listener", "When")
    shown = table("Refused lines of StatsD, the newest first", columns, rows)
    hidden = any(not each.shown for each in model.facts.rejected)
    note = (
        "Letters are shown as a, digits as 9; BRIDGE_PRIVACY__STATSD_LINE=show shows the lines as they came."
    )
    return element(
        "div",
        shown if rows else _nothing("No line was refused."),
        element("p", note, class_="note") if hidden else "",
        id="rejected-now",
    )


# --- search


def search_form(model: Model) -> Html:
    """The field, and the button."""
    query = element("input", type="search", name="q", id="q", value=model.found.query, maxlength=LONGEST)
    words = element("label", "Words in the name or the labels", for_="q")
    form = element("form", words, query, element("button", "Search"), method="get", action="/#search")
    return element("search", form)


def found(model: Model) -> Html:
    """What the search has found."""
    seen, inner = model.found, join()
    if seen.query.strip():
        rows = [_series(sample, model) for sample in seen.samples]
        told = f"{amount(seen.amount, 'series', 'series')} found" + (
            f"; the first {MOST} are shown" if seen.amount > MOST else ""
        )
        columns = ("Metric", "Labels", "#Value", "Heard")
        shown = table("Series found", columns, rows) if rows else ""
        inner = join(element("p", told, class_="note"), shown)
    return element("div", inner, id="found")


def _series(sample: Sample, model: Model) -> list[str]:
    series, value, time = sample
    metric = model.facts.metrics.get(series.name)
    labels = ", ".join(f"{name}={value}" for name, value in series.labels)
    return [
        element("span", short(series.name), title=metric.help if metric else ""),
        short(labels),
        measured(value, metric.unit if metric else ""),
        past(time, model.facts.now),
    ]


# --- settings


def settings(model: Model) -> Html:
    """Every setting in force under the name of its variable; rules of alerts have a row each."""
    rows = [
        [element("code", short(name)), element("code", short(value, 400))]
        for name, value in _set(model.facts.settings)
    ]
    rules = [
        [element("code", short(name)), element("code", short(_brief(rule), 400))]
        for name, rule in sorted(_below(model.facts.settings, _RULES).items())
    ]
    return join(
        _folded(
            f"{amount(len(rows), 'setting')} in force",
            table("Settings in force", ("Variable", "Value"), rows),
        ),
        _folded(
            f"{amount(len(rules), 'rule')} of alerts",
            table("Rules of alerts", ("Rule", "What it says"), rules),
        ),
    )


def _folded(summary: str, inner: str) -> Html:
    return element("details", element("summary", summary), inner)


def _set(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        here = (*path, name)
        if here == _RULES:
            continue
        if isinstance(value, Mapping) and value:
            yield from _set(value, here)
        elif value not in (None, {}, [], ""):
            yield "BRIDGE_" + "__".join(here).upper(), _said(value)


def _said(value: object) -> str:
    if isinstance(value, list | tuple) and not any(isinstance(each, dict | list) for each in value):
        return ",".join(map(_said, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _brief(rule: object) -> str:
    """A rule without what it does not say."""
    said = rule.items() if isinstance(rule, Mapping) else ()
    return ", ".join(
        f"{name} {_said(value)}" for name, value in said if value not in (None, {}, [], "", False)
    )


def _below(values: Mapping[str, Any], path: Iterable[str]) -> Mapping[str, Any]:
    for part in path:
        values = values.get(part) or {}
    return values


def _nothing(text: str) -> Html:
    return element("p", text, class_="note")
