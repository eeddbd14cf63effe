"""Short ways to say what kind of panel it is, and what all boards share."""

from typing import Any

from bridge.asterisk.catalog.system import SYSTEM_STARTS
from bridge.core.metric import Metric
from bridge.core.own import ALERTS_FIRING, SOURCE_UP
from bridge.core.sample import BRIDGE, Labels
from bridge.dashboards.panel import Look, Marks, Panel, Variable
from bridge.dashboards.query import Across, Growth, Level, Per, Query, Rises

OF_BRIDGE: Labels = (("pbx", BRIDGE),)
"""The bridge's own numbers."""
FIRING: Labels = (("state", "firing"),)

PBXS = Variable("pbx", SOURCE_UP)
ONE_PBX = Variable("pbx", SOURCE_UP, several=False)

RESTARTS = Marks("Asterisk started", Rises(SYSTEM_STARTS), "purple")
ALERTS = Marks("Alert", Rises(ALERTS_FIRING, by=("pbx", "rule")), "red")
MARKS = (RESTARTS, ALERTS)


def lines(title: str, *queries: Query, **more: Any) -> Panel:
    """Lines over time; `more` as of Panel."""
    return Panel(title, queries, **more)


def stack(title: str, *queries: Query, **more: Any) -> Panel:
    """Lines that stand upon each other."""
    return Panel(title, queries, stacked=True, **more)


def number(title: str, *queries: Query, width: int = 4, **more: Any) -> Panel:
    """Numbers in large type."""
    return Panel(title, queries, Look.NUMBER, width=width, height=more.pop("height", 5), **more)


def bars(title: str, *queries: Query, width: int = 8, **more: Any) -> Panel:
    """A bar for each line."""
    return Panel(title, queries, Look.BARS, width=width, **more)


def table(title: str, *queries: Query, **more: Any) -> Panel:
    """A row for each line, with its last value, its least, its mean and its greatest."""
    return Panel(title, queries, Look.TABLE, **more)


def level(metric: Metric, *by: str, called: str = "", where: Labels = ()) -> Level:
    """How it is; added up over what is not in `by`, which is the PBX if nothing is named."""
    return Level(metric, by=by or ("pbx",), called=called, where=where)


def most(metric: Metric, *by: str, called: str = "") -> Level:
    """The greatest of what is not in `by`."""
    return Level(metric, Across.MAX, by=by or ("pbx",), called=called)


def least(metric: Metric, *by: str, called: str = "") -> Level:
    """The smallest of what is not in `by`."""
    return Level(metric, Across.MIN, by=by or ("pbx",), called=called)


def middle(metric: Metric, *by: str, called: str = "") -> Level:
    """The mean of what is not in `by`."""
    return Level(metric, Across.MEAN, by=by or ("pbx",), called=called)


def pace(metric: Metric, *by: str, called: str = "", where: Labels = ()) -> Growth:
    """How many a minute."""
    return Growth(metric, by=by or ("pbx",), called=called, where=where)


def whole(metric: Metric, *by: str, called: str = "") -> Growth:
    """How many in the time that is shown."""
    return Growth(metric, Per.RANGE, by=by or ("pbx",), called=called)


def own(metric: Metric, *by: str, called: str = "") -> Level:
    """How a number of the bridge itself is."""
    return Level(metric, by=by, called=called, where=OF_BRIDGE)


def own_speed(metric: Metric, *by: str, called: str = "") -> Growth:
    """How many a second, of the bridge itself."""
    return Growth(metric, Per.SECOND, by=by, called=called, where=OF_BRIDGE)
