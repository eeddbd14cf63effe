"""Ids of channels: their Uniqueid, and the Linkedid of the call that they belong to."""

import re

ID = re.compile(r"(?:.*-)?([0-9]{1,15})\.([0-9]{1,15})", re.DOTALL)
"""An id that Asterisk made: perhaps its system name, then the second and a running number."""

Age = tuple[int, int]


def age(key: str) -> Age | None:
    """What orders ids by the age of their channels; None for an id that was not made by Asterisk."""
    made = ID.fullmatch(key)
    return (int(made[1]), int(made[2])) if made else None


def older(known: str, told: str) -> str:
    """Of two Linkedids that a channel had the later one, which is the older id: so Asterisk joins calls.

    Args:
        known: the one that was heard first, which is not always the one that it had first.
        told: the one that was heard last; it stands where the ids do not tell their age.
    """
    ages = age(known), age(told)
    return known if ages[0] and ages[1] and ages[0] < ages[1] else told
