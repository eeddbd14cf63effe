"""The contracts of the pipeline: Clock, Emit, Source, Sink."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from bridge.core.sample import Sample

Emit = Callable[[Sequence[Sample]], None]
"""Hands samples on. Never waits, never raises; a test passes a list's `extend`."""


class Clock(Protocol):
    """Where time comes from; tests bring one of their own."""

    def time(self) -> float:
        """Unix time in seconds, for the times of samples."""

    def monotonic(self) -> float:
        """Seconds that never jump, for durations."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`; zero or less gives others a turn."""


class Source(Protocol):
    """Something that is polled or listened to.

    `run` is called by the Supervisor, again and again with back-off, each time after the one before
    has ended. It connects, hands samples to `emit` and returns only when cancelled. It does not try
    again by itself and it leaves nothing open when it ends.
    """

    @property
    def name(self) -> str:
        """`snmp`, `ami` or `statsd`: the word used in orders of trust and in labels."""

    @property
    def pbx(self) -> str:
        """The PBX it reads, or `bridge` for a listener that serves all of them."""

    async def run(self, emit: Emit) -> None:
        """Read until cancelled.

        Raises:
            SourceError: the peer is lost or refused us; the message says what to check.
        """


class Sink(Protocol):
    """Somewhere samples go.

    Delivery calls `open` until it succeeds, then `write` for one batch at a time, and after any
    TemporaryError `close` and `open` again before it repeats the batch, and what was written within the
    last `hold` seconds. `close` is called once after every `open`, also after one that failed.
    """

    @property
    def name(self) -> str:
        """The word used in labels and in the log, such as `graphite`."""

    @property
    def hold(self) -> float:
        """Seconds for which what was written may be lost with the peer; 0 if it confirms, or never can."""

    @property
    def reached(self) -> bool:
        """Whether all that was written has reached the peer's machine, as far as can be known."""

    async def open(self) -> None:
        """Connect.

        Raises:
            TemporaryError: the peer cannot be reached or refused us.
        """

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Send a batch; on return the peer, or the kernel on the way to it, has all of it.

        Returns:
            By reason, how many of its samples the peer will never have; {} mostly.

        Raises:
            TemporaryError: nothing is known of the batch; it will be given again.
        """

    async def close(self) -> None:
        """Let go of the connection; never raises, and ends within seconds."""
