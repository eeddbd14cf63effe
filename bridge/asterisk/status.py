"""What the replies to polled AMI actions mean: samples of the catalogue's series."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.catalog.bridges import (
    BRIDGES_ACTIVE,
    CONFERENCE_PARTIES,
    CONFERENCES_ACTIVE,
    PARKING_CALLS,
)
from bridge.asterisk.catalog.calls import (
    CHANNEL_STATE_CHANNELS,
    CHANNELS_ACTIVE,
    CHANNELS_BRIDGED,
    TECHNOLOGY_CHANNELS,
)
from bridge.asterisk.catalog.endpoints import (
    CONTACT_COUNT,
    CONTACT_REACHABLE,
    CONTACT_RTT,
    DEVICE_STATE_DEVICES,
    MAILBOX_NEW,
    MAILBOX_OLD,
    REGISTRATION_UP,
)
from bridge.asterisk.catalog.queues import (
    QUEUE_AVAILABLE,
    QUEUE_HOLD_TIME,
    QUEUE_LONGEST_WAIT,
    QUEUE_MEMBERS,
    QUEUE_TALK_TIME,
    QUEUE_WAITING,
)
from bridge.asterisk.catalog.system import (
    DIALPLAN_ACTIVE,
    DIALPLAN_PROCESSED,
    SYSTEM_INFO,
    SYSTEM_MAX_CALLS,
    SYSTEM_RELOAD_AGE,
    SYSTEM_UPTIME,
    SYSTEM_VERSION,
)
from bridge.asterisk.words import number, technology, version_number, word
from bridge.core.counter import RunningCounter
from bridge.core.metric import Metric
from bridge.core.sample import Sample, Series
from bridge.protocols.ami import AmiMessage, Reply

Replies = Mapping[Action, Reply]
"""The answered actions of one poll."""
Values = Iterator[tuple[Series, float]]
Reading = Callable[[str, Replies], Values]
"""Turns replies into values for one PBX; says nothing where the reply that it needs is missing."""

POLLED: tuple[Action, ...] = (
    actions.CORE_SETTINGS,
    actions.CORE_STATUS,
    actions.CLOCK,
    actions.CALLS,
    actions.CHANNELS,
    actions.BRIDGES,
    actions.QUEUES,
    actions.DEVICES,
    actions.REGISTRATIONS,
    actions.AORS,
    actions.CONTACTS,
    actions.LOTS,
    actions.PARKED,
    actions.CONFERENCES,
)
"""What every poll asks, as far as the account may."""

DEVICE_STATES = (
    "unknown",
    "not_inuse",
    "inuse",
    "busy",
    "invalid",
    "unavailable",
    "ringing",
    "ringinuse",
    "onhold",
)
CONTACT = re.compile(r"(.*?)(?:;@|@@)")
CLI_CALLS = re.compile(r"([0-9]+) (?:of [0-9]+ max )?active calls?")
CLI_PROCESSED = re.compile(r"([0-9]+) calls? processed")


class Status:
    """The meaning of polls of one PBX, over many polls.

    It remembers what it has seen, so that a technology without channels reads 0 and not nothing, and that
    totals do not fall when Asterisk restarts.

    Args:
        pbx: the PBX, for the label.
        cli: whether the account has class command and may be asked for CLI texts.
    """

    def __init__(self, pbx: str, *, cli: bool = False) -> None:
        self._pbx = pbx
        self._cli = cli
        self._times: dict[Action, float] = {}
        self._started: float | None = None
        self._processed = RunningCounter()
        self._technologies: set[str] = set()
        self._states: set[str] = set()

    def further(self, replies: Replies) -> list[Action]:
        """What must be asked besides POLLED to understand its replies."""
        times = [time for time in _local_times(replies) if time and time not in self._times]
        calls = (_variable(replies, actions.CALLS), _processed(replies))
        return times + ([actions.CLI_CALLS] if self._cli and None in calls else [])

    def samples(self, replies: Replies, now: float) -> list[Sample]:
        """Everything that the replies tell, at Unix time `now`."""
        values = (*self._system(replies), *self._calls(replies), *self._channels(replies))
        stateless = (value for reading in READINGS for value in reading(self._pbx, replies))
        return [Sample(series, value, now) for series, value in (*values, *stateless)]

    def _system(self, replies: Replies) -> Values:
        asked = _local_times(replies)
        known = {time: self._times.get(time) for time in asked if time}
        known |= {time: _variable(replies, time) for time in known if time in replies}
        self._times = {time: value for time, value in known.items() if value is not None}
        clock = _variable(replies, actions.CLOCK)
        if clock is None:
            return
        for metric, time in zip((SYSTEM_UPTIME, SYSTEM_RELOAD_AGE), asked, strict=True):
            if time and time in self._times:
                yield metric.series(self._pbx), max(0.0, clock - self._times[time])

    def _calls(self, replies: Replies) -> Values:
        active = _variable(replies, actions.CALLS)
        processed = _processed(replies)
        if active is None:
            active = _cli(replies, CLI_CALLS)
        if processed is None:
            processed = _cli(replies, CLI_PROCESSED)
        if active is not None:
            yield DIALPLAN_ACTIVE.series(self._pbx), active
        if processed is not None:
            total = self._processed.update(processed, restarted=self._restarted(replies))
            yield DIALPLAN_PROCESSED.series(self._pbx), total

    def _restarted(self, replies: Replies) -> bool:
        """Whether Asterisk has started anew since the last time this was asked."""
        before, (time, _) = self._started, _local_times(replies)
        self._started = self._times.get(time, before) if time else before
        return before is not None and self._started != before

    def _channels(self, replies: Replies) -> Values:
        """Internal channels (CBAnn, a conference's announcer) are in channels.active, but AMI lists none."""
        if actions.CHANNELS not in replies:
            return
        channels = replies[actions.CHANNELS].items
        technologies = Counter(technology(channel.get("Channel")) for channel in channels)
        states = Counter(word(channel.get("ChannelStateDesc")) for channel in channels)
        self._technologies.update(technologies)
        self._states.update(states)
        for name in sorted(self._technologies):
            yield TECHNOLOGY_CHANNELS.series(self._pbx, name), technologies[name]
        for name in sorted(self._states):
            yield CHANNEL_STATE_CHANNELS.series(self._pbx, name), states[name]


def mailbox(pbx: str, message: AmiMessage) -> Values:
    """New and old messages, from an event MessageWaiting or a reply to MailboxCount."""
    box = message.get("Mailbox")
    for metric, keys in (
        (MAILBOX_NEW, ("New", "NewMessages")),
        (MAILBOX_OLD, ("Old", "OldMessages")),
    ):
        value = number(message.get(keys[0]) or message.get(keys[1]))
        if box and value is not None:
            yield metric.series(pbx, box), value


def _variable(replies: Replies, action: Action) -> float | None:
    return number(replies[action].response.get("Value")) if action in replies else None


def _local_times(replies: Replies) -> tuple[Action | None, Action | None]:
    """The questions that translate the moments of the last start and reload: Asterisk tells local times."""
    if actions.CORE_STATUS not in replies:
        return None, None
    status = replies[actions.CORE_STATUS].response
    return _question(status, "CoreStartup"), _question(status, "CoreReload")


def _question(status: AmiMessage, what: str) -> Action | None:
    try:
        return actions.unix_time_of(f"{status.get(what + 'Date')} {status.get(what + 'Time')}")
    except ValueError:
        return None


def _processed(replies: Replies) -> float | None:
    if actions.CORE_STATUS not in replies:
        return None
    return number(replies[actions.CORE_STATUS].response.get("CoreProcessedCalls"))


def _cli(replies: Replies, pattern: re.Pattern[str]) -> float | None:
    if actions.CLI_CALLS not in replies:
        return None
    matches = map(pattern.match, replies[actions.CLI_CALLS].response.getall("Output"))
    return next((float(match[1]) for match in matches if match), None)


# --- one reading per subject


def _settings(pbx: str, replies: Replies) -> Values:
    if actions.CORE_SETTINGS not in replies:
        return
    settings = replies[actions.CORE_SETTINGS].response
    if version := settings.get("AsteriskVersion"):
        yield SYSTEM_INFO.series(pbx, version), 1
        yield SYSTEM_VERSION.series(pbx), version_number(version)
    if (limit := number(settings.get("CoreMaxCalls"))) is not None:
        yield SYSTEM_MAX_CALLS.series(pbx), limit


def _channels_active(pbx: str, replies: Replies) -> Values:
    """CoreCurrentCalls is the number of channels, whatever its name says."""
    if actions.CORE_STATUS in replies:
        value = number(replies[actions.CORE_STATUS].response.get("CoreCurrentCalls"))
        if value is not None:
            yield CHANNELS_ACTIVE.series(pbx), value


def _bridges(pbx: str, replies: Replies) -> Values:
    """The bridges tell how many channels they hold, a conference's announcer included, as SNMP does."""
    if actions.BRIDGES in replies:
        bridges = _items(replies, actions.BRIDGES, "BridgeListItem")
        channels = sum(number(bridge.get("BridgeNumChannels")) or 0 for bridge in bridges)
        yield BRIDGES_ACTIVE.series(pbx), len(bridges)
        yield CHANNELS_BRIDGED.series(pbx), channels


QUEUE_KEYS: tuple[tuple[Metric, str], ...] = (
    (QUEUE_WAITING, "Callers"),
    (QUEUE_MEMBERS, "LoggedIn"),
    (QUEUE_AVAILABLE, "Available"),
    (QUEUE_HOLD_TIME, "HoldTime"),
    (QUEUE_TALK_TIME, "TalkTime"),
    (QUEUE_LONGEST_WAIT, "LongestHoldTime"),
)


def _queues(pbx: str, replies: Replies) -> Values:
    for queue in _items(replies, actions.QUEUES, "QueueSummary"):
        for metric, key in QUEUE_KEYS:
            value = number(queue.get(key))
            if value is not None:
                yield metric.series(pbx, queue.get("Queue")), value


def _devices(pbx: str, replies: Replies) -> Values:
    if actions.DEVICES not in replies:
        return
    devices = _items(replies, actions.DEVICES, "DeviceStateChange")
    counts = Counter(word(device.get("State")) for device in devices)
    for state in (*DEVICE_STATES, *sorted(set(counts) - set(DEVICE_STATES))):
        yield DEVICE_STATE_DEVICES.series(pbx, state), counts[state]


def _registrations(pbx: str, replies: Replies) -> Values:
    for item in _items(replies, actions.REGISTRATIONS, "OutboundRegistrationDetail"):
        registered = item.get("Status") == "Registered"
        yield REGISTRATION_UP.series(pbx, item.get("ObjectName")), int(registered)


def _contacts(pbx: str, replies: Replies) -> Values:
    """Contacts by address of record. Asterisk does not list static ones, so they are not counted here."""
    if actions.CONTACTS not in replies:
        return
    contacts: dict[str, list[AmiMessage]] = {
        aor.get("ObjectName"): []
        for aor in _items(replies, actions.AORS, "AorList")
        if not aor.get("Contacts")
    }
    for item in _items(replies, actions.CONTACTS, "ContactList"):
        match = CONTACT.match(item.get("ObjectName"))
        contacts.setdefault(match[1] if match else item.get("Endpoint"), []).append(item)
    for aor, found in contacts.items():
        reachable = [contact for contact in found if contact.get("Status") == "Reachable"]
        yield CONTACT_COUNT.series(pbx, aor), len(found)
        yield CONTACT_REACHABLE.series(pbx, aor), len(reachable)
        trips = [trip for contact in reachable if (trip := number(contact.get("RoundtripUsec")))]
        if trips:
            yield CONTACT_RTT.series(pbx, aor), max(trips) / 1_000_000


def _parking(pbx: str, replies: Replies) -> Values:
    if actions.PARKED not in replies:
        return
    counts = Counter(call.get("Parkinglot") for call in _items(replies, actions.PARKED, "ParkedCall"))
    for lot in _items(replies, actions.LOTS, "Parkinglot"):
        counts.setdefault(lot.get("Name"), 0)
    for name, calls in counts.items():
        yield PARKING_CALLS.series(pbx, name), calls


def _conferences(pbx: str, replies: Replies) -> Values:
    if actions.CONFERENCES not in replies:
        return
    rooms = _items(replies, actions.CONFERENCES, "ConfbridgeListRooms")
    yield CONFERENCES_ACTIVE.series(pbx), len(rooms)
    for room in rooms:
        parties = number(room.get("Parties"))
        if parties is not None:
            yield CONFERENCE_PARTIES.series(pbx, room.get("Conference")), parties


def _items(replies: Replies, action: Action, event: str) -> list[AmiMessage]:
    """The items of a list that are of one kind; some lists mix several."""
    items: Iterable[AmiMessage] = replies[action].items if action in replies else ()
    return [item for item in items if item.event == event]


READINGS: tuple[Reading, ...] = (
    _settings,
    _channels_active,
    _bridges,
    _queues,
    _devices,
    _registrations,
    _contacts,
    _parking,
    _conferences,
)
"""What needs no memory."""
