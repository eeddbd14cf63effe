"""Supervisor: keeps a source running, with back-off, and says so once when it stops or comes back."""

import asyncio

from bridge.core import own
from bridge.errors import SourceError
from bridge.log import get_logger
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock, Emit, Source

STABLE = 60.0
"""Seconds after which a source counts as working: the next failure starts with a short wait again."""

log = get_logger(component="supervisor")


async def supervise(
    source: Source, emit: Emit, health: Health, clock: Clock, backoff: Backoff | None = None
) -> None:
    """Run `source` until cancelled; start it again, after a wait, whenever it ends.

    An error that is not a SourceError is a defect of ours: it is logged with its traceback, and the
    source is started again all the same.
    """
    backoff = backoff or Backoff()
    part = Part("source", source.pbx, source.name)
    restarts = own.SOURCE_RESTARTS.series(source.pbx, source.name)
    health.expect(part)
    health.count(restarts, 0)
    while True:
        started = clock.monotonic()
        health.down(part, await _run_once(source, emit))
        if clock.monotonic() - started > STABLE:
            backoff.reset()
        await clock.sleep(backoff.wait())
        health.count(restarts)


async def _run_once(source: Source, emit: Emit) -> str:
    """Run the source in a task of its own and return why it ended.

    A task group that is cancelled while one of its tasks fails tells of the failure alone, and up to Python
    3.12 nested groups leave their task as if it were being cancelled: only from outside can the two be told
    apart.
    """
    running = asyncio.ensure_future(source.run(emit))
    try:
        await asyncio.wait({running})
    except asyncio.CancelledError:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        raise
    if running.cancelled() or not (error := running.exception()):
        return "ended by itself"
    cause = first_cause(error)
    if isinstance(cause, SourceError):
        return str(cause)
    log.error("source failed in a way it should not", pbx=source.pbx, source=source.name, exc_info=error)
    return f"{type(cause).__name__}, a defect: the log tells where"


def first_cause(error: BaseException) -> BaseException:
    """The exception inside nested groups that came first, as a TaskGroup wraps them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
