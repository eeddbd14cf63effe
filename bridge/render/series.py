"""One line of a plot: values at a steady step. Functions make new ones and change none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

Value = float | None
"""None where nothing is known."""


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """Values at `start`, `start + step` and so on.

    Attributes:
        name: what the answer calls it: its path, or the functions that it went through.
        start: Unix time of the first value, in seconds.
        end: Unix time at which it ends; in a stored series `step` after its last value.
        step: seconds from one value to the next.
        values: what is known at each of these times.
        tags: with the key `name` at least; a store may leave them to be read out of the name.
        path_expression: the pattern or call that it was asked for by; functions name their result after it.
        consolidate: how values become one when there are more of them than asked for.
        x_files_factor: the share of them which must be known for that; 0 means one of them.
    """

    name: str
    start: int
    end: int
    step: int
    values: Sequence[Value]
    tags: Mapping[str, str] = field(default_factory=dict)
    path_expression: str = ""
    consolidate: str = "average"
    x_files_factor: float = 0.0

    def renamed(self, name: str, **tags: object) -> "TimeSeries":
        """The same under another name, which is also what later functions name it after, with more tags."""
        return replace(self, name=name, path_expression=name, tags=tagged(self.tags, **tags))

    def mapped(self, name: str, values: Sequence[Value], **tags: object) -> "TimeSeries":
        """The same times with other values, and a name and tags that tell why."""
        return replace(self.renamed(name, **tags), values=values)


def tagged(tags: Mapping[str, str], **more: object) -> dict[str, str]:
    """The tags, and others as text."""
    return {**tags, **{key: str(value) for key, value in more.items()}}


Fetch = Callable[[str | tuple[str, ...], float, float], Sequence[TimeSeries]]
"""What a store gives: all series of a path pattern, or of several tag expressions that hold together
(`name=calls.active`, `pbx!=lab`, `queue=~^su`), between two Unix times in seconds. A series of which the
store knows nothing in that time is left out; two of the same name are not given."""
