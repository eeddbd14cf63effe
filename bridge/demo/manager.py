"""What the simulated PBX answers to AMI actions: pure, from the state of the Pbx."""

import re
import time
from collections.abc import Callable, Iterable

from bridge.demo.packets import Packet, Request, error, listing, mixed, snapshot, success
from bridge.demo.pbx import CARRIER, ROOM, SYSTEM_NAME, VERSION, Pbx

Answer = Callable[[Pbx, Request], list[Packet]]

MOMENT = "%Y-%m-%d %H:%M:%S"
STRPTIME = re.compile(rf"STRPTIME\(([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9:]{{8}}),,{MOMENT}\)")


def answer(pbx: Pbx, request: Request) -> list[Packet]:
    """Answer an action of somebody who is logged in."""
    action = request.get("action", "")
    found = ACTIONS.get(action.lower())
    if not found:
        return [error(request, f"Invalid/unknown command: {action}. Use Action: ListCommands to show them.")]
    _, _, function = found
    return function(pbx, request)


# --- the actions


def _ping(pbx: Pbx, request: Request) -> list[Packet]:
    return [success(request, ("Ping", "Pong"), ("Timestamp", f"{pbx.now:.6f}"))]


def _core_settings(_: Pbx, request: Request) -> list[Packet]:
    return [
        success(
            request,
            ("AMIversion", "11.0.0"),
            ("AsteriskVersion", VERSION),
            ("SystemName", SYSTEM_NAME),
            ("CoreMaxCalls", "100"),
            ("CoreMaxLoadAvg", "0.000000"),
            ("CoreMaxFilehandles", "0"),
            ("CoreRealTimeEnabled", "No"),
            ("CoreCDRenabled", "Yes"),
            ("CoreHTTPenabled", "No"),
        )
    ]


def _core_status(pbx: Pbx, request: Request) -> list[Packet]:
    """Dates are in local time without a zone, and current calls are channels, as Asterisk has it."""
    local = time.localtime(pbx.started)
    day, clock = time.strftime("%Y-%m-%d", local), time.strftime("%H:%M:%S", local)
    return [
        success(
            request,
            ("CoreStartupDate", day),
            ("CoreStartupTime", clock),
            ("CoreReloadDate", day),
            ("CoreReloadTime", clock),
            ("CoreCurrentCalls", str(len(pbx.channels))),
            ("CoreProcessedCalls", str(pbx.processed)),
        )
    ]


def _channels(pbx: Pbx, request: Request) -> list[Packet]:
    items = (
        [
            *snapshot(channel),
            ("Application", channel.application),
            ("ApplicationData", channel.data),
            ("Duration", _duration(pbx.now - channel.created)),
            ("BridgeId", channel.bridge),
        ]
        for channel in pbx.channels.values()
    )
    return listing(request, "CoreShowChannel", items, "CoreShowChannelsComplete")


