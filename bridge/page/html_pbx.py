"""One PBX as HTML: its state, its numbers with the last hour, and its queues and trunks."""

from functools import lru_cache
from zlib import crc32

from bridge.page.markup import Html, element, join
from bridge.page.pbx import Figure, Pbx, Queue, Trunk
from bridge.page.plot import HEIGHT, WIDTH, Plot
from bridge.page.tables import mark, table
from bridge.page.words import UNKNOWN, called, figure, lasting, rough, short

REMEMBERED = 200
"""PBXs whose HTML is remembered, some 30 kB each."""
PLAIN = 40
"""Characters of a name that is an id as it is."""


def pbx_id(name: str) -> str:
    """The id of a PBX in the page: whatever its name is, it may stand in a link."""
    if name.isascii() and name.isalnum() and len(name) <= PLAIN:
        return f"pbx-{name}"
    return f"pbx-{crc32(name.encode('utf-8', 'replace')):08x}"


@lru_cache(REMEMBERED)
def pbx(shown: Pbx) -> Html:
    """A PBX; most have not changed since a second ago."""
    here = pbx_id(shown.name)
    head = element(
        "header",
        element("h3", short(shown.name), id=f"{here}-name"),
        mark(shown.level, shown.state),
        element("p", *_about(shown), class_="about") if shown.version or shown.uptime else "",
    )
    faults = [
        element("p", f"{called(name)}: {short(why, 300)}", class_="fault") for name, why in shown.faults
    ]
    told = any(each.value is not None or each.plot.line for each in shown.figures)
    figures = element("dl", *map(_figure, shown.figures), class_="figures") if told else ""
    tables = element("div", _queues(shown), _trunks(shown), class_="pair")
    return element(
        "article",
        head,
        *faults,
        figures,
        tables,
        id=here,
        class_=f"card {shown.level}",
        aria_labelledby=f"{here}-name",
    )


def _about(shown: Pbx) -> list[str]:
    version = [f"Asterisk {short(shown.version, 40)}"] if shown.version else []
    uptime = [f"up for {rough(shown.uptime)}"] if shown.uptime is not None else []
    return [" · ".join(version + uptime)]


def _figure(shown: Figure) -> Html:
    highest = shown.plot.highest
    most = f"highest {figure(highest)}" if highest is not None else "no plot yet"
    return element(
        "div",
        element("dt", shown.name),
        element("dd", figure(shown.value), class_="number"),
        element("dd", drawing(shown.plot), class_="course"),
        element("dd", most, class_="most"),
    )


def drawing(plot: Plot) -> Html:
    """A plot; what it shows is said in words beside it, so it is nothing to those who cannot see it."""
    paths = (
        [element("path", class_="area", d=plot.area), element("path", class_="line", d=plot.line)]
        if plot.line
        else []
    )
    return element(
        "svg",
        *paths,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        aria_hidden="true",
        focusable="false",
    )


def _queues(shown: Pbx) -> Html:
    if not shown.queues:
        return join()
    rows = [_queue(each) for each in shown.queues]
    columns = ("Queue", "#Waiting", "#Members free", "#Longest wait", "Waiting over time")
    return table(f"Queues of {short(shown.name)}", columns, rows, more=shown.more_queues)


def _queue(shown: Queue) -> list[str]:
    free = UNKNOWN if shown.members is None else f"{figure(shown.available)} of {figure(shown.members)}"
    return [
        short(shown.name),
        element("strong", figure(shown.waiting)) if shown.waiting else figure(shown.waiting),
        free,
        UNKNOWN if shown.longest is None else lasting(shown.longest),
        drawing(shown.plot),
    ]


def _trunks(shown: Pbx) -> Html:
    if not shown.trunks:
        return join()
    rows = [_trunk(each) for each in shown.trunks]
    columns = ("Trunk", "State", "#Channels", "Channels over time")
    return table(f"Trunks of {short(shown.name)}", columns, rows, more=shown.more_trunks)


def _trunk(shown: Trunk) -> list[str]:
    state = (
        mark("", "unknown") if shown.up is None else mark(*(("ok", "up") if shown.up else ("bad", "down")))
    )
    return [short(shown.name), state, figure(shown.channels), drawing(shown.plot)]
