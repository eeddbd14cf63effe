"""The AMI actions that the bridge may send: all of them read, and no other can be built.

| action | class of the account's `write`, one of | what it is for |
| --- | --- | --- |
| Challenge, Login, Ping, ListCommands | none | the connection, what the account may |
| BridgeList, QueueStatus | none | bridges, queues |
| CoreSettings, CoreStatus, CoreShowChannels | reporting, system | version, limits, channels, start time |
| PJSIPShowRegistrationsOutbound | reporting, system | trunks |
| IAXpeers, IAXregistry, SIPpeers, SIPshowregistry | reporting, system | peers of IAX2 and of chan_sip |
| DAHDIShowChannels, DAHDIShowStatus, PRIShowSpans | none | DAHDI channels and spans |
| ConfbridgeListRooms, FAXStats | reporting | conferences, fax |
| DeviceStateList, Getvar, MailboxCount | reporting, call | devices, clock and calls, mailboxes |
| PJSIPShowContacts, PJSIPShowAors, PJSIPShowEndpoints, PJSIPShowEndpoint | system | contacts, trunks |
| ParkedCalls, Parkinglots | call | parking |
| Command | command | `core show` calls and taskprocessors, and only with the setting `cli` |

So `write = reporting` is what an account should have. `system`, `call` and `command` bring the rows that name
them alone, and with them the right to change things, of which the bridge makes no use.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bridge.protocols.ami import Reply
from bridge.protocols.ami_actions import encode_action

TEXT = re.compile(r"[^\r\n\0]+")
NAME = re.compile(r"[^\r\n\0]{1,250}")
"""A name that Asterisk told us: so short that it fits into the line of an action in any script."""
VARIABLE = re.compile(
    r"EPOCH|SYSINFO\(numcalls\)|STRPTIME\([0-9]{4}(-[0-9]{2}){2} [0-9]{2}(:[0-9]{2}){2},,%Y-%m-%d %H:%M:%S\)"
)
"""What Getvar may evaluate. Some functions of the dialplan change things or run programs; these cannot."""
COMMAND = re.compile("core show (calls|taskprocessors|taskprocessor alerted subsystems)")
"""The texts that Command may have."""

ALLOWED: dict[str, dict[str, re.Pattern[str]]] = {
    "Challenge": {"AuthType": re.compile("MD5")},
    "Login": {
        "Username": TEXT,
        "Secret": TEXT,
        "AuthType": re.compile("MD5"),
        "Key": re.compile("[0-9a-f]{32}"),
        "Events": re.compile("off|[a-z,]+"),
    },
    "Ping": {},
    "ListCommands": {},
    "BridgeList": {},
    "QueueStatus": {},
    "CoreSettings": {},
    "CoreStatus": {},
    "CoreShowChannels": {},
    "PJSIPShowRegistrationsOutbound": {},
    "PJSIPShowContacts": {},
    "PJSIPShowAors": {},
    "PJSIPShowEndpoints": {},
    "PJSIPShowEndpoint": {"Endpoint": NAME},
    "ConfbridgeListRooms": {},
    "FAXStats": {},
    "IAXpeers": {},
    "IAXregistry": {},
    "SIPpeers": {},
    "SIPshowregistry": {},
    "DAHDIShowChannels": {},
    "DAHDIShowStatus": {},
    "PRIShowSpans": {},
    "DeviceStateList": {},
    "ParkedCalls": {},
    "Parkinglots": {},
    "MailboxCount": {"Mailbox": NAME},
    "Getvar": {"Variable": VARIABLE},
    "Command": {"Command": COMMAND},
}
"""Action to its headers, and what each may hold."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action of the allow-list.

    Attributes:
        name: its name.
        headers: its headers, beside the name and the ActionID. Not shown: a secret may be among them.

    Raises:
        ValueError: it is not on the allow-list.
    """

    name: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        rules = ALLOWED.get(self.name)
        if rules is None:
            raise ValueError(f"action {self.name!r} is not on the list of those that only read")
        for key, value in self.headers:
            if key not in rules or not rules[key].fullmatch(value):
                raise ValueError(f"header {key!r} of action {self.name!r} does not hold what is allowed")

    def encode(self, action_id: str) -> bytes:
        """The action as bytes.

        Raises:
            ValueError: a value is longer than Asterisk reads.
        """
        return encode_action(self.name, (*self.headers, ("ActionID", action_id)))


PING = Action("Ping")
LIST_COMMANDS = Action("ListCommands")
CHALLENGE = Action("Challenge", (("AuthType", "MD5"),))
CORE_SETTINGS = Action("CoreSettings")
CORE_STATUS = Action("CoreStatus")
CHANNELS = Action("CoreShowChannels")
QUEUE_STATUS = Action("QueueStatus")
BRIDGES = Action("BridgeList")
DEVICES = Action("DeviceStateList")
REGISTRATIONS = Action("PJSIPShowRegistrationsOutbound")
CONTACTS = Action("PJSIPShowContacts")
AORS = Action("PJSIPShowAors")
ENDPOINTS = Action("PJSIPShowEndpoints")
PARKED = Action("ParkedCalls")
LOTS = Action("Parkinglots")
CONFERENCES = Action("ConfbridgeListRooms")
FAX = Action("FAXStats")
IAX_PEERS = Action("IAXpeers")
IAX_REGISTRATIONS = Action("IAXregistry")
SIP_PEERS = Action("SIPpeers")
SIP_REGISTRATIONS = Action("SIPshowregistry")
DAHDI_CHANNELS = Action("DAHDIShowChannels")
DAHDI_SPANS = Action("DAHDIShowStatus")
PRI_SPANS = Action("PRIShowSpans")
CALLS = Action("Getvar", (("Variable", "SYSINFO(numcalls)"),))
CLOCK = Action("Getvar", (("Variable", "EPOCH"),))
CLI_CALLS = Action("Command", (("Command", "core show calls"),))
CLI_TASKPROCESSORS = Action("Command", (("Command", "core show taskprocessors"),))
CLI_ALERTS = Action("Command", (("Command", "core show taskprocessor alerted subsystems"),))


def login_plain(username: str, secret: str, events: str) -> Action:
    """Log in with the secret itself; `events` is the classes wanted, such as `system,call`, or `off`."""
    return Action("Login", (("Username", username), ("Secret", secret), ("Events", events)))


def login_md5(username: str, key: str, events: str) -> Action:
    """Log in with the answer to a challenge."""
    return Action("Login", (("AuthType", "MD5"), ("Username", username), ("Key", key), ("Events", events)))


def mailbox_count(mailbox: str) -> Action:
    """Ask for the messages of a mailbox, such as `101@default`."""
    return Action("MailboxCount", (("Mailbox", mailbox),))


def endpoint_detail(endpoint: str) -> Action:
    """Ask for all that belongs to a PJSIP endpoint: its contacts, and how its calls are identified."""
    return Action("PJSIPShowEndpoint", (("Endpoint", endpoint),))


def unix_time_of(moment: str) -> Action:
    """Ask Asterisk, which knows its zone, for the Unix time of its local time `2026-11-23 20:53:43`.

    Raises:
        ValueError: `moment` is not written like that.
    """
    return Action("Getvar", (("Variable", f"STRPTIME({moment},,%Y-%m-%d %H:%M:%S)"),))


def for_each(names: Iterable[str], ask: Callable[[str], Action]) -> list[Action]:
    """An action for each name that one can hold."""
    asked: list[Action] = []
    for name in names:
        with contextlib.suppress(ValueError):
            asked.append(ask(name))
    return asked


EMPTY = {
    CONTACTS: "No Contacts found",
    AORS: "No AORs found",
    ENDPOINTS: "No endpoints found",
    CONFERENCES: "No active conferences.",
}
"""Actions that call it an error when there is nothing to list, and the words they use."""


def answered(action: Action, reply: Reply) -> bool:
    """Whether the reply tells something; that there is nothing is something too."""
    return reply.ok or reply.error == EMPTY.get(action)


# --- what an account may do

PRIVILEGES = re.compile(r"\(Priv: ([^()]*)\)\s*$")
READING = re.compile(
    r"(PJSIP|SIP|IAX|DAHDI|PRI|SKINNY)[Ss]how\w+|\w+List|\w+Status|\w+status|ParkedCalls|Parkinglots|Agents"
    r"|ModuleCheck|FAXSessions?|Filter"
)
"""Actions outside of class reporting that change nothing. GetConfig is not among them: it tells the secrets
in the files of settings, and in older releases other files too."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the account may do, as ListCommands tells.

    Attributes:
        classes: action to the classes of which one is needed; none for what every account may.
    """

    classes: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, reply: Reply) -> "Grant":
        """Read the reply to ListCommands: each action with a text that ends in `(Priv: call,all)`."""
        found = ((name, PRIVILEGES.search(text)) for name, text in reply.response.pairs)
        return cls({name: _classes(match[1]) for name, match in found if match})

    def may(self, action: Action) -> bool:
        """Whether Asterisk knows the action and the account may run it."""
        return action.name in self.classes

    def excess(self, *, cli: bool) -> tuple[str, ...]:
        """The actions that change something, or tell secrets, and that `write=reporting` would not allow.

        What every account may, and what comes with class reporting, cannot be taken away.

        Args:
            cli: whether class command is wanted.
        """
        wanted = {"Command"} if cli else set()
        return tuple(
            name
            for name, classes in self.classes.items()
            if classes and "reporting" not in classes and name not in wanted and not READING.fullmatch(name)
        )

    def beyond(self, *, cli: bool) -> tuple[str, ...]:
        """The classes that the account has and that are not needed, as far as actions show them.

        An action that is listed shows a class if it needs that one and no other would do.

        Args:
            cli: whether class command is wanted.
        """
        needed = {"reporting", "command"} if cli else {"reporting"}
        alone = (classes for classes in self.classes.values() if len(classes) == 1)
        return tuple(sorted(frozenset().union(*alone) - needed))


def _classes(text: str) -> frozenset[str]:
    return frozenset() if text == "<none>" else frozenset(text.split(",")) - {"all"}
