"""What an Asterisk would answer to a poll, worked out from its events in their true order.

It is simple on purpose: it may trust the order, so it needs nothing that the models need against disorder.
"""

from collections.abc import Iterable, Mapping

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.protocols.ami import AmiMessage, Reply

Fields = dict[str, str]

SNAPSHOT = (
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
)
BRIDGE = (
    "BridgeUniqueid",
    "BridgeType",
    "BridgeTechnology",
    "BridgeCreator",
    "BridgeName",
    "BridgeNumChannels",
)
MEMBER = (
    "Queue",
    "StateInterface",
    "Membership",
    "Penalty",
    "CallsTaken",
    "LastCall",
    "LastPause",
    "LoginTime",
    "InCall",
    "Status",
    "Paused",
    "PausedReason",
    "Wrapuptime",
)
UNPARKED = {"UnParkedCall", "ParkedCallTimeOut", "ParkedCallGiveUp"}


class World:
    """All that lives, by its key."""

    def __init__(self) -> None:
        self.channels: dict[str, Fields] = {}
        self.bridges: dict[str, Fields] = {}
        self.queues: dict[str, Fields] = {}
        self.members: dict[tuple[str, str], Fields] = {}
        self.entries: dict[tuple[str, str], tuple[Fields, float]] = {}
        self.rooms: dict[str, set[str]] = {}
        self.lots: dict[str, set[str]] = {}
        self.devices: dict[str, str] = {}
        self.mailboxes: dict[str, Fields] = {}
        self.contacts: dict[tuple[str, str], str] = {}
        self.registrations: dict[tuple[str, str], str] = {}

    def take(self, event: AmiMessage, time: float) -> None:
        """Take the next event, of Unix time `time`."""
        if event.listed:
            return
        if event.get("Uniqueid") and event.get("ChannelState"):
            self._channel(event)
        if event.event.startswith("Bridge") and event.get("BridgeUniqueid"):
            self._bridge(event)
        elif event.event.startswith(("Queue", "Agent")) and event.get("Queue"):
            self._queue(event, time)
        elif event.event.startswith("Confbridge"):
            self._room(event)
        elif event.get("Parkinglot"):
            self._parking(event)
        else:
            self._lasting(event)

    def _lasting(self, event: AmiMessage) -> None:
        """What goes from state to state, and tells it."""
        if event.event == "DeviceStateChange":
            self.devices[event.get("Device")] = event.get("State")
        elif event.event == "MessageWaiting":
            counts = {"NewMessages": event.get("New"), "OldMessages": event.get("Old")}
            self.mailboxes[event.get("Mailbox")] = counts
        elif event.event == "ContactStatus":
            self.contacts[event.get("AOR"), event.get("URI")] = event.get("ContactStatus")
        elif event.event == "Registry":
            self.registrations[event.get("Username"), event.get("Domain")] = event.get("Status")

    def _channel(self, event: AmiMessage) -> None:
        key = event.get("Uniqueid")
        if event.event == "Newchannel":
            self.channels[key] = {"BridgeId": ""}
        if event.event == "Hangup":
            self.channels.pop(key, None)
        elif key in self.channels:
            self.channels[key] |= _fields(event, SNAPSHOT)

    def _bridge(self, event: AmiMessage) -> None:
        key, channel = event.get("BridgeUniqueid"), self.channels.get(event.get("Uniqueid"))
        if event.event == "BridgeCreate":
            self.bridges[key] = {}
        if event.event == "BridgeDestroy":
            self.bridges.pop(key, None)
        elif key in self.bridges:
            self.bridges[key] |= _fields(event, BRIDGE)
        if event.event == "BridgeEnter" and channel:
            channel["BridgeId"] = key
        elif event.event == "BridgeLeave" and channel:
            channel["BridgeId"] = ""

    def _queue(self, event: AmiMessage, time: float) -> None:
        queue, entry = event.get("Queue"), (event.get("Queue"), event.get("Uniqueid"))
        known = self.queues.setdefault(
            queue, {"Queue": queue, "Calls": "0", "Completed": "0", "Abandoned": "0"}
        )
        if event.event == "QueueCallerJoin":
            self.entries[entry] = _fields(event, ("Queue", "Position", "Channel", "Uniqueid")), time
        elif event.event == "QueueCallerLeave":
            self.entries.pop(entry, None)
        elif event.event in {"AgentComplete", "QueueCallerAbandon"}:
            what = "Completed" if event.event == "AgentComplete" else "Abandoned"
            known[what] = str(int(known[what]) + 1)
        elif event.event == "QueueMemberRemoved":
            self.members.pop((queue, event.get("Interface")), None)
        elif event.event.startswith("QueueMember"):
            names = {"Name": event.get("MemberName"), "Location": event.get("Interface")}
            self.members[queue, event.get("Interface")] = names | _fields(event, MEMBER)
        known["Calls"] = str(sum(where == queue for where, _ in self.entries))

    def _room(self, event: AmiMessage) -> None:
        room, channel = event.get("Conference"), event.get("Uniqueid")
        if event.event == "ConfbridgeEnd":
            self.rooms.pop(room, None)
        elif event.event == "ConfbridgeJoin":
            self.rooms.setdefault(room, set()).add(channel)
        elif event.event == "ConfbridgeLeave":
            self.rooms.get(room, set()).discard(channel)

    def _parking(self, event: AmiMessage) -> None:
        lot, channel = self.lots.setdefault(event.get("Parkinglot"), set()), event.get("ParkeeUniqueid")
        if event.event == "ParkedCall":
            lot.add(channel)
        elif event.event in UNPARKED:
            lot.discard(channel)

    def replies(self, now: float) -> Mapping[Action, Reply]:
        """The answers to what a poll asks, at Unix time `now`."""
        rooms = [{"Conference": room, "Parties": str(len(who))} for room, who in self.rooms.items()]
        return {
            actions.CHANNELS: _list("CoreShowChannel", self.channels.values()),
            actions.BRIDGES: _list("BridgeListItem", self.bridges.values()),
            actions.DEVICES: _list(
                "DeviceStateChange",
                ({"Device": name, "State": state} for name, state in self.devices.items()),
            ),
            actions.CONFERENCES: _list("ConfbridgeListRooms", rooms),
            actions.LOTS: _list("Parkinglot", ({"Name": lot} for lot in self.lots)),
            actions.PARKED: _list(
                "ParkedCall",
                (
                    {"Parkinglot": lot, "ParkeeUniqueid": channel}
                    for lot, channels in self.lots.items()
                    for channel in channels
                ),
            ),
            **self._queue_replies(now),
            **self._endpoint_replies(),
            **_system_replies(now),
        }

    def _endpoint_replies(self) -> Mapping[Action, Reply]:
        contacts = (
            {"ObjectName": f"{aor};@1", "Uri": uri, "Status": status}
            for (aor, uri), status in self.contacts.items()
            if status != "Removed"
        )
        registrations = (
            {"ObjectName": f"r{number}", "ClientUri": client, "ServerUri": server, "Status": status}
            for number, ((client, server), status) in enumerate(sorted(self.registrations.items()))
        )
        return {
            actions.CONTACTS: _list("ContactList", contacts),
            actions.REGISTRATIONS: _list("OutboundRegistrationDetail", registrations),
            **{actions.mailbox_count(box): _answer(counts) for box, counts in self.mailboxes.items()},
        }

    def _queue_replies(self, now: float) -> Mapping[Action, Reply]:
        waiting = [fields | {"Wait": f"{now - since:.0f}"} for fields, since in self.entries.values()]
        items = (
            *_items("QueueParams", self.queues.values()),
            *_items("QueueMember", self.members.values()),
            *_items("QueueEntry", waiting),
        )
        return {actions.QUEUE_STATUS: Reply(AmiMessage(b"Response: Success"), items)}


