"""A board as the JSON of a dashboard that Grafana 10 and later import."""

from collections.abc import Iterator

from bridge.dashboards import drawing, looks
from bridge.dashboards.panel import Board, Look, Marks, Panel, Variable
from bridge.dashboards.writer import Json, Writer

SCHEMA = 39
"""Version of the form of dashboards, as of Grafana 10.4; later ones bring older forms up to date."""
COLUMNS = 24
TAG = "asterisk-bridge"
"""What our dashboards find each other by, together with their flavour."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def dashboard(board: Board, writer: Writer, note: str) -> Json:
    """The whole dashboard; what cannot be asked of this data source is left out.

    Args:
        board: what it shows.
        writer: of its data source.
        note: where it comes from.
    """
    return {
        "description": f"{board.purpose} ({note})",
        "uid": uid(board.slug, writer),
        "title": f"{board.title} ({writer.title})",
        "tags": [TAG, writer.flavour],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timepicker": {},
        "links": [_siblings(writer)],
        "templating": {"list": list(_variables(board, writer))},
        "annotations": {"list": [_marks(marks, board, writer) for marks in board.marks]},
        "panels": list(_panels(board, writer)),
    }


def uid(slug: str, writer: Writer) -> str:
    """What a dashboard is addressed by; Grafana allows 40 characters."""
    return f"asterisk-{slug}-{writer.flavour}"


def _siblings(writer: Writer) -> Json:
    """A link to each of the other dashboards of this flavour, which takes time and choices along."""
    return {
        "type": "dashboards",
        "title": "",
        "tags": [TAG, writer.flavour],
        "icon": "dashboard",
        "tooltip": "",
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
    }


# --- choices and marks


def _source(writer: Writer) -> Json:
    return {"type": writer.datasource, "uid": "${datasource}"}


def _variables(board: Board, writer: Writer) -> Iterator[Json]:
    yield {
        "name": "datasource",
        "label": "data source",
        "type": "datasource",
        "query": writer.datasource,
        "refresh": 1,
        "regex": "",
        "multi": False,
        "includeAll": False,
        "hide": 0,
        "skipUrlSync": False,
    }
    yield from writer.extra_variables()
    for number, variable in enumerate(board.variables):
        before = frozenset(each.label for each in board.variables[:number])
        yield _variable(variable, before & {*variable.metric.labels, "pbx"}, writer)


def _variable(variable: Variable, limits: frozenset[str], writer: Writer) -> Json:
    fields: Json = {
        "name": variable.label,
        "label": variable.label.upper() if variable.label == "pbx" else variable.label,
        "type": "query",
        "datasource": _source(writer),
        **writer.variable(variable, limits),
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
        "sort": 7,
        "multi": variable.several,
        "includeAll": variable.several,
        "hide": 0,
        "skipUrlSync": False,
    }
    unfit = set() if variable.several else {"allValue", "current"}
    return {key: value for key, value in fields.items() if key not in unfit}


def _marks(marks: Marks, board: Board, writer: Writer) -> Json:
    return {
        "name": marks.title,
        "datasource": _source(writer),
        "enable": True,
        "hide": False,
        "iconColor": marks.colour,
        **writer.marks(marks, board.scope),
    }


# --- panels


def _panels(board: Board, writer: Writer) -> Iterator[Json]:
    """Panels from left to right, and in a new line where the next one does not fit."""
    number, x, y, lowest = 0, 0, 0, 0
    for row in board.rows:
        shown = [(each, found) for each in row.panels if (found := _targets(each, board, writer))]
        if not shown:
            continue
        number, x, y = number + 1, 0, lowest
        lowest = y + 1
        yield _head(row.title, number, y)
        for panel, targets in shown:
            if x + panel.width > COLUMNS or x == 0:
                x, y = 0, lowest
            number, lowest = number + 1, max(lowest, y + panel.height)
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            x += panel.width
            yield {"id": number, "gridPos": place, **_panel(panel, writer), "targets": targets}


def _head(title: str, number: int, y: int) -> Json:
    place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
    return {"id": number, "gridPos": place, "type": "row", "title": title, "collapsed": False, "panels": []}


def _targets(panel: Panel, board: Board, writer: Writer) -> list[Json]:
    found = (writer.target(query, board.scope) for query in panel.queries)
    return [
        {"refId": letter, "datasource": _source(writer), **target}
        for letter, target in zip(LETTERS, filter(None, found), strict=False)
    ]


def _panel(panel: Panel, writer: Writer) -> Json:
    fields: Json = {
        "type": panel.look,
        "title": panel.title,
        "description": looks.explanation(panel.queries),
        "datasource": _source(writer),
        "fieldConfig": {"defaults": drawing.defaults(panel), "overrides": []},
        "options": drawing.options(panel, writer),
        "links": [_link(panel.leads_to, writer)] if panel.leads_to else [],
    }
    if panel.look is Look.TABLE:
        reducers = ["lastNotNull", "min", "mean", "max"]
        fields["transformations"] = [
            {
                "id": "reduce",
                "options": {"mode": "seriesToRows", "reducers": reducers, "labelsToFields": False},
            }
        ]
    return fields


def _link(slug: str, writer: Writer) -> Json:
    return {
        "type": "link",
        "title": "More",
        "url": f"/d/{uid(slug, writer)}?${{__url_time_range}}&${{__all_variables}}",
        "icon": "external link",
        "tags": [],
        "tooltip": "",
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": False,
    }
