"""Shipped: a rule as it is delivered, with what a user should know of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shipped:
    """One rule.

    Attributes:
        name: lower case letters, digits and `_`.
        meaning: what it tells, and what may be the cause, in a sentence or two.
        fields: what a user would write of it.
        why_off: why it is not in force unless somebody asks for it; empty if it is.
    """

    name: str
    meaning: str
    fields: Mapping[str, Any]
    why_off: str = ""


def rule(name: str, meaning: str, *, why_off: str = "", **fields: Any) -> Shipped:
    """A rule. A field whose name is a word of Python has a `_` behind it."""
    written = {key.rstrip("_"): value for key, value in fields.items()}
    if why_off:
        written["enabled"] = False
    return Shipped(name, meaning, written, why_off)


UNREACHABLE = ["pbx_unreachable"]
"""What explains everything else of a PBX: nothing is known of it then."""
EXCEPT_BRIDGE = {"pbx": ["!bridge"]}
"""The sources of PBXs, without those that the bridge has for itself."""
