"""What Grafana makes of a dashboard: choices get values, and queries are sent to a data source."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

GRAFANA = Path(__file__).parents[2] / "config" / "grafana"
MENTION = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")
SPECIAL = re.compile(r"[.*+?^${}()|[\]\\]")
FIXED = {"__rate_interval": "10s", "__range": "15m"}
"""What Grafana sets by itself."""
ESCAPES = {"regex": "\\", "prometheus": "\\\\"}
"""What stands in front of a character that means something to a regular expression, by form: between the
quotes of PromQL a backslash is two."""

Dashboard = Mapping[str, Any]
Choices = Mapping[str, Sequence[str] | str]
"""The value of each variable, or several; the `allValue` where everything was chosen."""


class Asked(NamedTuple):
    """One query, and where it stands."""

    place: str
    text: str
    instant: bool


def dashboards(flavour: str) -> dict[str, Dashboard]:
    """The committed dashboards of one data source, by file name."""
    found = sorted((GRAFANA / "dashboards" / flavour).glob("*.json"))
    return {path.stem: json.loads(path.read_text()) for path in found}


def variables(dashboard: Dashboard) -> dict[str, Mapping[str, Any]]:
    """Its template variables by name."""
    return {each["name"]: each for each in dashboard["templating"]["list"]}


def asked(dashboard: Dashboard) -> Iterator[Asked]:
    """Every query of every panel."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            place = f"{dashboard['title']}: {panel['title']}, {target['refId']}"
            yield Asked(place, target.get("target") or target["expr"], target.get("instant", False))


def marked(dashboard: Dashboard) -> Iterator[Asked]:
    """Every query of every annotation."""
    for marks in dashboard["annotations"]["list"]:
        target = marks["target"]
        text = target.get("target") or target["expr"]
        yield Asked(f"{dashboard['title']}: {marks['name']}", text, instant=False)


def filled(text: str, choices: Choices, several: str) -> str:
    """A text with its variables replaced; `several` is how the data source writes more than one value."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[3]
        chosen = FIXED[name] if name in FIXED else choices[name]
        return chosen if isinstance(chosen, str) else _written(chosen, match[2] or several)

    return MENTION.sub(value, text)


def _written(values: Sequence[str], form: str) -> str:
    if form == "glob":
        return values[0] if len(values) == 1 else f"{{{','.join(values)}}}"
    escaped = [SPECIAL.sub(lambda match: ESCAPES[form] + match[0], value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