def _system_replies(now: float) -> Mapping[Action, Reply]:
    """An Asterisk that began to run and was reloaded long ago."""
    day, time = "2026-11-23", "00:00:00"
    status = {"CoreStartupDate": day, "CoreStartupTime": time, "CoreReloadDate": day, "CoreReloadTime": time}
    return {
        actions.CORE_STATUS: _answer(status),
        actions.CLOCK: _answer({"Value": f"{now:.0f}"}),
        actions.unix_time_of(f"{day} {time}"): _answer({"Value": "1795392000"}),
    }


def _answer(fields: Fields) -> Reply:
    lines = "".join(f"\r\n{key}: {value}" for key, value in fields.items())
    return Reply(AmiMessage(f"Response: Success{lines}".encode()))


def _fields(event: AmiMessage, names: Iterable[str]) -> Fields:
    return {name: event.get(name) for name in names}


def _items(event: str, rows: Iterable[Fields]) -> tuple[AmiMessage, ...]:
    return tuple(
        AmiMessage("\r\n".join(f"{key}: {value}" for key, value in {"Event": event, **row}.items()).encode())
        for row in rows
    )


def _list(event: str, rows: Iterable[Fields]) -> Reply:
    return Reply(AmiMessage(b"Response: Success"), _items(event, rows))
