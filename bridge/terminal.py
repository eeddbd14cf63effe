"""What a stream can show: colours, pictures that are drawn over, or nothing but lines."""

import os
from typing import TextIO

from rich.console import Console

PIPED_WIDTH = 10_000
"""Columns where nobody looks: nothing is cut or folded."""
DUMB = frozenset({"dumb", "unknown"})
"""What TERM says of a terminal that knows nothing but lines."""


def is_live(stream: TextIO) -> bool:
    """Whether somebody looks at it, and what is there can be drawn over."""
    return stream.isatty() and os.environ.get("TERM", "").lower() not in DUMB


def is_coloured(stream: TextIO) -> bool:
    """Whether colours, and bold letters, are wanted.

    A `NO_COLOR` that is not empty goes over everything, and a `FORCE_COLOR` that is not empty over what the
    stream is; 0 there means no colours either.
    """
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    return forced != "0" if forced else is_live(stream)


def console(stream: TextIO) -> Console:
    """Writes to the stream what it can show, every text as it is."""
    coloured = is_coloured(stream)
    return Console(
        file=stream,
        force_terminal=is_live(stream) or coloured,
        color_system="standard" if coloured else None,
        width=None if stream.isatty() else PIPED_WIDTH,
        markup=False,
        highlight=False,
        emoji=False,
    )
