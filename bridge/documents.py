"""Documents that come from the models and the catalogue, so that they cannot say anything else."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from bridge import alertpages
from bridge.alertpages import NOTE
from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.asterisk.catalog.res_prometheus import EQUIVALENTS
from bridge.core.histogram import Histogram
from bridge.core.metric import Metric
from bridge.dashboards.files import files as dashboards
from bridge.settings.layers import CONFIG, META
from bridge.settings.variables import ANY, NAMED, SECTIONS, VARIABLES, KeyPath, Variable

EXAMPLE = "HQ"
"""The PBX of the example."""
IN_FILES = tuple(path for path in NAMED if path != ("pbx",))
"""What is better written into a file, which the example leaves out: rules and schedules of alerts."""
COLUMNS = ("metric", "kind", "unit", "labels", "sources", "series", "meaning", "beware")
ESCAPED = r"\|"
"""A bar within a cell of a table."""

Entry = Metric | Histogram
"""A row of docs/metrics.md."""

CONFIGURATION = """\
# Configuration

Every setting is an environment variable. `__` goes one level down, and the name of a PBX is such a level:
letters, digits and single `_`, in the variable in upper case, everywhere else in lower case.

    BRIDGE_PBX__HQ__AMI__HOST=10.0.0.5
    BRIDGE_PBX__HQ__AMI__USERNAME=bridge
    BRIDGE_PBX__HQ__AMI__SECRET_FILE=/run/secrets/ami
    BRIDGE_GRAPHITE__URL=tcp://graphite:2003

`asterisk-bridge check` reports every fault at once, with the variable to change; `asterisk-bridge show` lists
what is in force and where it comes from.

## Where values come from

- **The environment** goes over everything else.
- **A TOML file**, named by `BRIDGE_CONFIG`, has the same names in lower case:
  `[pbx.hq.ami]`, `host = "10.0.0.5"`.
- **A TOML file for alerts**, named by `BRIDGE_ALERTS__FILE`, has tables `[rule.<name>]` and
  `[schedule.<name>]`, as [alerts.md](alerts.md) says. The rules that ship lie below it.
- **A file for each secret.** Any secret can be read from a file instead, named by the variable with `_FILE`
  behind it, as in `BRIDGE_MQTT__PASSWORD_FILE=/run/secrets/mqtt`; in TOML `password_file`.
- **A folder of secrets**, named by `BRIDGE_SECRETS_DIR`: its files are named like the variables, as in
  `bridge_mqtt__password`. What systemd brings with
  `LoadCredential=bridge_mqtt__password:/etc/asterisk-bridge/mqtt` is found in the same way.

## Rules

- A variable that begins with `BRIDGE_` and is not a setting is a fault: no typing error passes unseen.
- An empty variable is as if it were not set, except for texts, lists and secrets.
- A secret that is given twice is a fault. The newline at the end of its file is left out. A file that is open
  to others (wider than 0640) is warned of.
- No value holds a control character; a secret of several lines is a fault, too.
- A list reads `a,b` or JSON, and has at most 1000 items. A duration reads `500ms`, `10s`, `5m`, `1h`, `2d`,
  or plain seconds.
- A table reads `a=1,b=2,a=3` or JSON.
- SIGHUP reads the TOML files and the files of secrets again. New settings come into force if all of them are
  good; otherwise the old ones stay.
"""

METRICS = """\
# Metrics

A metric is `<group>.<what>`, in base units: seconds, bytes, ratio 0..1. Every series has the label `pbx`.

| where | layout | example |
| --- | --- | --- |
| Graphite | `<prefix>.<pbx>.<group>[.<label values>].<what>` | `asterisk.hq.queue.support.waiting` |
| with tags | `<prefix>.<group>.<what>;<label>=<value>` | `asterisk.queue.waiting;pbx=hq;queue=support` |
| MQTT | `<prefix>/<pbx>/<group>[/<label values>]` | `asterisk/hq/queue/support` `{"waiting":3}` |
| by metric | `<prefix>/<pbx>/<group>[/<label values>]/<what>` | `asterisk/hq/queue/support/waiting` `3` |
| Prometheus | `asterisk_<group>_<what>[_<unit>][_total]` | `asterisk_queue_waiting{pbx="hq",...}` |

## How to read the tables

A **gauge** says how it is now, and stops when its source is lost. A **counter** is a running total that never
goes backwards while the bridge runs. An **info** is always 1, and its labels carry the text.

A **histogram** `queue.wait_time` is the counters `queue.wait_time_count`, `queue.wait_time_sum` and, for each
bound, `queue.wait_time_le_30`: how many took 30 s or less (a bound of 0.5 is `_le_0_5`). A mean over any
period is sum by count, a share within a bound is that bound by count, and both add up over queues and PBXs.
Prometheus gets a histogram of its own: `asterisk_queue_wait_time_seconds_bucket{...,le="30"}` with `_sum` and
`_count`.

**Sources** are in the order of trust: where several can tell, the first one that answers is believed.

**Series** says how many a PBX has: a fixed number; one or a few per entity, such as a queue or a trunk; or
unbounded, as many as people or strangers make: those are off unless a setting asks for them.

The key figures in the groups `kpi` and `queue_kpi` are taken over a window that slides, 15 minutes unless
`BRIDGE_PBX__<NAME>__AMI__KPI_WINDOW` says otherwise. A ratio of what did not happen in it says nothing.

What dialplans send with `StatsD()` is not listed here: it keeps its own name, in the group `statsd`.
"""

EQUIVALENT = """\
## For those who come from res_prometheus

All that Asterisk's own module tells (Asterisk 18 and up) is here, under these names.

