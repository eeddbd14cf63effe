"""The simulated PBX: channels, a queue, contacts and counters, and an account of what happens to them.

There is one of it, and SNMP, AMI and StatsD all read this one: what they say at the same moment agrees.
"""

import hashlib
from collections.abc import Iterator, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from bridge.demo.queue import Member, Queue

VERSION = "22.10.1"
SYSTEM_NAME = "demo"
QUEUE = "support"
ROOM = "standup"
CARRIER = "carrier"
OFFICE = tuple(str(number) for number in range(101, 113))
AGENTS = tuple(str(number) for number in range(201, 204))

CAUSES = {
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    20: "Subscriber absent",
    34: "Circuit/channel congestion",
}
"""The Q.850 causes that happen here, in Asterisk's words."""

NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class State(IntEnum):
    """Channel states by Asterisk's numbers."""

    DOWN = 0
    RING = 4
    RINGING = 5
    UP = 6


class Channel(NamedTuple):
    """One leg of a call, as it is at one moment.

    Attributes:
        name: technology, endpoint and a serial number.
        uniqueid: system name, second of creation and a serial number.
        linkedid: the uniqueid of the caller's channel.
        endpoint: whose phone or trunk it is.
        state: Asterisk's channel state.
        number: the caller's number; the demo's are from the range that belongs to nobody.
        connected: number of the other side.
        exten: what was dialled.
        context: part of the dialplan.
        application: what the dialplan runs for it.
        data: the arguments of that application.
        outgoing: the PBX dialled it; an incoming channel runs the dialplan.
        bridge: id of the bridge it is in, or empty.
        created: Unix time.
    """

    name: str
    uniqueid: str
    linkedid: str
    endpoint: str
    state: State
    number: str
    connected: str
    exten: str
    context: str
    application: str
    data: str
    outgoing: bool
    bridge: str
    created: float


class Contact(NamedTuple):
    """Where an endpoint can be reached; `rtt` is in seconds, None while nobody answers there."""

    aor: str
    id: str
    uri: str
    rtt: float | None

    @property
    def status(self) -> str:
        """Asterisk's word for its state."""
        return "Unreachable" if self.rtt is None else "Reachable"


class Happening(NamedTuple):
    """Something that changed.

    Attributes:
        time: Unix time.
        event: the name of AMI's event; or `Qualified`, of which AMI says nothing: a contact was asked.
        channel: the channel it is about, as it was then.
        dest: for dialling, the channel that is dialled.
        contact: for contacts, the contact.
        fields: what else AMI's event says, with AMI's keys.
    """

    time: float
    event: str
    channel: Channel | None = None
    dest: Channel | None = None
    contact: Contact | None = None
    fields: Mapping[str, str] = NO_FIELDS


