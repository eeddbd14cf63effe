"""The page as HTML: the whole document, and the parts of it that change while somebody looks, by id."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from bridge.page import html_state as state
from bridge.page.html_alerts import alerts
from bridge.page.html_pbx import pbx, pbx_id
from bridge.page.markup import Html, element, join
from bridge.page.model import Model
from bridge.page.plot import SPAN
from bridge.page.words import clock, machine, rough, short

REFRESH = (10, 300)
"""The least and the most seconds after which a page without JavaScript loads itself again."""
LONGEST = 500
"""Characters of an answer."""
_SECTIONS = (
    ("alerts", "Alerts"),
    ("pbxs", "PBXs"),
    ("sources", "Sources"),
    ("sinks", "Sinks"),
    ("search", "Search"),
    ("rejected", "Refused lines"),
    ("settings", "Settings"),
)


def title(model: Model) -> str:
    """What the tab says; it is text, and not markup."""
    return f"{model.verdict.title} · asterisk-bridge"


def parts(model: Model) -> dict[str, Html]:
    """All that changes, by id; what is equal needs not be sent again."""
    return {
        **{name: make(model) for name, make in _PARTS.items()},
        **{pbx_id(each.name): pbx(each) for each in model.pbxs},
    }


def document(model: Model, said: str = "", refresh: int | None = None) -> str:
    """The whole page.

    Args:
        model: what it shows.
        said: the answer to what somebody has just asked for.
        refresh: seconds after which it loads itself again where there is no JavaScript; None for never.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title(model)),
        element("link", rel="icon", href="/assets/icon.svg", type="image/svg+xml"),
        element("link", rel="stylesheet", href="/assets/page.css"),
        element("script", src="/assets/page.js", defer=True),
        _refresh(refresh),
    )
    body = element(
        "body",
        element("a", "Skip to the content", class_="skip", href="#content"),
        _banner(model, refresh),
        element("main", _said(said), *_contents(model), id="content"),
        _footer(model),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _refresh(seconds: int | None) -> Html:
    if seconds is None:
        return join()
    least, most = REFRESH
    wait = min(max(seconds, least), most)
    return element("noscript", element("meta", http_equiv="refresh", content=wait))


def _banner(model: Model, refresh: int | None) -> Html:
    again = f"/?{urlencode({'q': model.found.query, 'refresh': 30}, errors='replace')}"
    how = (
        "It is loaded again by itself."
        if refresh is not None
        else join("Reload it, or ", element("a", "have it reload every 30 seconds", href=again), ".")
    )
    shown = element("time", f"{clock(model.facts.now)} UTC", datetime=machine(model.facts.now))
    links = [element("li", element("a", name, href=f"#{here}")) for here, name in _SECTIONS]
    return element(
        "header",
        element(
            "div",
            element("h1", "asterisk-bridge"),
            element("p", "as of ", shown, id="link", role="status"),
            class_="bar",
        ),
        element("div", state.headline(model), role="status"),
        element("nav", element("ul", *links), aria_label="Parts of this page"),
        element(
            "noscript",
            element("p", "Without JavaScript this page stays as it was loaded. ", how, class_="note"),
        ),
    )


def _said(said: str) -> Html:
    """Where the answer to a request is read, and spoken."""
    return element("p", short(said, LONGEST), id="said", role="status")


def _contents(model: Model) -> list[Html]:
    cards = [pbx(each) for each in model.pbxs]
    return [
        _section("alerts", "Alerts", alerts(model)),
        _section(
            "pbxs",
            "PBXs",
            _span(model),
            element("div", *cards, id="cards", class_="cards"),
        ),
        _section("sources", "Sources", state.sources(model)),
        _section("sinks", "Sinks", state.sinks(model)),
        _section("search", "Search all series", state.search_form(model), state.found(model)),
        _section("rejected", "Refused lines of StatsD", state.rejected(model)),
        _section("settings", "Settings", state.settings(model)),
    ]


def _span(model: Model) -> Html:
    shown = "hour" if model.span == SPAN else rough(model.span)
    note = f"Plots show the last {shown}." if model.pbxs else "No PBX is set: see docs/configuration.md."
    return element("p", note, class_="note", id="span")


def _section(here: str, heading: str, *inner: str) -> Html:
    return element(
        "section",
        element("h2", heading, id=f"{here}-heading"),
        *inner,
        id=here,
        aria_labelledby=f"{here}-heading",
    )


def _footer(model: Model) -> Html:
    uptime = f", running for {rough(model.uptime)}" if model.uptime is not None else ""
    words = f"asterisk-bridge {short(model.facts.version)}{uptime}. Times are UTC."
    links = (("/metrics", "metrics"), ("/readyz", "readiness"))
    return element(
        "footer", element("p", words, " ", *(join(element("a", name, href=to), " ") for to, name in links))
    )


_PARTS: Mapping[str, Callable[[Model], Html]] = {
    "verdict": state.headline,
    "alerts-now": alerts,
    "span": _span,
    "sources-now": state.sources,
    "sinks-now": state.sinks,
    "rejected-now": state.rejected,
    "found": state.found,
}
"""What makes each part but those of PBXs; a part is an element with this id."""
