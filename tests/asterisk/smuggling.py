"""Values that try to add headers and actions of their own, and how Asterisk would read what is sent."""

import random
from collections.abc import Iterator

HOSTILE = 5_000
PIECES = (
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\r\nAction: Originate\r\nChannel: Local/1@x\r\nApplication: System\r\nData: id",
    "\n\nAction: Hangup\nChannel: /.*/\n\n",
    "\r\n\r\n",
    "Secret: x",
    ":",
    "\u2028",
    "\x85",
    "\v\f\x1c\x1d\x1e",
    "\u560d\u560a",
    "é",
    "\U0001f600",
    "\udcff",
    "%0d%0a",
    "\\r\\n",
    "${SHELL(id)}",
    "x" * 300,
    "y" * 2000,
    "101@default",
    " ",
    "",
)
"""What hostile values are put together from: line ends of every kind, and what looks like one to some."""

FORBIDDEN = frozenset(
    (
        *("Originate", "AGI", "MessageSend", "UserEvent", "MixMonitor"),
        *("GetConfig", "GetConfigJSON", "UpdateConfig", "CreateConfig"),
        *("ModuleLoad", "Reload", "LoggerRotate", "DialplanExtensionAdd", "DialplanExtensionRemove"),
        *("Setvar", "DBPut", "DBDel", "DBDelTree"),
        *("Redirect", "Atxfer", "BlindTransfer", "Hangup", "PJSIPHangup", "Bridge", "Park"),
        *("QueueAdd", "QueueRemove", "QueuePause"),
    )
)
"""Actions that change or run something, or tell secrets. `Command` is for who sets `cli`."""


def hostile_values(seed: int) -> Iterator[str]:
    """`HOSTILE` of them, always the same for a seed."""
    chance = random.Random(seed)
    for _ in range(HOSTILE):
        yield "".join(chance.choices(PIECES, k=chance.randrange(1, 6)))


def as_asterisk_reads(data: bytes) -> list[list[str]]:
    """The keys of each action in a stream: a line ends with LF, or CR and LF; NUL ends its text."""
    found: list[list[str]] = [[]]
    for line in data.split(b"\n"):
        text = line.removesuffix(b"\r").split(b"\0")[0]
        if text:
            found[-1].append(text.partition(b":")[0].decode())
        elif found[-1]:
            found.append([])
    return [keys for keys in found if keys]
