"""Logging: changes of state, not data; one line each, with fields. Complaints that repeat are throttled."""

import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Literal

import structlog

from bridge.core.printable import printable
from bridge.terminal import is_coloured

Logger = structlog.typing.FilteringBoundLogger
ExcInfo = structlog.typing.ExcInfo


def get_logger(**fields: str) -> Logger:
    """A logger whose lines carry `fields`."""
    logger: Logger = structlog.get_logger(**fields)
    return logger


def configure(level: str = "info", style: Literal["text", "json"] = "text") -> None:
    """Set up logging for the process: to standard error, as text for people or JSON for machines."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=is_coloured(sys.stderr))
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(without_words),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries speak through the standard module: only what went wrong in them is of interest.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Wordless("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.ERROR, handlers=[handler])


def without_words(exc_info: ExcInfo) -> str:
    """A traceback that leaves out what exceptions say: it may quote what a peer sent, even who calls."""
    return "".join(_told(exc_info[1])).rstrip()


def _told(error: BaseException) -> Iterator[str]:
    if error.__cause__:
        yield from _told(error.__cause__)
        yield "which led to\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__qualname__}\n"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _told(each)


class _Wordless(logging.Formatter):
    """As `without_words`, for what libraries log.

    Of a message of several lines only the first is kept: asyncio repeats in the others what exceptions say.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        record.message = printable(record.message.partition("\n")[0])
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        return without_words(ei)


class Throttle:
    """Lets a repeated complaint through once per period, and says how many it kept back.

    Args:
        monotonic: where time comes from, in seconds.
        period: seconds between two lines of the same complaint.
        keys: how many different complaints are told apart; beyond that they share one period.
    """

    def __init__(self, monotonic: Callable[[], float], period: float = 60.0, keys: int = 1000) -> None:
        self._monotonic = monotonic
        self._period = period
        self._keys = keys
        self._seen: dict[str, tuple[float, int]] = {}

    def suppressed(self, key: str) -> int | None:
        """None while the complaint should be kept back, else how often it was since the last line."""
        if key not in self._seen and len(self._seen) >= self._keys:
            key = ""
        now = self._monotonic()
        since, kept = self._seen.get(key, (float("-inf"), 0))
        if now - since < self._period:
            self._seen[key] = (since, kept + 1)
            return None
        self._seen[key] = (now, 0)
        return kept