"""

ENVIRONMENT = f"""\
# Settings of asterisk-bridge: {NOTE}.
#
# Take away the # in front of what you need. {EXAMPLE} stands for the name of your PBX; repeat its lines for
# others. Any secret can also be given as a file: ..._FILE=/path. docs/configuration.md explains the rest.
# Rules of alerts are in config/alerts.toml.
"""

COMMON: tuple[KeyPath, ...] = (
    ("pbx", ANY, "ami", "host"),
    ("pbx", ANY, "ami", "username"),
    ("pbx", ANY, "ami", "secret"),
    ("pbx", ANY, "snmp", "host"),
    ("pbx", ANY, "snmp", "community"),
    ("pbx", ANY, "statsd", "senders"),
    ("statsd", "listen"),
    ("graphite", "url"),
    ("mqtt", "url"),
    ("mqtt", "password"),
    ("http", "listen"),
)
"""What nearly everybody sets, in the order in which one comes to it."""


def configuration() -> str:
    """docs/configuration.md."""
    parts = [CONFIGURATION, *map(_section, SECTIONS.items()), _section(((), "Everything else."))]
    return _page("\n".join(filter(None, parts)))


def _section(section: tuple[KeyPath, str]) -> str:
    path, purpose = section
    rows = [_row(each) for each in VARIABLES.values() if each.path[:-1] == path]
    if not path:
        rows += [f"| `{name}` | path | | {purpose} |" for name, purpose in META.items()]
    if not rows:
        return ""
    title = " ".join(part for part in path if part != ANY) or "general"
    head = f"## {title}\n\n{purpose}\n\n| variable | type | default | meaning |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(rows) + "\n"


def _row(variable: Variable) -> str:
    default = "**required**" if variable.default is None else _code(variable.default)
    kind = variable.form.name.replace("|", "\\|")
    return f"| `{variable.name}` | {kind} | {default} | {variable.help} |"


def metrics() -> str:
    """docs/metrics.md."""
    groups: dict[str, list[Entry]] = {}
    for entry in _entries():
        groups.setdefault(entry.name.partition(".")[0], []).append(entry)
    return _page("\n".join([METRICS, *(_group(*group) for group in groups.items()), _equivalents()]))


def _entries() -> Iterator[Entry]:
    """The catalogue, each histogram in place of its counters."""
    counters = {metric.name: histogram for histogram in HISTOGRAMS for metric in histogram.metrics}
    return iter(dict.fromkeys(counters.get(name, metric) for name, metric in CATALOG.items()))


def _group(name: str, members: Iterable[Entry]) -> str:
    return f"## {name}\n\n" + _table(COLUMNS, map(_entry, members))


def _entry(entry: Entry) -> tuple[str, ...]:
    kind, bounds = "histogram", ""
    if isinstance(entry, Histogram):
        bounds = f"; bounds {', '.join(f'{bound:g}' for bound in entry.bounds)}"
    else:
        kind = entry.kind
    return (
        f"`{entry.name}`",
        kind,
        entry.unit,
        ", ".join(entry.labels),
        ", ".join(entry.sources) or "the bridge",
        str(entry.cardinality),
        entry.help + bounds,
        entry.caveat,
    )


def _equivalents() -> str:
    rows = ((f"`{each.theirs}`", f"`{each.ours}`", each.remark) for each in EQUIVALENTS)
    return EQUIVALENT + _table(("res_prometheus", "here", "difference"), rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = tuple(head)
    lines = [titles, ("---",) * len(titles), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', ESCAPED) for cell in line)} |\n" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _page(text: str) -> str:
    return f"<!-- {NOTE}; do not edit -->\n\n{text}"


def example() -> str:
    """config/bridge.env.example."""
    rest = [
        variable
        for path, variable in VARIABLES.items()
        if path not in COMMON and not any(path[: len(each)] == each for each in IN_FILES)
    ]
    sections = groupby(rest, key=lambda variable: variable.path[:-1])
    blocks = [
        _block("Common", (VARIABLES[path] for path in COMMON)),
        f"# --- Files\n\n{''.join(_meta(name) for name in META)}",
        *(_block(SECTIONS.get(path, "Everything else."), members) for path, members in sections),
    ]
    return ENVIRONMENT + "\n" + "\n".join(blocks)


def _block(title: str, members: Iterable[Variable]) -> str:
    return f"# --- {title}\n\n{''.join(map(_lines, members))}"


def _meta(name: str) -> str:
    value = "/etc/asterisk-bridge/bridge.toml" if name == CONFIG else "/run/secrets"
    return f"# {META[name]}.\n#{name}={value}\n\n"


def _lines(variable: Variable) -> str:
    default = "required" if variable.default is None else "default as shown" if variable.default else "unset"
    name = variable.name.replace(ANY, EXAMPLE)
    return f"# {variable.help} ({variable.form.name}; {default}).\n#{name}={variable.default or ''}\n\n"


GENERATED: dict[str, Callable[[], str]] = {
    "docs/configuration.md": configuration,
    "docs/metrics.md": metrics,
    "docs/alerts.md": alertpages.page,
    "config/bridge.env.example": example,
    "config/alerts.toml": alertpages.toml,
    **dict(dashboards(NOTE)),
}
"""Path in the repository to what makes the file."""


def stale(root: Path, generated: Mapping[str, Callable[[], str]] = GENERATED) -> dict[str, str]:
    """The files below `root` that are missing or out of date, with what they should hold."""
    wanted = {path: make() for path, make in generated.items()}
    return {path: text for path, text in wanted.items() if _held(root / path) != text}


def _held(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
