"""Tables, and the words of a state, as all of the page has them."""

from collections.abc import Iterable, Sequence

from bridge.page.markup import Html, element
from bridge.page.words import ago, machine


def mark(level: str, text: str) -> Html:
    """A state in words, with its colour: `ok`, `warn`, `bad`, or none."""
    return element("span", text, class_=f"mark {level}".strip())


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, more: int = 0) -> Html:
    """A table whose first column names the row; a column with `#` in front of its name holds numbers.

    It may be wider than the screen, so it is in a frame that scrolls, also by the keyboard. Roles are said,
    since a narrow screen shows rows as blocks, and what is no table to the eye would be none to the ear.
    """
    heads = [_head(column) for column in columns]
    body = (element("tr", *_cells(row, columns), role="row") for row in rows)
    rest = element("p", f"and {more:,} more: the search finds them", class_="note") if more else ""
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads, role="row"), role="rowgroup"),
        element("tbody", *body, role="rowgroup"),
        role="table",
    )
    frame = element("div", whole, class_="frame", role="group", aria_label=caption, tabindex="0")
    return element("div", frame, rest, class_="table")


def _head(column: str) -> Html:
    kind = "number" if column.startswith("#") else ""
    return element("th", column.removeprefix("#"), scope="col", role="columnheader", class_=kind)


def _cells(row: Sequence[str], columns: Sequence[str]) -> Iterable[Html]:
    """What a column holds is said again in each cell, for screens on which it is not above it."""
    first, *others = row
    yield element("th", first, scope="row", role="rowheader")
    for cell, column in zip(others, columns[1:], strict=True):
        kind = "number" if column.startswith("#") else ""
        yield element("td", cell, class_=kind, role="cell", data_column=column.removeprefix("#"))


def past(time: float | None, now: float) -> Html:
    """How long ago something was."""
    if time is None:
        return element("span", "never")
    return element("time", ago(now - time), datetime=machine(time))
