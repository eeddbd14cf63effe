"""A bridge that watches an Asterisk with calls from within this process, and what came of it."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bridge.asterisk.bridges import Bridges
from bridge.asterisk.channels import Channels
from bridge.asterisk.queues import Queues
from bridge.core.sample import Sample
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.protocols.ami import AmiMessage
from bridge.settings import AmiSettings
from bridge.sources.ami import AmiSource
from tests.live.asterisk import Asterisk
from tests.live.calls import Call, caller
from tests.live.records import Records
from tests.live.truth import Key, said

INTERVAL = "3s"
"""Between two polls. In an attended transfer Asterisk takes a bridge off its list, and tells of that up to
two seconds later: with quicker polls that looks like a lost event."""
FLYING: dict[Key, int] = {("bridges.active",): 3}
"""Events that may be in flight, if it is not one: attended transfers at once, see INTERVAL."""
MARK = b"Device: Custom:look"
SETTLED = 6.0
"""Seconds after which the bridge has decided how the last caller left a queue."""
LONGEST = 250.0

Read = Callable[[str], dict[Key, float]]
"""What a text of the command line says."""


@dataclass(frozen=True)
class Look:
    """A number of the command line, and what the bridge said just before, meanwhile and just after."""

    key: Key
    truth: float
    told: tuple[float, ...]

    @property
    def right(self) -> bool:
        """It lies within what the bridge said around it, give or take the events in flight."""
        flying = FLYING.get(self.key, 1)
        return min(self.told) - flying <= self.truth <= max(self.told) + flying


@dataclass
class Story:
    """What came of the calls.

    Attributes:
        said: the last value of each series that the bridge emitted.
        lowest: the lowest value of each series at any time.
        looks: gauges during the calls, beside the command line.
        polls: how often the bridge has polled.
        records: what Asterisk has written down.
        processed: what the command line says of processed calls.
    """

    said: dict[Key, float] = field(default_factory=dict)
    lowest: dict[Key, float] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    polls: int = 0
    records: Records = field(default_factory=lambda: Records((), (), ()))
    processed: int = 0

    def take(self, values: dict[Key, float]) -> None:
        """Take what the bridge says at one moment."""
        self.said.update(values)
        for key, value in values.items():
            self.lowest[key] = min(value, self.lowest.get(key, value))


class Watched(AmiSource):
    """A source that can be watched while it takes events.

    Attributes:
        marks: how often the device of a look has changed.
        looking: what was said after each event, while somebody looks.
    """

    def __init__(self, pbx: Asterisk) -> None:
        clock = SystemClock()
        settings = AmiSettings.model_validate(pbx.ami_whole(interval=INTERVAL))
        super().__init__("hq", settings, Health(clock), clock)
        models = self._knowledge.tracker.models
        self._models = [model for model in models if isinstance(model, Channels | Bridges | Queues)]
        self.marks = 0
        self.looking: list[dict[Key, float]] | None = None

    def says(self) -> dict[Key, float]:
        """The gauges that are compared, now."""
        now = self._clock.monotonic()
        return said(Sample(*value, now) for model in self._models for value in model.gauges(now))

    def _take(self, messages: Sequence[AmiMessage], came: float) -> None:
        if self.looking is None:
            super()._take(messages, came)
        else:  # one read has often both that a channel begins and that it ends
            for message in messages:
                super()._take([message], came)
                self.looking.append(self.says())
        self.marks += sum(MARK in message.raw for message in messages)


class Watch:
    """Plays one story.

    Args:
        pbx: an Asterisk that was just started.
        looks: how often gauges are compared, at least.
    """

    def __init__(self, pbx: Asterisk, looks: int) -> None:
        self._pbx = pbx
        self._looks = looks
        self._source = Watched(pbx)
        self._state = "NOT_INUSE"
        self._story = Story()

    async def play(self, calls: Sequence[Call]) -> Story:
        """Place all calls, look at the gauges meanwhile, and tell the story when the last has ended."""
        story = self._story
        async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as group:
            watching = group.create_task(self._source.run(self._emit))
            await self._polled()
            async with caller(self._pbx) as session:
                await self._look(group.create_task(session.place(calls)))
                await self._ended()
            story.processed = (await asyncio.to_thread(self._pbx.counts)).processed
            story.records = Records.of(self._pbx.home / "log")
            await asyncio.sleep(SETTLED)
            await self._polled()
            watching.cancel()
        return story

    def _emit(self, samples: Sequence[Sample]) -> None:
        self._story.polls += 1
        self._story.take(said(samples))

    async def _polled(self) -> None:
        """Return when two more polls are done: the second has begun after now."""
        enough = self._story.polls + 2
        while self._story.polls < enough:
            await asyncio.sleep(0.05)

    async def _look(self, placing: asyncio.Task[None]) -> None:
        """Look until all calls are placed, and as often as wanted at least."""
        rounds = 0
        while not placing.done() or rounds < self._looks:
            for command, read in READ.items():
                self._story.looks += await self._compare(command, read)
            rounds += 1

    async def _compare(self, command: str, read: Read) -> list[Look]:
        """Ask the command line, then change a device: when that event is here, all before it are."""
        told = self._source.looking = [self._source.says()]
        marks = self._source.marks
        self._state = "NOT_INUSE" if self._state == "INUSE" else "INUSE"
        truth = read(await asyncio.to_thread(self._pbx.cli, command))
        await asyncio.to_thread(self._pbx.cli, f"devstate change Custom:look {self._state}")
        while self._source.marks == marks:
            await asyncio.sleep(0.002)
        self._source.looking = None
        for values in told:
            self._story.take(values)
        return [
            Look(key, value, tuple(values.get(key, 0) for values in told)) for key, value in truth.items()
        ]

    async def _ended(self) -> None:
        """Return when no channel is left and everything is written down."""

        def over() -> bool:
            return self._pbx.idle() and Records.of(self._pbx.home / "log").complete

        while not await asyncio.to_thread(over):
            await asyncio.sleep(0.2)


def _channels(text: str) -> dict[Key, float]:
    """Channels by technology, without a conference's announcer: it is internal, so no event tells of it."""
    names = [line.partition("/")[0] for line in text.splitlines() if line.count("!") > 5]
    return {("technology.channels", name): names.count(name) for name in ("PJSIP", "Local")}


def _bridges(text: str) -> dict[Key, float]:
    return {("bridges.active",): len(re.findall(r"^[0-9a-f]{8}-[0-9a-f]{4}-", text, re.MULTILINE))}


def _queues(text: str) -> dict[Key, float]:
    found = re.findall(r"^(\w+) +has (\d+) calls", text, re.MULTILINE)
    return {("queue.waiting", queue): float(calls) for queue, calls in found}


READ: dict[str, Read] = {
    "core show channels concise": _channels,
    "bridge show all": _bridges,
    "queue show": _queues,
}
"""What is asked in each round."""
