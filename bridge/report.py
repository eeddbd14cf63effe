"""What the command line shows: data in, tables and lines out. Nothing here prints."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from bridge.core.printable import printable
from bridge.core.sample import Sample, Series
from bridge.core.state import mapping, sequence
from bridge.errors import Fault
from bridge.protocols.statsd import Parsed
from bridge.settings import Settings
from bridge.settings.variables import VARIABLES, Variable

Json = Mapping[str, Any]
"""An object that JSON can hold."""


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """Plain columns without lines: as good to read as to cut."""
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*(Text(each) if isinstance(each, str) else each for each in row))
    return shown


def faults(found: Iterable[Fault]) -> Iterator[Text]:
    """One line per fault."""
    for fault in found:
        yield Text.assemble((fault.where, "bold red"), str(fault).removeprefix(fault.where))


def summary(settings: Settings) -> str:
    """What the bridge would read and where it would write, in one line."""
    pbxs = [f"{name} ({', '.join(sorted(pbx.model_fields_set))})" for name, pbx in settings.pbx.items()]
    sinks = [name for name in ("graphite", "mqtt", "statsd_out") if getattr(settings, name).url]
    return (
        f"settings are good: PBXs {', '.join(pbxs) or 'none'}; "
        f"StatsD {','.join(settings.statsd.listen) if settings.statsd.enabled else 'off'}; "
        f"sinks {', '.join(sinks) or 'none'}; HTTP {settings.http.listen}"
    )


def effective(rows: Iterable[tuple[Variable, str, str]]) -> Table:
    """Settings in force, and where each comes from."""
    return table(
        ("variable", "value", "from"),
        [
            (variable.name, value, "environment" if origin == variable.name else origin)
            for variable, value, origin in rows
        ],
    )


def variables() -> Table:
    """Every variable there is."""
    return table(
        ("variable", "type", "default", "help"),
        [
            (each.name, each.form.name, "required" if each.default is None else each.default, each.help)
            for each in VARIABLES.values()
        ],
    )


def effective_json(rows: Iterable[tuple[Variable, str, str]]) -> Iterator[Json]:
    """The same, one object each."""
    for variable, value, origin in rows:
        yield {"variable": variable.name, "value": value, "from": origin}


def variables_json() -> Iterator[Json]:
    """The same, one object each."""
    for each in VARIABLES.values():
        kind, default = each.form.name, each.default
        yield {"variable": each.name, "type": kind, "default": default, "help": each.help}


def access_json(rules: str) -> Iterator[Json]:
    """An access list for mosquitto, one object for each of its rules."""
    user = None
    for kind, _, rest in (line.partition(" ") for line in rules.splitlines()):
        if kind == "user":
            user = rest
        else:
            access, _, topic = rest.partition(" ")
            yield {"user": user, "access": access, "topic": topic}


def check_json(faults: Iterable[Fault], warnings: Sequence[str], peers: Sequence[Json]) -> Json:
    """What came of a check, as one object."""
    found = [asdict(fault) for fault in faults]
    return {
        "ok": not found and all(peer["ok"] for peer in peers),
        "faults": found,
        "warnings": [*warnings],
        "peers": [*peers],
    }


def peer_json(peer: str, error: str, samples: int, seconds: float, how: str = "") -> Json:
    """How it went with a peer, and by which way where there are several."""
    found = {"peer": peer, "ok": not error, "error": error, "samples": samples, "seconds": round(seconds, 3)}
    return {**found, "how": how}


def outcome(peer: str, error: str, found: str = "") -> Text:
    """One line on a peer that was tried: what failed, or what was found."""
    if error:
        return Text.assemble(("failed", "bold red"), f"  {peer}: {error}")
    return Text.assemble(("ok", "green"), f"      {peer}", f": {found}" if found else "")


def peer(outcome_: Json, *, timed: bool) -> Text:
    """The same of what `peer_json` says, if wanted with the time that it took."""
    samples, how = outcome_["samples"], outcome_["how"]
    found = ", ".join(each for each in (f"{samples} samples" if samples else "", how) if each)
    line = outcome(outcome_["peer"], outcome_["error"], found)
    return line.append(f" ({outcome_['seconds']:.1f} s)", "dim") if timed else line


def trials(rows: Iterable[tuple[str, str | None, float]]) -> Table:
    """Peers that are being tried, if there is no error yet, and those that were; with the seconds."""
    shown = Table.grid(padding=(0, 2))
    for peer, error, seconds in rows:
        state = (
            Text("trying") if error is None else Text("failed", "bold red") if error else Text("ok", "green")
        )
        shown.add_row(state, peer, f"{seconds:.1f} s")
    return shown


def samples(found: Iterable[tuple[str, Sample]]) -> Table:
    """What sources said, by the name of the source."""
    rows = [
        (sample.series.name, labels(sample.series), f"{sample.value:.12g}", source)
        for source, sample in found
    ]
    return table(("metric", "labels", "value", "source"), sorted(rows))


def samples_json(found: Iterable[tuple[str, Sample]]) -> Iterator[Json]:
    """The same, one object each."""
    for source, (series, value, time) in found:
        labels = dict(series.labels)
        yield {"metric": series.name, "labels": labels, "value": value, "time": time, "source": source}


def labels(series: Series) -> str:
    """The labels but the PBX, as `key=value,key=value`."""
    return ",".join(f"{key}={value}" for key, value in series.labels if key != "pbx")


def datagram(sender: str, parsed: Parsed) -> Iterator[str]:
    """One line per value of a datagram, and per line that is refused; safe for a terminal."""
    for each in parsed.measurements:
        tags = labels(each.series)
        rate = f" @{each.rate:g}" if each.rate != 1 else ""
        value = ascii(each.value) if isinstance(each.value, str) else f"{each.value:g}"
        name = ascii(each.series.name)[1:-1] + (f"{{{ascii(tags)[1:-1]}}}" if tags else "")
        yield f"{sender}  {each.kind}  {name}  {value}{rate}"
    for bad in parsed.bad:
        yield f"{sender}  refused ({bad.reason})  {ascii(bad.line)[2:-1]}"
    if parsed.notices:
        yield f"{sender}  {parsed.notices} event or service check, not a metric"


def datagram_json(sender: str, parsed: Parsed) -> Iterator[Json]:
    """The same, one object each; bytes that are no ASCII are spelled out."""
    for each in parsed.measurements:
        yield {
            "sender": sender,
            "kind": str(each.kind),
            "name": each.series.name,
            "labels": dict(each.series.labels),
            "value": each.value,
            "rate": each.rate,
        }
    for bad in parsed.bad:
        yield {"sender": sender, "refused": str(bad.reason), "line": ascii(bad.line)[2:-1]}


STYLES = {"critical": "bold red", "warning": "yellow"}
"""How a severity looks on a terminal while its alert fires."""
MARKS = ("acknowledged", "inhibited", "flapping")
"""What is said of an alert besides its state."""


def alerts(data: Mapping[str, Any]) -> Iterator[Table | str]:
    """The alerts and silences that a bridge lists, in tables; safe for a terminal."""
    found = [mapping(each) for each in sequence(data.get("alerts"))]
    if found:
        yield table(("alert", "severity", "since", "of", "id", "summary"), map(_alert, found))
    else:
        yield "no alerts"
    if more := data.get("more"):
        yield f"and {more} more"
    if silences := [mapping(each) for each in sequence(data.get("silences"))]:
        yield ""
        yield table(("silence", "until", "of", "comment"), map(_silence, silences))


def _alert(alert: Mapping[str, Any]) -> Sequence[str | Text]:
    severity = _cell(alert.get("severity"))
    style = STYLES.get(severity, "") if alert.get("state") == "firing" else ""
    marks = [mark for mark in MARKS if alert.get(mark)]
    if alert.get("silenced_until"):
        marks.append(f"silenced until {_time(alert['silenced_until'])}")
    return (
        ", ".join([_cell(alert.get("state")), *marks]),
        Text(severity, style=style),
        _time(alert.get("since")),
        " ".join([_cell(alert.get("rule")), *_pairs(alert.get("labels"))]),
        _cell(alert.get("id")),
        _cell(alert.get("summary")),
    )


def _silence(silence: Mapping[str, Any]) -> Sequence[str]:
    matcher = mapping(silence.get("matcher"))
    id_ = [f"id={_cell(matcher['id'])}"] if matcher.get("id") else []
    return (
        _cell(silence.get("id")),
        _time(silence.get("until")),
        " ".join([_cell(matcher.get("rule")), *_pairs(matcher.get("labels")), *id_]),
        _cell(silence.get("comment")),
    )


def _pairs(labels: Any) -> Iterator[str]:
    for name, value in mapping(labels).items():
        values = value if isinstance(value, list) else [value]
        yield f"{_cell(name)}={','.join(map(_cell, values))}"


def _cell(value: Any) -> str:
    return printable(value) if isinstance(value, str) else ""


def _time(seconds: Any) -> str:
    """A moment as the clock on the wall shows it here."""
    try:
        return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def alerts_json(data: Mapping[str, Any]) -> Iterator[Json]:
    """The same, one object each: an alert as it is, then each silence under that word."""
    yield from map(mapping, sequence(data.get("alerts")))
    yield from ({"silence": each} for each in sequence(data.get("silences")))
    if more := data.get("more"):
        yield {"more": more}


def done(verb: str, data: Mapping[str, Any]) -> str:
    """What came of asking a bridge to do something, in one line."""
    if verb == "ack":
        ids = [_cell(each) for each in sequence(data.get("alerts"))]
        return f"acknowledged {data.get('acknowledged')}" + (
            f": {' '.join(ids)}" if ids else ": all were before"
        )
    if verb == "silence":
        until = _time(data.get("until"))
        return f"silence {_cell(data.get('id'))} until {until}, of {data.get('alerts')} alerts now"
    return f"silence {_cell(data.get('id'))} has ended, of {data.get('alerts')} alerts now"
