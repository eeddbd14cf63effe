"""State: what a component remembers over restarts, said in JSON.

What was read back may have been changed by a hand: the readers here take what has the right shape, and leave
out the rest.
"""

from collections.abc import Callable, Mapping, Sequence

from bridge.core.sample import Series

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
"""Anything that JSON can hold."""
LARGEST = 1e300
"""JSON may hold NaN, infinity and whole numbers of any length, which no sum comes back from."""
Hides = Callable[[Series], bool]
"""Whether a series names people, and is not written down."""


def nothing(_: Series) -> bool:
    """Hides nothing."""
    return False


def mapping(value: Json) -> Mapping[str, Json]:
    """The object in `value`; an empty one if it is something else."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: Json) -> Sequence[Json]:
    """The array in `value`; an empty one if it is something else."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def number(value: Json) -> float | None:
    """The number in `value`; None if it is something else, or larger than any that we write."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -LARGEST <= value <= LARGEST else None


def text(value: Json) -> str:
    """The text in `value`; empty if it is something else."""
    return value if isinstance(value, str) else ""


def of_series(series: Series) -> Json:
    """A series as `[name, key, value, key, value ...]`; a Graphite path of its own is not kept."""
    return [series.name, *(part for label in series.labels for part in label)]


def pbx_series_in(value: Json) -> Series | None:
    """As `series_in`, but only of what says which PBX it is about, as every sink demands."""
    series = series_in(value)
    return series if series and series.labels[:1] and series.labels[0][0] == "pbx" else None


def series_in(value: Json) -> Series | None:
    """The series that `of_series` wrote; None if it is something else."""
    name, *parts = sequence(value) or ("",)
    if not isinstance(name, str) or not name or len(parts) % 2:
        return None
    words = [part for part in parts if isinstance(part, str)]
    if len(words) != len(parts):
        return None
    return Series(name, tuple(zip(words[::2], words[1::2], strict=True)))
