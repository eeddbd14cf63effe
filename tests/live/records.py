"""What Asterisk wrote down itself: CEL, CDR and the queue log, and the totals that they make.

The totals have the names and labels of the catalogue, so that they can be compared with what the bridge says.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bridge.asterisk.causes import cause_name
from tests.live.truth import Key

EXITS = {"EXITEMPTY", "EXITWITHKEY", "EXITWITHTIMEOUT"}
COMPLETIONS = {
    "COMPLETECALLER": "caller",
    "COMPLETEAGENT": "agent",
    "ATTENDEDTRANSFER": "transfer",
    "BLINDTRANSFER": "transfer",
}
PARKINGS = {
    "ParkedCallUnparked": "unparked",
    "ParkedCallTimeOut": "timeout",
    "ParkedCallGiveUp": "giveup",
}
DISPOSITIONS = {"BUSY": "busy", "CONGESTION": "congestion"}
"""What CDR says of an unanswered call that needs no second look."""
STATUSES = {"NOANSWER": "no_answer", "CANCEL": "cancelled"}
"""What CEL says of the dialling of one."""
CAUSES = {
    0: "no_answer",
    1: "unallocated",
    3: "unallocated",
    16: "cancelled",
    19: "no_answer",
    21: "rejected",
    26: "cancelled",
    127: "cancelled",
}
"""What the cause of its hang-up says."""
ORIGINATED = "AppDial2"
DIALLED = {"AppDial", ORIGINATED, "AppQueue"}
"""What Asterisk calls the application of a channel that it has dialled: for Dial(), itself, a queue."""
ENDPOINT = re.compile(r"(?:PJSIP|IAX2)/(.+)-[0-9a-f]+")
CONSULTED = re.compile(r"Local/7020@.*;1")
"""The channel that a feature code has dialled: Asterisk tells of no application, and of no dialling but its
answer."""

UNDECIDED: dict[Key, Key] = {
    **{
        ("dials.results", status): ("dials.results", "in vain")
        for status in ("cancel", "noanswer", "chanunavail", "other")
    },
    **{
        ("originates.results", result): ("originates.results", "in vain")
        for result in ("failed", "no_answer", "busy", "congestion", "cancelled")
    },
}
"""Series that the records do not tell apart, and what they are called together."""

UNWRITTEN = {
    ("transfers.count", kind, result)
    for kind in ("attended", "blind")
    for result in ("fail", "invalid", "not_permitted")
}
"""Series of which the records say nothing: CEL has only transfers that came about."""


class Event(NamedTuple):
    """A row of CEL, in the columns of etc/cel_custom.conf."""

    name: str
    time: str
    channel: str
    unique_id: str
    linked_id: str
    application: str
    data: str
    extra: str

    @property
    def details(self) -> dict[str, Any]:
        """The last column."""
        found: dict[str, Any] = json.loads(self.extra) if self.extra else {}
        return found

    @property
    def local(self) -> bool:
        """Whether it is of half a Local channel."""
        return self.channel.startswith("Local/")


class Record(NamedTuple):
    """A row of the CDR, in the columns of etc/cdr_custom.conf."""

    channel: str
    peer: str
    application: str
    duration: str
    billed: str
    disposition: str
    unique_id: str
    linked_id: str
    sequence: str


class Entry(NamedTuple):
    """A line of the queue log."""

    time: str
    unique_id: str
    queue: str
    member: str
    name: str
    values: tuple[str, ...]

    @classmethod
    def of(cls, line: str) -> "Entry":
        """Read a line; how many values there are depends on the name."""
        time, unique_id, queue, member, name, *values = line.split("|")
        return cls(time, unique_id, queue, member, name, tuple(values))


@dataclass(frozen=True)
class Records:
    """Everything that an Asterisk has written since its start."""

    events: tuple[Event, ...]
    calls: tuple[Record, ...]
    queues: tuple[Entry, ...]

    @classmethod
    def of(cls, log: Path) -> "Records":
        """Read what lies in the folder of logs; a last line that is not complete yet is left out."""
        events = tuple(Event(*row) for row in _rows(log / "cel-custom/truth.csv"))
        calls = tuple(Record(*row) for row in _rows(log / "cdr-custom/truth.csv"))
        return cls(events, calls, tuple(map(Entry.of, _lines(log / "queue_log"))))

    @property
    def complete(self) -> bool:
        """Whether every channel and every call that began has ended."""
        names = Counter(event.name for event in self.events)
        linked = {event.linked_id for event in self.events}
        return names["CHAN_START"] == names["CHAN_END"] and names["LINKEDID_END"] == len(linked)

    def named(self, *names: str) -> Iterator[Event]:
        """The events of some names."""
        return (event for event in self.events if event.name in names)


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    return path.read_text(errors="replace").rpartition("\n")[0].splitlines()


def _rows(path: Path) -> Iterator[list[str]]:
    return csv.reader(_lines(path))


Judge = Callable[[Records], Counter[Key]]
"""Makes the totals of one subject."""


def totals(records: Records) -> dict[Key, float]:
    """Every total that the records determine."""
    found: Counter[Key] = Counter()
    for judge in JUDGES:
        found.update(judge(records))
    return {key: value for key, value in found.items() if value}


def comparable(said: Mapping[Key, float], truth: Iterable[Key]) -> dict[Key, float]:
    """What the bridge says of the metrics of `truth`, with those together that records do not tell apart."""
    names = {key[0] for key in truth}
    found: dict[Key, float] = {}
    for key, value in said.items():
        if key[0] in names and value and key not in UNWRITTEN:
            together = UNDECIDED.get(key, key)
            found[together] = found.get(together, 0) + value
    return found


def _channels(records: Records) -> Counter[Key]:
    found: Counter[Key] = Counter()
    found["channels.created",] = len([*records.named("CHAN_START")])
    found["channels.answered",] = len([event for event in records.named("ANSWER") if not event.local])
    for event in records.named("HANGUP"):
        if not event.local:
            found["hangups.count", cause_name(str(event.details["hangupcause"]))] += 1
    return found


def _calls(records: Records) -> Counter[Key]:
    ended = len([*records.named("LINKEDID_END")])
    answered = {event.unique_id for event in records.named("ANSWER") if event.unique_id == event.linked_id}
    found: Counter[Key] = Counter()
    found["calls.attempts",] = found["calls.ended",] = found["calls.duration_count",] = ended
    found["calls.answered",] = found["calls.results", "answered"] = len(answered)
    found["calls.setup_time_count",] = found["calls.talk_time_count",] = len(answered)
    for result in _unanswered(records, answered):
        found["calls.results", result] += 1
    return found


def _unanswered(records: Records, answered: set[str]) -> Iterator[str]:
    """The result of each call that was not answered, by what is written of its first channel."""
    dispositions = {record.unique_id: record.disposition for record in records.calls}
    for event in records.named("HANGUP"):
        if event.unique_id == event.linked_id and event.unique_id not in answered:
            said = DISPOSITIONS.get(dispositions[event.unique_id]) or STATUSES.get(
                event.details["dialstatus"]
            )
            yield said or CAUSES[event.details["hangupcause"]]


def _dials(records: Records) -> Counter[Key]:
    """Legs are the channels that run an application of dialling; what came of one stands in CEL and CDR."""
    begun = {event.unique_id: event.channel for event in records.events if event.application in DIALLED}
    consulted = {e.unique_id: e.channel for e in records.named("ANSWER") if CONSULTED.fullmatch(e.channel)}
    originated = {event.unique_id for event in records.events if event.application == ORIGINATED}
    answered = {event.unique_id for event in records.named("ANSWER")}
    dispositions = {record.unique_id: record.disposition for record in records.calls}
    dispositions |= {record.peer: record.disposition for record in records.calls if record.peer}
    found: Counter[Key] = Counter()
    for leg, channel in (begun | consulted).items():
        found["dials.attempts", channel.partition("/")[0]] += 1
        if endpoint := ENDPOINT.fullmatch(channel):
            found["endpoint.dials", endpoint[1]] += 1
            found["endpoint.answers", endpoint[1]] += leg in answered
        disposition = dispositions.get(channel) or dispositions.get(leg, "")
        result = "answer" if leg in answered else DISPOSITIONS.get(disposition, "in vain")
        found["dials.results", result] += 1
    for leg in originated:
        found["originates.results", "answered" if leg in answered else "in vain"] += 1
    found["dials.answer_time_count",] = len(begun.keys() & answered)
    return found


def _bridges(records: Records) -> Counter[Key]:
    found: Counter[Key] = Counter()
    found["bridges.enters",] = len([*records.named("BRIDGE_ENTER")])
    found["transfers.count", "blind", "success"] = len([*records.named("BLINDTRANSFER")])
    found["transfers.count", "attended", "success"] = len([*records.named("ATTENDEDTRANSFER")])
    for event in records.named("APP_START"):
        if event.application == "ConfBridge":
            found["conference.joins", event.data] += 1
    return found


def _parking(records: Records) -> Counter[Key]:
    found: Counter[Key] = Counter()
    lots = {}
    for event in records.named("PARK_START"):
        lots[event.unique_id] = event.details["parking_lot"]
        found["parking.parked", lots[event.unique_id]] += 1
    for event in records.named("PARK_END"):
        lot = lots[event.unique_id]
        found["parking.ended", lot, PARKINGS[event.details["reason"]]] += 1
        found["parking.time_count", lot] += 1
    return found


def _queues(records: Records) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for entry in records.queues:
        for key, value in _of_queue(entry):
            found[key] += value
    return found


def _of_queue(entry: Entry) -> Iterable[tuple[Key, int]]:
    """What an entry adds; in the log times are whole seconds, but the time of ringing is milliseconds."""
    name, queue = entry.name, entry.queue
    if name == "ENTERQUEUE":
        yield ("queue.joins", queue), 1
    elif name == "CONNECT":
        yield ("queue.answered", queue), 1
        yield ("queue.wait_time_count", queue), 1
        yield ("queue.ring_time_count", queue), 1
        yield ("queue.wait_time_sum", queue), int(entry.values[0])
    elif name == "ABANDON":
        yield ("queue.abandons", queue), 1
        yield ("queue.abandon_time_count", queue), 1
        yield ("queue.abandon_time_sum", queue), int(entry.values[2])
    elif name in EXITS:
        yield ("queue.exits", queue), 1
    elif name == "RINGNOANSWER":
        yield ("queue.ring_no_answers", queue), 1
    elif name in COMPLETIONS:
        yield ("queue_end.completed", queue, COMPLETIONS[name]), 1
        yield ("queue.talk_time_count", queue), 1
        yield ("queue.talk_time_sum", queue), int(entry.values[1])
    if name in {"CONNECT", "ABANDON", *EXITS}:
        yield ("queue.leaves", queue), 1


JUDGES: tuple[Judge, ...] = (_channels, _calls, _dials, _bridges, _parking, _queues)
