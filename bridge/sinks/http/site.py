"""Site: further pages of the HTTP port."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from aiohttp import web

from bridge.core.sample import Sample

STREAM = "text/event-stream"
"""The type of an answer that may stay open."""


class Site(Protocol):
    """Pages that belong together."""

    def routes(self) -> Iterable[web.RouteDef]:
        """What it answers, by GET or POST; a path with a variable part takes no POST."""

    def take(self, batch: Sequence[Sample]) -> None:
        """Be given every batch that sinks are given; returns at once."""

    async def close(self) -> None:
        """End what is still being answered."""