class Pbx:
    """All of the state. Methods that change it put a Happening on the account; `take` empties it.

    Args:
        started: Unix time at which the PBX started.

    Attributes:
        now: Unix time of the last change or look; whoever drives the PBX moves it.
        processed: dialplan executions since the start.
    """

    def __init__(self, started: float) -> None:
        self.started = self.now = started
        self.processed = 0
        self.channels: dict[str, Channel] = {}
        self.queue = Queue(QUEUE, started, {agent: Member() for agent in AGENTS})
        self.contacts = {name: _contact(name) for name in (CARRIER, *OFFICE, *AGENTS)}
        self.voicemail = dict.fromkeys(OFFICE, 0)
        self._serial = 0
        self._account: list[Happening] = []

    def take(self) -> list[Happening]:
        """What happened since the last call."""
        account, self._account = self._account, []
        return account

    # --- what the three interfaces look at

    @property
    def dialplan_active(self) -> int:
        """Dialplan executions now: each call has one, that of its caller."""
        return sum(not channel.outgoing for channel in self.channels.values())

    @property
    def bridged(self) -> int:
        """Channels that are in a bridge."""
        return sum(bool(channel.bridge) for channel in self.channels.values())

    def bridges(self) -> dict[str, list[Channel]]:
        """The channels of each bridge, by its id."""
        bridges: dict[str, list[Channel]] = {}
        for channel in self.channels.values():
            if channel.bridge:
                bridges.setdefault(channel.bridge, []).append(channel)
        return bridges

    def of(self, endpoint: str) -> list[Channel]:
        """The channels of an endpoint."""
        return [channel for channel in self.channels.values() if channel.endpoint == endpoint]

    def free(self, endpoint: str) -> bool:
        """Whether an endpoint could take a call now."""
        return self.contacts[endpoint].rtt is not None and not self.of(endpoint)

    def devices(self) -> Iterator[tuple[str, str]]:
        """Every device and its state, in AMI's words."""
        for endpoint in self.contacts:
            yield f"PJSIP/{endpoint}", self._device_state(endpoint)
        yield f"Queue:{QUEUE}", "INUSE" if self.queue.waiting else "NOT_INUSE"
        for box, new in self.voicemail.items():
            yield f"MWI:{box}@default", "INUSE" if new else "NOT_INUSE"

    def _device_state(self, endpoint: str) -> str:
        if self.contacts[endpoint].rtt is None:
            return "UNAVAILABLE"
        states = {channel.state for channel in self.of(endpoint)}
        if State.UP in states or State.RING in states:
            return "INUSE"
        return "RINGING" if State.RINGING in states else "NOT_INUSE"

    # --- what can happen

    def call_in(self, endpoint: str, number: str, exten: str) -> Channel:
        """An endpoint calls: a channel that runs the dialplan."""
        self.processed += 1
        return self._open(endpoint, State.RING, number=number, exten=exten)

    def dial(self, caller: Channel, endpoint: str) -> Channel:
        """The PBX calls an endpoint for `caller`."""
        callee = self._open(
            endpoint, State.DOWN, number=endpoint, exten=caller.exten, linkedid=caller.linkedid
        )
        callee = self.execute(callee, "AppDial", "(Outgoing Line)")
        self._tell("DialBegin", caller, callee, DialString=endpoint)
        return callee

    def dial_end(self, caller: Channel, callee: Channel, status: str) -> None:
        """The dialled leg was answered, or will not be."""
        self._tell("DialEnd", caller, self._now(callee), DialStatus=status)

    def _open(self, endpoint: str, state: State, *, number: str, exten: str, linkedid: str = "") -> Channel:
        self._serial += 1
        uniqueid = f"{SYSTEM_NAME}-{int(self.now)}.{self._serial}"
        channel = Channel(
            name=f"PJSIP/{endpoint}-{self._serial:08x}",
            uniqueid=uniqueid,
            linkedid=linkedid or uniqueid,
            endpoint=endpoint,
            state=state,
            number=number,
            connected="",
            exten=exten,
            context="office" if endpoint in OFFICE else "from-carrier",
            application="",
            data="",
            outgoing=bool(linkedid),
            bridge="",
            created=self.now,
        )
        self._store(channel)
        self._tell("Newchannel", channel)
        return channel

    def execute(self, channel: Channel, application: str, data: str) -> Channel:
        """The dialplan runs an application for the channel."""
        return self._store(self._now(channel)._replace(application=application, data=data))

    def bridge(self, channel: Channel, bridge: str, connected: str = "") -> Channel:
        """The channel enters a bridge, where it hears `connected`."""
        return self._store(self._now(channel)._replace(bridge=bridge, connected=connected))

    def enter(self, channel: Channel, state: State) -> Channel:
        """The channel goes into another state."""
        changed = self._store(self._now(channel)._replace(state=state))
        self._tell("Newstate", changed)
        return changed

    def hangup(self, channel: Channel, cause: int) -> None:
        """The channel ends."""
        last = self.channels.pop(channel.uniqueid)
        self._watch(last.endpoint)
        self._tell("Hangup", last, **{"Cause": str(cause), "Cause-txt": CAUSES[cause]})

    def join_queue(self, caller: Channel) -> None:
        """A caller begins to wait."""
        waiting = self.queue.waiting
        waiting[caller.uniqueid] = self.now
        self._tell(
            "QueueCallerJoin", caller, Queue=QUEUE, Position=str(len(waiting)), Count=str(len(waiting))
        )

    def leave_queue(self, caller: Channel, *, abandoned: bool = False) -> None:
        """A caller waits no longer: an agent takes the call, or the caller has had enough and hangs up."""
        queue = self.queue
        position = str(list(queue.waiting).index(caller.uniqueid) + 1)
        waited = self.now - queue.waiting.pop(caller.uniqueid)
        if abandoned:
            queue.abandon(waited)
            self._tell("HangupRequest", caller, Cause="16")
            self._tell(
                "QueueCallerAbandon",
                caller,
                Queue=QUEUE,
                Position=position,
                OriginalPosition=position,
                HoldTime=str(int(waited)),
            )
        else:
            queue.answer(waited)
        self._tell("QueueCallerLeave", caller, Queue=QUEUE, Count=str(len(queue.waiting)), Position=position)

    def call_agent(self, caller: Channel, agent: str) -> Channel:
        """The PBX calls an agent for a caller who waits."""
        callee = self.dial(caller, agent)
        self._tell("AgentCalled", caller, callee, **self._member(agent))
        return callee

    def connect(self, caller: Channel, callee: Channel, rang: float) -> None:
        """An agent answers after `rang` seconds, and the caller waits no longer."""
        waited = self.now - self.queue.waiting[caller.uniqueid]
        self.leave_queue(caller)
        self.queue.members[callee.endpoint].in_call = True
        times = {"HoldTime": str(int(waited)), "RingTime": str(int(rang))}
        self._tell("AgentConnect", caller, self._now(callee), **self._member(callee.endpoint), **times)

    def complete(self, caller: Channel, callee: Channel, waited: float, talked: float) -> None:
        """An agent has finished a call that waited and talked for so many seconds."""
        self.queue.complete(callee.endpoint, talked, self.now)
        times = {"HoldTime": str(int(waited)), "TalkTime": str(int(talked)), "Reason": "agent"}
        self._tell("AgentComplete", caller, callee, **self._member(callee.endpoint), **times)

    def pause(self, agent: str, reason: str) -> None:
        """An agent takes no calls for a reason, or with none does again."""
        member = self.queue.members[agent]
        member.paused, member.reason = bool(reason), reason
        if reason:
            member.last_pause = self.now
        self._account.append(Happening(self.now, "QueueMemberPause", fields=self.queue.record(agent)))

    def _member(self, agent: str) -> dict[str, str]:
        return {"Queue": QUEUE, "Interface": f"PJSIP/{agent}", "MemberName": f"Agent {agent}"}

    def _watch(self, endpoint: str) -> None:
        """The queue looks at the device of each of its members."""
        member, state = self.queue.members.get(endpoint), self._device_state(endpoint)
        if member and member.state != state:
            member.state = state
            self._account.append(Happening(self.now, "QueueMemberStatus", fields=self.queue.record(endpoint)))

    def messages(self, phone: str, new: int) -> None:
        """The mailbox of a phone now holds `new` messages."""
        self.voicemail[phone] = new
        fields = {"Mailbox": f"{phone}@default", "Waiting": str(int(new > 0)), "New": str(new), "Old": "0"}
        self._account.append(Happening(self.now, "MessageWaiting", fields=fields))

    def qualify(self, endpoint: str, rtt: float | None) -> None:
        """A contact was asked, and answered after `rtt` seconds or not at all."""
        before = self.contacts[endpoint]
        contact = self.contacts[endpoint] = before._replace(rtt=rtt)
        self._account.append(Happening(self.now, "Qualified", contact=contact))
        self._watch(endpoint)
        if contact.status != before.status:
            self._account.append(Happening(self.now, "ContactStatus", contact=contact))

    def _now(self, channel: Channel) -> Channel:
        return self.channels[channel.uniqueid]

    def _store(self, channel: Channel) -> Channel:
        self.channels[channel.uniqueid] = channel
        self._watch(channel.endpoint)
        return channel

    def _tell(self, event: str, channel: Channel, dest: Channel | None = None, /, **fields: str) -> None:
        """Put it on the account, with the channel as it is now; one that is gone, as it was last."""
        latest = self.channels.get(channel.uniqueid, channel)
        self._account.append(Happening(self.now, event, latest, dest, fields=fields))


def _contact(name: str) -> Contact:
    """A contact with an id as Asterisk makes it, where `;@` marks one that registered itself."""
    host = 10 if name == CARRIER else int(name) % 250
    uri = f"sip:{name}@192.0.2.{host}:5060"
    digest = hashlib.md5(uri.encode(), usedforsecurity=False).hexdigest()
    return Contact(name, f"{name}{'@@' if name == CARRIER else ';@'}{digest}", uri, 0.02)
