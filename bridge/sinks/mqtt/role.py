"""Role: what a connection to a broker is for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bridge.protocols.mqtt import Message

Hear = Callable[[str, bytes, bool], None]
"""Is given a message: its topic, its payload, and whether the broker had retained it. Returns at once."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a connection is for.

    Attributes:
        will: the Last Will, which is also the farewell; None for one without.
        birth: our own state; whoever else says something else there is contradicted.
        hears: topic filters, and who is given the messages that come there.
        suffix: of the client id, since each connection of a bridge has one of its own.
    """

    will: Message | None = None
    birth: Message | None = None
    hears: Mapping[str, Hear] = field(default_factory=dict)
    suffix: str = ""

    @property
    def filters(self) -> list[str]:
        """All that is subscribed."""
        return [*([self.birth.topic] if self.birth else []), *self.hears]
