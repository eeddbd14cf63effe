"""What a place on disk must be able to do for a Buffer."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from bridge.core.sample import Sample


class Stored(NamedTuple):
    """What was read from a store.

    Attributes:
        records: what the samples are called there.
        samples: the oldest first.
    """

    records: Sequence[int]
    samples: Sequence[Sample]


class Store(Protocol):
    """Records on disk, bounded in bytes and age; each holds one chunk of samples, and has a number.

    `open`, `write`, `read` and `close` wait for the disk: a Buffer calls them in a thread, one at a time. The
    others return at once, and may be called meanwhile. After any OSError the next call tries anew.
    """

    def open(self) -> None:
        """Find what an earlier process has left. Only needed once it has succeeded.

        Raises:
            OSError: the folder cannot be used.
        """

    def write(self, chunks: Sequence[Sequence[Sample]]) -> Sequence[int]:
        """Add a record for each chunk; on return they survive a loss of power. They belong to the caller.

        With no chunk at all it writes down what was settled, and removes what is needed no more.

        Raises:
            OSError: the disk is full, read-only or broken; none of the chunks counts as written.
        """

    def read(self, limit: int) -> Stored:
        """The oldest records that belong to nobody, at least one and up to `limit` samples.

        Now they belong to the caller. What is damaged is passed over, and counted in `lost`.

        Raises:
            OSError: the disk is broken; they still belong to nobody.
        """

    def forget(self, records: Sequence[int]) -> None:
        """The caller's records are needed no more."""

    def give_back(self, records: Sequence[int]) -> None:
        """The caller's records belong to nobody again."""

    def lost(self) -> Mapping[str, int]:
        """By reason, how many samples that belonged to nobody have gone since the last call."""

    @property
    def bytes(self) -> int:
        """How much of the disk is used."""

    @property
    def samples(self) -> int:
        """How many samples belong to nobody."""

    def close(self) -> None:
        """Let go of the folder."""
