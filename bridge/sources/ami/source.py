"""AmiSource: polls one Asterisk, and listens to its events, over AMI."""

import asyncio
import contextlib
from collections.abc import Callable, Container, Sequence

from bridge.core import own
from bridge.core.budget import Budget
from bridge.core.sample import Sample
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock, Emit
from bridge.pipeline.memory import Memory
from bridge.pipeline.poller import Poller
from bridge.protocols.ami import AmiMessage
from bridge.settings import AmiSettings
from bridge.sources.ami.connection import SessionError, connected
from bridge.sources.ami.polls import Knowledge, Polls

CLASSES = "system,call,agent,security,reporting"
"""The classes of events that are asked for; reporting brings RTCP. The others, variables and dialplan steps
above all, are most of what Asterisk would send, and nothing is made of them here."""
BOOT_WAIT = 2.0
"""Seconds to wait for FullyBooted. It follows a log-in at once; without read class system it never comes, and
while Asterisk is starting it comes later: then what can be asked is looked up again."""
WAITING_READS = 256
"""Reads of events that may wait to be counted: 16 MiB of them at most."""
WAITING_EVENTS = 50_000
"""Events that may wait to be counted: as many as those reads hold, unless they are so short that what is kept
for each is many times their size."""


OFFER_SHARE, OFFER_SAVED = 0.2, 0.1
"""The share of all time that may go into telling rules what events have changed, and seconds of it that are
saved up: what comes now and then is told at once, and in a flood of events many are told together."""


class AmiSource:
    """AMI of one PBX.

    Events and polls have a connection each: Asterisk holds events back while it answers an action.
    Totals of events go on over any number of connections.

    Args:
        pbx: the PBX, for the label.
        settings: where, as whom, and how often.
        health: where polls and events are counted and the state is told.
        clock: where time comes from.
        memory: where totals are remembered; none to begin afresh.

    Attributes:
        offer: is given what events have changed, at once; the sinks get it after the next poll.
        wanted: the metrics of which `offer` wants to know.
    """

    def __init__(
        self,
        pbx: str,
        settings: AmiSettings,
        health: Health,
        clock: Clock,
        memory: Memory | None = None,
    ) -> None:
        self._pbx = pbx
        self._settings = settings
        self._health = health
        self._clock = clock
        self._knowledge = Knowledge(pbx, cli=settings.cli, kpi_window=settings.kpi_window)
        if memory:
            self._knowledge.remember(memory)
        self._poller = Poller(Part("source", pbx, self.name), settings.interval, health, clock)
        self._reads: asyncio.Queue[tuple[Sequence[AmiMessage], float]] = asyncio.Queue(WAITING_READS)
        self._waiting = 0
        self._booted = asyncio.Event()
        self._offering: asyncio.TimerHandle | None = None
        self._budget = Budget(OFFER_SHARE, OFFER_SAVED)
        self.offer: Emit = _ignore
        self.wanted: Callable[[], Container[str]] = tuple

    @property
    def name(self) -> str:
        """`ami`."""
        return "ami"

    @property
    def pbx(self) -> str:
        """The PBX that is read."""
        return self._pbx

    async def run(self, emit: Emit) -> None:
        """Poll, and listen to events if that is set, until cancelled.

        Raises:
            SessionError: Asterisk cannot be reached, refused us, or was lost; it is counted by its end.
        """
        self._booted.clear()
        try:
            if self._settings.events:
                await self._hear(emit)
            else:
                await self._poll(emit)
        except SessionError as error:
            self._error(error.end, 1)
            raise
        finally:
            self._count_waiting()
            if self._offering:
                self._offering.cancel()
            self._knowledge.tracker.lost()
            emit([*self._knowledge.tracker.totals.samples(self._clock.time())])

    async def _hear(self, emit: Emit) -> None:
        async with (
            connected(self._settings, self._listen, CLASSES, self._error),
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._count(), name=f"ami {self._pbx}: count")
            group.create_task(self._poll(emit), name=f"ami {self._pbx}: poll")

    async def poll_once(self) -> list[Sample]:
        """Connect, ask for everything once, disconnect.

        Raises:
            SourceError: as from `run`.
        """
        async with connected(self._settings, _unheard) as connection:
            return await Polls(connection, self._knowledge, self._health, self._clock).once()

    async def _poll(self, emit: Emit) -> None:
        if self._settings.events:
            # Not wait_for: up to Python 3.11 it forgets that it was cancelled if the event comes just then.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BOOT_WAIT):
                    await self._booted.wait()
        async with connected(self._settings, _unheard, odd=self._error) as connection:
            polls = Polls(connection, self._knowledge, self._health, self._clock)
            await self._poller.run(polls.once, emit)

    def _listen(self, messages: Sequence[AmiMessage]) -> None:
        """Called by the reader, which must read on, or Asterisk disconnects us; so this only enqueues."""
        self._health.count(own.SOURCE_EVENTS.series(self._pbx, self.name), len(messages))
        if self._reads.full() or self._waiting + len(messages) > WAITING_EVENTS:
            self._error("overflow", len(messages))
        else:
            self._waiting += len(messages)
            self._reads.put_nowait((messages, self._clock.monotonic()))

    def _error(self, reason: str, amount: int) -> None:
        if amount:
            self._health.count(own.SOURCE_ERRORS.series(self._pbx, self.name, reason), amount)

    async def _count(self) -> None:
        while True:
            self._take(*await self._reads.get())
            self._offer()
            await asyncio.sleep(0)

    def _offer(self) -> None:
        """Tell rules what has changed, now or as soon as it does not take too much of the time."""
        if self._offering:
            return
        if wait := self._budget.wait(self._clock.monotonic()):
            self._offering = asyncio.get_running_loop().call_later(wait, self._offer_now)
        else:
            self._offer_now()

    def _offer_now(self) -> None:
        self._offering = None
        began = self._clock.monotonic()
        moved = self._knowledge.tracker.moved(self.wanted(), began, self._clock.time())
        if moved:
            self.offer(moved)
        now = self._clock.monotonic()
        self._budget.spend(now - began, now)

    def _count_waiting(self) -> None:
        """The last events of a connection, its Shutdown above all, came before it was lost."""
        while not self._reads.empty():
            self._take(*self._reads.get_nowait())

    def _take(self, messages: Sequence[AmiMessage], came: float) -> None:
        self._waiting -= len(messages)
        boots = self._knowledge.boots
        for message in messages:
            self._knowledge.take(message, came)
        if self._knowledge.boots > boots:
            self._booted.set()


def _ignore(_: Sequence[Sample]) -> None:
    """No rule wants to know."""


def _unheard(_: Sequence[AmiMessage]) -> None:
    """Events that come although none were asked for."""
