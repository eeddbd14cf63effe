"""AMI packets of the simulated PBX: replies, lists and events."""

from collections.abc import Iterable, Mapping

from bridge.demo.pbx import SYSTEM_NAME, Channel, Happening, Pbx

Packet = list[tuple[str, str]]
"""Keys and values of one AMI packet, in order."""
Request = Mapping[str, str]
"""An action of the client; keys in lower case."""

STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}

EVENT_CLASSES = {
    "Newchannel": "call",
    "Newstate": "call",
    "HangupRequest": "call",
    "Hangup": "call",
    "DialBegin": "call",
    "DialEnd": "call",
    "QueueCallerJoin": "agent",
    "QueueCallerLeave": "agent",
    "QueueCallerAbandon": "agent",
    "QueueMemberStatus": "agent",
    "QueueMemberPause": "agent",
    "AgentCalled": "agent",
    "AgentConnect": "agent",
    "AgentComplete": "agent",
    "ContactStatus": "system",
    "MessageWaiting": "call",
}
"""Each event that AMI tells, and the class that a listener needs."""


def encode(packet: Packet) -> bytes:
    """A packet as it goes over the wire."""
    return "".join(f"{key}: {value}\r\n" for key, value in packet).encode() + b"\r\n"


def reply(request: Request, response: str, *fields: tuple[str, str]) -> Packet:
    """An answer, with the ActionID that came."""
    return [("Response", response), *_action_id(request), *fields]


def success(request: Request, *fields: tuple[str, str]) -> Packet:
    """A good answer."""
    return reply(request, "Success", *fields)


def error(request: Request, message: str) -> Packet:
    """A bad answer, and why."""
    return reply(request, "Error", ("Message", message))


def _action_id(request: Request) -> Packet:
    return [("ActionID", request["actionid"])] if "actionid" in request else []


def listing(request: Request, event: str, items: Iterable[Packet], end: str = "") -> list[Packet]:
    """A list: the head, an event for each item, and the event `end`, by default `<event>Complete`."""
    return mixed(request, ((event, item) for item in items), end or f"{event}Complete")


def mixed(request: Request, items: Iterable[tuple[str, Packet]], end: str) -> list[Packet]:
    """A list of several kinds of items: each event with its fields."""
    head = success(request, ("EventList", "start"), ("Message", "A list follows"))
    body = [[("Event", event), *_action_id(request), *item] for event, item in items]
    tail = [
        ("Event", end),
        *_action_id(request),
        ("EventList", "Complete"),
        ("ListItems", str(len(body))),
    ]
    return [head, *body, tail]


def snapshot(channel: Channel, prefix: str = "") -> Packet:
    """The fields that every packet about a channel has."""
    fields = (
        ("Channel", channel.name),
        ("ChannelState", str(int(channel.state))),
        ("ChannelStateDesc", STATES[channel.state]),
        ("CallerIDNum", channel.number),
        ("CallerIDName", "<unknown>"),
        ("ConnectedLineNum", channel.connected or "<unknown>"),
        ("ConnectedLineName", "<unknown>"),
        ("Language", "en"),
        ("AccountCode", ""),
        ("Context", channel.context),
        ("Exten", channel.exten),
        ("Priority", "1"),
        ("Uniqueid", channel.uniqueid),
        ("Linkedid", channel.linkedid),
    )
    return [(prefix + key, value) for key, value in fields]


def event(happening: Happening) -> Packet:
    """An event as AMI tells it; empty for what AMI does not tell."""
    if happening.event not in EVENT_CLASSES:
        return []
    packet = [("Event", happening.event), ("Privilege", f"{EVENT_CLASSES[happening.event]},all")]
    packet += [("Timestamp", f"{happening.time:.6f}"), ("SystemName", SYSTEM_NAME)]
    if happening.channel:
        packet += snapshot(happening.channel)
    if happening.dest:
        packet += snapshot(happening.dest, "Dest")
    if contact := happening.contact:
        packet += [
            ("URI", contact.uri),
            ("ContactStatus", contact.status),
            ("AOR", contact.aor),
            ("EndpointName", contact.aor),
            ("RoundtripUsec", str(int((contact.rtt or 0) * 1e6))),
        ]
    return [*packet, *happening.fields.items()]


def fully_booted(pbx: Pbx) -> Packet:
    """The event that greets everyone who may read class system."""
    uptime = str(int(pbx.now - pbx.started))
    return [
        ("Event", "FullyBooted"),
        ("Privilege", "system,all"),
        ("Uptime", uptime),
        ("LastReload", uptime),
        ("Status", "Fully Booted"),
    ]
