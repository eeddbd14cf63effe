"""ConsoleSink: one line for each sample, for a dry run and for a first look."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from bridge.core.number import text
from bridge.core.printable import printable
from bridge.core.sample import Sample
from bridge.errors import TemporaryError


class ConsoleSink:
    """Writes `<time> <metric>{<labels>} <value>`.

    Args:
        write: takes one line, without its end.
    """

    name = "console"
    hold = 0.0
    reached = True

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    async def open(self) -> None:
        """Nothing to open."""

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Write every sample of the batch."""
        try:
            for sample in batch:
                self._write(line(sample))
        except OSError as error:
            raise TemporaryError(
                f"standard output does not take a line: {error.strerror or error}"
            ) from error
        return {}

    async def close(self) -> None:
        """Nothing to close."""


def line(sample: Sample) -> str:
    """A sample for people: `2023-11-14T22:13:20Z queue.waiting{pbx="hq",queue="support"} 3`."""
    moment = datetime.fromtimestamp(int(sample.time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    labels = ",".join(f'{key}="{printable(value)}"' for key, value in sample.series.labels)
    return f"{moment} {printable(sample.series.name)}{{{labels}}} {text(sample.value)}"
