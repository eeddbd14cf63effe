"""ConsoleSink: one line for each sample, for a dry run and for a first look."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bridge.core.number import text
from bridge.core.sample import Sample
from bridge.errors import TemporaryError


class ConsoleSink:
    """Writes `<time> <metric>{<labels>} <value>`.

    Args:
        write: takes one line, without its end.
    """

    name = "console"

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    async def open(self) -> None:
        """Nothing to open."""

    async def write(self, batch: Sequence[Sample]) -> None:
        """Write every sample of the batch."""
        try:
            for sample in batch:
                self._write(line(sample))
        except OSError as error:
            raise TemporaryError(
                f"standard output does not take a line: {error.strerror or error}"
            ) from error

    async def close(self) -> None:
        """Nothing to close."""


def line(sample: Sample) -> str:
    """A sample for people: `2023-11-14T22:13:20Z queue.waiting{pbx="hq",queue="support"} 3`."""
    moment = datetime.fromtimestamp(int(sample.time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    labels = ",".join(f'{key}="{_printable(value)}"' for key, value in sample.series.labels)
    return f"{moment} {_printable(sample.series.name)}{{{labels}}} {text(sample.value)}"


def _printable(word: str) -> str:
    """Without line ends or anything else that would move a terminal's cursor."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in word)
