"""What the command line shows: data in, tables and lines out. Nothing here prints."""

import json
from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table
from rich.text import Text

from bridge.core.sample import Sample, Series
from bridge.errors import Fault
from bridge.protocols.statsd import Parsed
from bridge.settings import Settings
from bridge.settings.variables import VARIABLES, Variable


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Plain columns without lines: as good to read as to cut."""
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*map(Text, row))
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


def outcome(peer: str, error: str, found: str = "") -> Text:
    """One line on a peer that was tried: what failed, or what was found."""
    if error:
        return Text.assemble(("failed", "bold red"), f"  {peer}: {error}")
    return Text.assemble(("ok", "green"), f"      {peer}", f": {found}" if found else "")


def samples(found: Iterable[tuple[str, Sample]]) -> Table:
    """What sources said, by the name of the source."""
    rows = [
        (sample.series.name, labels(sample.series), f"{sample.value:.12g}", source)
        for source, sample in found
    ]
    return table(("metric", "labels", "value", "source"), sorted(rows))


def samples_json(found: Iterable[tuple[str, Sample]]) -> Iterator[str]:
    """What sources said, one JSON object per line."""
    for source, (series, value, time) in found:
        yield json.dumps(
            {
                "metric": series.name,
                "labels": dict(series.labels),
                "value": value,
                "time": time,
                "source": source,
            }
        )


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