def _duration(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"


def _getvar(pbx: Pbx, request: Request) -> list[Packet]:
    variable = request.get("variable", "")
    values = {"SYSINFO(numcalls)": str(pbx.dialplan_active), "EPOCH": str(int(pbx.now))}
    value = values.get(variable) or _unix_time(variable)
    return [success(request, ("Variable", variable), ("Value", value))]


def _unix_time(variable: str) -> str:
    """What STRPTIME makes of a local time; empty for any other variable."""
    match = STRPTIME.fullmatch(variable)
    return str(int(time.mktime(time.strptime(match[1], MOMENT)))) if match else ""


def _queue_status(pbx: Pbx, request: Request) -> list[Packet]:
    """The queue, its members and who waits in it, in one list of three kinds of items."""
    queue = pbx.queue
    members = (queue.record(agent, "Name", "Location") for agent in queue.members)
    entries = (
        {
            "Queue": queue.name,
            "Position": str(position),
            "Channel": pbx.channels[caller].name,
            "Uniqueid": caller,
            "CallerIDNum": pbx.channels[caller].number,
            "Wait": str(int(pbx.now - since)),
            "Priority": "0",
        }
        for position, (caller, since) in enumerate(queue.waiting.items(), start=1)
    )
    items = [
        ("QueueParams", queue.params()),
        *(("QueueMember", member) for member in members),
        *(("QueueEntry", entry) for entry in entries),
    ]
    return mixed(request, ((event, [*fields.items()]) for event, fields in items), "QueueStatusComplete")


def _devices(pbx: Pbx, request: Request) -> list[Packet]:
    items = ([("Device", device), ("State", state)] for device, state in pbx.devices())
    return listing(request, "DeviceStateChange", items, "DeviceStateListComplete")


def _registrations(_: Pbx, request: Request) -> list[Packet]:
    item = [
        ("ObjectType", "registration"),
        ("ObjectName", CARRIER),
        ("ClientUri", f"sip:{SYSTEM_NAME}@192.0.2.10"),
        ("ServerUri", "sip:192.0.2.10"),
        ("Status", "Registered"),
        ("NextReg", "60"),
    ]
    end = "OutboundRegistrationDetailComplete"
    *packets, tail = listing(request, "OutboundRegistrationDetail", [item], end)
    return [*packets, [*tail, ("Registered", "1"), ("NotRegistered", "0")]]


def _contacts(pbx: Pbx, request: Request) -> list[Packet]:
    """Contacts that registered themselves: not the carrier's, which is written in the configuration."""
    items = (
        [
            ("ObjectType", "contact"),
            ("ObjectName", contact.id),
            ("Endpoint", contact.aor),
            ("Uri", contact.uri),
            ("UserAgent", "demo"),
            ("ExpirationTime", str(int(pbx.now) + 300)),
            ("Status", contact.status),
            ("RoundtripUsec", "N/A" if contact.rtt is None else str(int(contact.rtt * 1e6))),
        ]
        for contact in pbx.contacts.values()
        if contact.aor != CARRIER
    )
    return listing(request, "ContactList", items)


def _aors(pbx: Pbx, request: Request) -> list[Packet]:
    items = (
        [
            ("ObjectType", "aor"),
            ("ObjectName", contact.aor),
            ("MaxContacts", "1"),
            ("QualifyFrequency", "10"),
            ("Contacts", f"{contact.aor}/{contact.uri}"),
        ]
        for contact in pbx.contacts.values()
    )
    return listing(request, "AorList", items)


def _bridges(pbx: Pbx, request: Request) -> list[Packet]:
    items = []
    for bridge, channels in pbx.bridges().items():
        conference = channels[0].application == "ConfBridge"
        items.append(
            [
                ("BridgeUniqueid", bridge),
                ("BridgeType", "base" if conference else "basic"),
                ("BridgeTechnology", "softmix" if conference else "simple_bridge"),
                ("BridgeCreator", "ConfBridge" if conference else "<unknown>"),
                ("BridgeName", ROOM if conference else "<unknown>"),
                ("BridgeNumChannels", str(len(channels))),
                ("BridgeVideoSourceMode", "none"),
            ]
        )
    return listing(request, "BridgeListItem", items, "BridgeListComplete")


def _rooms(pbx: Pbx, request: Request) -> list[Packet]:
    parties = sum(channel.application == "ConfBridge" for channel in pbx.channels.values())
    if not parties:
        return [error(request, "No active conferences.")]
    item = [
        ("Conference", ROOM),
        ("Parties", str(parties)),
        ("Marked", "0"),
        ("Locked", "No"),
        ("Muted", "No"),
    ]
    return listing(request, "ConfbridgeListRooms", [item])


def _parked(_: Pbx, request: Request) -> list[Packet]:
    *packets, tail = listing(request, "ParkedCall", [], "ParkedCallsComplete")
    return [*packets, [*tail, ("Total", "0")]]


def _lots(_: Pbx, request: Request) -> list[Packet]:
    item = [("Name", "default"), ("StartSpace", "701"), ("StopSpace", "720"), ("Timeout", "45")]
    return listing(request, "Parkinglot", [item])


def _mailbox(pbx: Pbx, request: Request) -> list[Packet]:
    mailbox = request.get("mailbox", "")
    new = pbx.voicemail.get(mailbox.partition("@")[0], 0)
    return [
        success(
            request,
            ("Message", "Mailbox Message Count"),
            ("Mailbox", mailbox),
            ("UrgMessages", "0"),
            ("NewMessages", str(new)),
            ("OldMessages", "0"),
        )
    ]


def _commands(_: Pbx, request: Request) -> list[Packet]:
    return [
        success(request, *((name, f"{text}  (Priv: {classes})") for name, classes, text in _descriptions()))
    ]


def _descriptions() -> Iterable[tuple[str, str, str]]:
    return ((name, classes, "Part of the demo.") for name, classes, _ in ACTIONS.values())


OPEN, REPORTING = "<none>", "system,reporting,all"

ACTIONS: dict[str, tuple[str, str, Answer]] = {
    name.lower(): (name, classes, function)
    for name, classes, function in (
        ("BridgeList", OPEN, _bridges),
        ("ConfbridgeListRooms", "reporting,all", _rooms),
        ("CoreSettings", REPORTING, _core_settings),
        ("CoreShowChannels", REPORTING, _channels),
        ("CoreStatus", REPORTING, _core_status),
        ("DeviceStateList", "call,reporting,all", _devices),
        ("Getvar", "call,reporting,all", _getvar),
        ("ListCommands", OPEN, _commands),
        ("MailboxCount", "call,reporting,all", _mailbox),
        ("ParkedCalls", "call,all", _parked),
        ("Parkinglots", "call,all", _lots),
        ("Ping", OPEN, _ping),
        ("PJSIPShowAors", "system,all", _aors),
        ("PJSIPShowContacts", "system,all", _contacts),
        ("PJSIPShowRegistrationsOutbound", REPORTING, _registrations),
        ("QueueStatus", OPEN, _queue_status),
    )
}
"""What the account of the demo may do: name, classes and answer, by the name in lower case."""
