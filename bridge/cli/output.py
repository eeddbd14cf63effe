"""What is printed, and what is shown while something takes a while. Nothing else prints."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import RenderableType
from rich.live import Live
from rich.table import Table

from bridge import log, report
from bridge.terminal import console, is_live

FRAMES = 8
"""Pictures a second of what is under way."""


def say(*things: RenderableType, to_errors: bool = False) -> None:
    """Print things, each on lines of its own; what is no table is never cut."""
    out = console(sys.stderr if to_errors else sys.stdout)
    for thing in things:
        out.print(thing, soft_wrap=not isinstance(thing, Table))


def say_json(*objects: Mapping[str, object]) -> None:
    """Print objects, one a line."""
    say(*map(json.dumps, objects))


class Trial:
    """Watches peers being tried, and how long each takes.

    Attributes:
        seconds: how long each took that has ended.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._begun: dict[str, float] = {}
        self._ended: dict[str, str] = {}

    def __call__(self, peer: str, error: str | None) -> None:
        """A peer is tried, if there is no error yet; or has been, and the error is empty if it answered."""
        now = time.monotonic()
        if error is None:
            self._begun[peer] = now
        else:
            self._ended[peer] = error
            self.seconds[peer] = now - self._begun[peer]

    def picture(self) -> Table:
        """A row for each peer: how it went, or for how long it is tried."""
        now = time.monotonic()
        return report.trials(
            (peer, self._ended.get(peer), self.seconds.get(peer, now - begun))
            for peer, begun in list(self._begun.items())  # it is drawn in a thread
        )


@contextmanager
def shown() -> Iterator[Trial]:
    """A trial that a terminal shows while it lasts; it leaves nothing behind."""
    trial = Trial()
    if not is_live(sys.stderr):
        yield trial
        return
    picture = Live(
        console=console(sys.stderr), get_renderable=trial.picture, refresh_per_second=FRAMES, transient=True
    )
    try:
        with picture:
            log.configure()  # to what is standard error now: its lines go above the picture, not into it
            yield trial
    finally:
        log.configure()
