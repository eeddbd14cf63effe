"""Markup: HTML and SVG that cannot be broken by what is in it, since text is escaped wherever it comes in."""

from html import escape as escaped

from bridge.core.printable import printable

VOID = frozenset({"input", "link", "meta", "path"})
"""Elements that hold nothing; a path of SVG may stand so in HTML, as it closes itself."""


class Html(str):
    """Text that is markup already; only this module makes it."""

    __slots__ = ()


def escape(text: str) -> Html:
    """Text from anywhere as markup, also within the quotes of an attribute; what is unseen is written out."""
    return text if isinstance(text, Html) else Html(escaped(printable(text), quote=True))


def element(tag: str, *children: str, **attributes: str | bool | float) -> Html:
    """An element.

    Args:
        tag: its name.
        children: markup, or text, which is escaped.
        attributes: `aria_label` is aria-label, `class_` is class; one that is False or empty is left out.
    """
    named = "".join(_attribute(name, value) for name, value in attributes.items() if value not in {False, ""})
    if tag in VOID:
        return Html(f"<{tag}{named}/>" if tag == "path" else f"<{tag}{named}>")
    return Html(f"<{tag}{named}>{join(*children)}</{tag}>")


def join(*children: str) -> Html:
    """Markup and text, one after the other."""
    return Html("".join(map(escape, children)))


def _attribute(name: str, value: str | bool | float) -> str:
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(str(value))}"'
