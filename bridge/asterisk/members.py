"""Members: who answers for each queue, and in which state."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bridge.asterisk import actions
from bridge.asterisk.catalog.queues import (
    AGENT_AVAILABLE,
    AGENT_CALLS,
    AGENT_IN_CALL,
    AGENT_LAST_CALL_AGE,
    AGENT_LOGGED_IN_TIME,
    AGENT_PAUSED,
    AGENT_PAUSED_TIME,
    AGENTS_AVAILABLE,
    AGENTS_COUNT,
    AGENTS_PAUSED,
    QUEUE_AVAILABLE,
    QUEUE_MEMBERS,
    QUEUE_PAUSED,
    QUEUE_STATE_MEMBERS,
)
from bridge.asterisk.devices import STATES
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import UNKNOWN, number
from bridge.core.counter import Tally
from bridge.core.sample import Series
from bridge.core.standing import Standing
from bridge.protocols.ami import MAX_ITEMS, AmiMessage

BY_NUMBER = {str(number): state for number, state in enumerate(STATES)}
"""Device states by the numbers under which queues tell them."""
AWAY = frozenset({"invalid", "unavailable"})
IDLE = frozenset({"not_inuse", UNKNOWN})
"""States in which a member is called; one of unknown state is tried."""

Key = tuple[str, str]
"""A queue and an interface."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of one queue. Members are equal as long as nothing changed that an event would tell.

    Attributes:
        name: the agent's name; the interface, if it has no other.
        device: whose state counts; the same for one who answers for several queues.
        state: one of STATES.
        paused: calls are held back.
        in_call: talks to a caller of this queue.
        calls: calls taken from this queue.
        last_call: Unix time of the end of the last call, 0 for none. So are the next ones.
        paused_at: the begin of the last pause.
        logged_in: when the member was added.
    """

    name: str = field(compare=False)
    device: str = field(compare=False)
    state: str
    paused: bool
    in_call: bool = field(compare=False)
    calls: float = field(compare=False)
    last_call: float = field(compare=False)
    paused_at: float = field(compare=False)
    logged_in: float = field(compare=False)

    @property
    def present(self) -> bool:
        """Whether the device is there."""
        return self.state not in AWAY

    @property
    def available(self) -> bool:
        """Whether the queue would call it, as QueueSummary has it."""
        return self.state in IDLE and not self.paused


class Members(Model):
    """The state of every member, as the list says it and events change it.

    Every event carries the whole record of its member, so the last one is right; what comes out of order is
    right again after the next list.

    Args:
        pbx: the PBX, for the label.
        totals: where calls taken are followed.
    """

    looks_only = True
    asks = (actions.QUEUE_STATUS, actions.CLOCK)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._members = Standing[Key, Member](MAX_ITEMS)
        self._queues: tuple[str, ...] = ()
        self._clock: float | None = None

    def hears(self) -> Mapping[str, Take]:
        """Everything that changes a member."""
        changes = ("Status", "Added", "Pause", "Penalty", "Ringinuse")
        taken: dict[str, Take] = {f"QueueMember{change}": self._change for change in changes}
        return taken | {"QueueMemberRemoved": self._remove}

    def _change(self, message: AmiMessage, now: float) -> None:
        self._members.hear(_key(message, "Interface"), _member(message, "MemberName"), now)

    def _remove(self, message: AmiMessage, now: float) -> None:
        self._members.hear(_key(message, "Interface"), None, now)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Take all members of all queues; and the clock of Asterisk, by which it tells when things were."""
        if actions.CLOCK in replies:
            clock = number(replies[actions.CLOCK].response.get("Value"))
            self._clock = None if clock is None else clock - asked
        if actions.QUEUE_STATUS not in replies:
            return 0
        queues = items(replies, actions.QUEUE_STATUS, "QueueParams")
        self._queues = tuple(dict.fromkeys(queue.get("Queue") for queue in queues))
        listed = {
            _key(member, "Location"): _member(member, "Name")
            for member in items(replies, actions.QUEUE_STATUS, "QueueMember")
        }
        self._follow(listed)
        return self._members.correct(listed, asked, first=first)

    def _follow(self, listed: Mapping[Key, Member]) -> None:
        """Take the calls taken, of members of one name together.

        Lists alone are read: among events in any order, an older one would look like a counter begun anew.
        """
        calls: Counter[Key] = Counter()
        for (queue, _), member in listed.items():
            calls[queue, member.name] += int(member.calls)
        for key, reading in calls.items():
            self.totals.follow(AGENT_CALLS.series(self.pbx, *key), reading)

    def gauges(self, now: float) -> Values:
        """The members of each queue by state, all agents together, and each by itself."""
        members: defaultdict[str, list[Member]] = defaultdict(list)
        for (queue, _), member in self._members.items():
            members[queue].append(member)
        for queue in self._queues:
            yield from self._of_queue(queue, members[queue])
        if self._queues:
            yield from self._of_all(member for found in members.values() for member in found)
        for queue, found in members.items():
            for agent in {member.name: member for member in found}.values():
                yield from self._of_agent(queue, agent, now)

    def _of_queue(self, queue: str, members: list[Member]) -> Values:
        states = Counter(member.state for member in members)
        yield QUEUE_MEMBERS.series(self.pbx, queue), sum(member.present for member in members)
        yield QUEUE_AVAILABLE.series(self.pbx, queue), sum(member.available for member in members)
        yield QUEUE_PAUSED.series(self.pbx, queue), sum(member.paused for member in members)
        for state in STATES:
            yield QUEUE_STATE_MEMBERS.series(self.pbx, queue, state), states[state]

    def _of_all(self, members: Iterable[Member]) -> Values:
        devices: defaultdict[str, list[Member]] = defaultdict(list)
        for member in members:
            if member.present:
                devices[member.device].append(member)
        roles = devices.values()
        yield AGENTS_COUNT.series(self.pbx), len(roles)
        yield AGENTS_AVAILABLE.series(self.pbx), sum(any(role.available for role in own) for own in roles)
        yield AGENTS_PAUSED.series(self.pbx), sum(all(role.paused for role in own) for own in roles)

    def _of_agent(self, queue: str, agent: Member, now: float) -> Iterator[tuple[Series, float]]:
        labels = (self.pbx, queue, agent.name)
        yield AGENT_AVAILABLE.series(*labels), int(agent.available)
        yield AGENT_IN_CALL.series(*labels), int(agent.in_call)
        yield AGENT_PAUSED.series(*labels), int(agent.paused)
        if self._clock is None:
            return
        clock = now + self._clock
        paused_at = agent.paused_at if agent.paused and agent.paused_at else clock
        yield AGENT_PAUSED_TIME.series(*labels), max(0.0, clock - paused_at)
        for metric, moment in (
            (AGENT_LAST_CALL_AGE, agent.last_call),
            (AGENT_LOGGED_IN_TIME, agent.logged_in),
        ):
            if moment:
                yield metric.series(*labels), max(0.0, clock - moment)

    def lost(self) -> None:
        """Members may change unheard."""
        self._members.forget()
        self._queues, self._clock = (), None


def _key(message: AmiMessage, interface: str) -> Key:
    return message.get("Queue"), message.get(interface)


def _member(message: AmiMessage, name: str) -> Member:
    """A member by the list, or by an event; they differ in the key of its name."""
    return Member(
        name=message.get(name) or UNKNOWN,
        device=message.get("StateInterface"),
        state=BY_NUMBER.get(message.get("Status"), UNKNOWN),
        paused=message.get("Paused") == "1",
        in_call=message.get("InCall") == "1",
        calls=number(message.get("CallsTaken")) or 0.0,
        last_call=number(message.get("LastCall")) or 0.0,
        paused_at=number(message.get("LastPause")) or 0.0,
        logged_in=number(message.get("LoginTime")) or 0.0,
    )
