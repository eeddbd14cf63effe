"""The queue of the simulated PBX: who waits, who answers, and the statistics that Asterisk keeps of it."""

from dataclasses import dataclass, field

SERVICE_LEVEL = 20
"""Seconds within which callers should be answered."""
STATES = {"NOT_INUSE": "1", "INUSE": "2", "UNAVAILABLE": "5", "RINGING": "6"}
"""Device states that happen here, by the numbers under which queues tell them."""


def average(old: float, new: float) -> float:
    """Asterisk's moving average: a new value weighs a quarter."""
    return (old * 3 + new) / 4


@dataclass
class Member:
    """An agent. Times are Unix times, 0 for never.

    Attributes:
        state: of the device, in AMI's words.
        calls: how many were taken.
        last_call: when the last one ended.
        last_pause: when the last pause began.
        paused: takes no calls, for `reason`.
        in_call: talks to a caller of the queue.
    """

    state: str = "NOT_INUSE"
    calls: int = 0
    last_call: float = 0.0
    last_pause: float = 0.0
    paused: bool = False
    reason: str = ""
    in_call: bool = False


@dataclass
class Queue:
    """The queue: who waits since when, its members by endpoint, and Asterisk's averages in seconds."""

    name: str
    started: float
    members: dict[str, Member]
    waiting: dict[str, float] = field(default_factory=dict)
    hold_time: float = 0.0
    talk_time: float = 0.0
    completed: int = 0
    abandoned: int = 0
    answered_in_time: int = 0
    abandoned_in_time: int = 0

    def answer(self, waited: float) -> None:
        """A caller was answered after that time."""
        self.hold_time = average(self.hold_time, waited)
        self.answered_in_time += int(waited) <= SERVICE_LEVEL

    def abandon(self, waited: float) -> None:
        """A caller had enough after that time."""
        self.abandoned += 1
        self.abandoned_in_time += int(waited) <= SERVICE_LEVEL

    def complete(self, agent: str, talked: float, now: float) -> None:
        """An agent has finished a call."""
        member = self.members[agent]
        member.calls, member.last_call, member.in_call = member.calls + 1, now, False
        self.completed += 1
        self.talk_time = average(self.talk_time, talked)

    def params(self) -> dict[str, str]:
        """The fields of QueueParams."""
        in_time = self.answered_in_time + self.abandoned_in_time
        return {
            "Queue": self.name,
            "Max": "0",
            "Strategy": "ringall",
            "Calls": str(len(self.waiting)),
            "Holdtime": str(int(self.hold_time)),
            "TalkTime": str(int(self.talk_time)),
            "Completed": str(self.completed),
            "Abandoned": str(self.abandoned),
            "ServiceLevel": str(SERVICE_LEVEL),
            "ServicelevelPerf": _percent(self.answered_in_time, self.completed),
            "ServicelevelPerf2": _percent(in_time, self.completed + self.abandoned),
            "Weight": "0",
        }

    def record(self, agent: str, name: str = "MemberName", location: str = "Interface") -> dict[str, str]:
        """The fields of a member; lists and events differ in two keys."""
        member = self.members[agent]
        return {
            "Queue": self.name,
            name: f"Agent {agent}",
            location: f"PJSIP/{agent}",
            "StateInterface": f"PJSIP/{agent}",
            "Membership": "static",
            "Penalty": "0",
            "CallsTaken": str(member.calls),
            "LastCall": str(int(member.last_call)),
            "LastPause": str(int(member.last_pause)),
            "LoginTime": str(int(self.started)),
            "InCall": str(int(member.in_call)),
            "Status": STATES[member.state],
            "Paused": str(int(member.paused)),
            "PausedReason": member.reason,
            "Wrapuptime": "0",
        }


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole if whole else 0:.1f}"
