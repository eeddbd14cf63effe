"""How Grafana draws a panel: the options of each kind of panel, and of its lines."""

from bridge.dashboards import looks
from bridge.dashboards.panel import Look, Panel
from bridge.dashboards.query import Growth, Level, Per
from bridge.dashboards.writer import Json, Writer

BARS: Json = {
    "displayMode": "basic",
    "valueMode": "color",
    "namePlacement": "left",
    "showUnfilled": True,
    "sizing": "auto",
    "minVizWidth": 8,
    "minVizHeight": 16,
    "maxVizHeight": 40,
    "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []},
}
NUMBER: Json = {
    "colorMode": "value",
    "graphMode": "area",
    "justifyMode": "auto",
    "textMode": "auto",
    "wideLayout": True,
    "showPercentChange": False,
    "percentChangeColorMode": "standard",
}


def defaults(panel: Panel) -> Json:
    """How values look, by what the first query asks for."""
    first = panel.queries[0]
    steps = looks.steps(first)
    mappings = looks.mappings(first.metric) if isinstance(first, Level) else []
    by_value = panel.look in {Look.NUMBER, Look.BARS} or bool(mappings)
    return {
        "unit": panel.unit or looks.unit(first),
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": mappings,
        "color": {"mode": "thresholds" if by_value else "palette-classic"},
        **({"custom": _lines(panel, bounded=len(steps) > 1)} if panel.look is Look.LINES else {}),
    }


def _lines(panel: Panel, *, bounded: bool) -> Json:
    """Lines, joined over moments without a value, with the thresholds if there are any."""
    return {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 30 if panel.stacked else 8,
        "showPoints": "auto",
        "pointSize": 4,
        "spanNulls": True,
        "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if bounded else "off"},
    }


def options(panel: Panel, writer: Writer) -> Json:
    """What the kind of panel lets one choose."""
    match panel.look:
        case Look.LINES:
            return {
                "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }
        case Look.TABLE:
            return {"showHeader": True, "cellHeight": "sm", "frameIndex": 0}
        case Look.BARS:
            return {"reduceOptions": _reduction(panel, writer), "orientation": "horizontal", **BARS}
        case Look.NUMBER:
            return {"reduceOptions": _reduction(panel, writer), "orientation": "auto", **NUMBER}


def _reduction(panel: Panel, writer: Writer) -> Json:
    """The last value; but of what is counted over the whole time, all of it."""
    whole = any(isinstance(query, Growth) and query.per is Per.RANGE for query in panel.queries)
    return {"calcs": [writer.total if whole else "lastNotNull"], "fields": "", "values": False}
