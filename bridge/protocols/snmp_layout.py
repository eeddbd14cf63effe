"""Where the variables of an answer stand, remembered until the next answer to the same question.

From poll to poll values change, but seldom the octets that they take. So an answer mostly has the layout of
the one before: then all of its variables are cut out at once, and what stands between the values (names,
types and lengths) is compared with what was read and found right before.
"""

from struct import Struct
from typing import NamedTuple

Variable = tuple[bytes, int, bytes]
"""A variable as it stands on the wire: the content of its name, the tag and the content of its value."""


class Layout(NamedTuple):
    """How one answer was laid out.

    Attributes:
        cut: cuts octets into what stands before each value, and the values, in turns.
        heads: what stood before each value.
        names: of the variables.
        tags: of their values.
    """

    cut: Struct
    heads: tuple[bytes, ...]
    names: list[bytes]
    tags: list[int]


class Memory:
    """Remembers the layout of the answers to one question."""

    __slots__ = ("_layout", "_octets")

    def __init__(self) -> None:
        self._octets = -1
        self._layout: Layout | None = None

    def read(self, data: bytes, at: int, end: int) -> list[Variable] | None:
        """The variables between two places; None if they have not the layout that is known."""
        layout = self._layout
        if not layout or end - at != layout.cut.size:
            return None
        pieces = layout.cut.unpack_from(data, at)
        if pieces[::2] != layout.heads:
            return None
        return list(zip(layout.names, layout.tags, pieces[1::2], strict=True))

    def learn(self, data: bytes, at: int, end: int, variables: list[Variable]) -> None:
        """Remember how these variables were laid out, once two answers have been of one length."""
        octets, self._octets = self._octets, end - at
        self._layout = _layout(data[at:end], variables) if octets == end - at and variables else None


def _layout(data: bytes, variables: list[Variable]) -> Layout | None:
    """The layout of variables that `data` has been read as; None if they are not where short ones stand."""
    sizes: list[int] = []
    for name, _, content in variables:
        sizes += len(name) + HEADS, len(content)
    if sum(sizes) != len(data):
        return None
    cut = Struct("".join(f"{size}s" for size in sizes))
    names, tags, _ = zip(*variables, strict=True)
    return Layout(cut, cut.unpack(data)[::2], list(names), list(tags))


HEADS = 6
"""Octets of tags and lengths around a name and before a value, all lengths being short."""
