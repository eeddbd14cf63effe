"""The seam between a session and the engine that speaks for it: what is asked, and what is heard."""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple, Protocol

from bridge.asterisk.mib import Oid, Value
from bridge.errors import SourceError
from bridge.protocols.usm import Report

Address = tuple[Any, ...]
"""A socket address: two items for IPv4, four for IPv6."""

UNKNOWN_SENDER = "unknown sender"
NOT_AUTHENTIC = "not authentic"
NOT_IN_TIME = "not in time window"
NOT_DECRYPTED = "not decrypted"
UNDECODABLE = "undecodable"
"""Reasons why a datagram is refused that only an engine, or the address of the sender, can give."""

DISCOVERIES = 2
"""How often a question is put again because the agent objects to the engine ID or to the time in it: once
for each (RFC 3414, section 4)."""


def place(address: Address) -> tuple[str, int]:
    """Host and port; a zone is how this host calls a link, and is left out."""
    return address[0].partition("%")[0], address[1]


class Counts(NamedTuple):
    """Where refused datagrams are counted, by reason: of the agent of a PBX, and of strangers."""

    pbx: Callable[[str], None]
    bridge: Callable[[str], None]


UNCOUNTED = Counts(lambda _: None, lambda _: None)


class Blank(Enum):
    """What an agent may answer for a variable instead of a value."""

    ABSENT = auto()
    END = auto()
    """There is nothing behind the one that was asked for."""
    NOTHING = auto()


class Question(NamedTuple):
    """What is asked: GET or GET_NEXT, or GET_BULK with so many repetitions."""

    kind: int
    oids: Sequence[Oid]
    repetitions: int = 0


class Reply(NamedTuple):
    """The answer to one question: its error (0: none), which variable that is about, and the variables.

    `octets` is how long those are on the wire together; 0 where the engine does not know.
    """

    status: int
    culprit: int
    variables: Sequence[tuple[Oid, Value | Blank]]
    octets: int = 0


class SilentError(SourceError):
    """Nothing answers, or nothing that we understand."""


class ReportError(Exception):
    """The agent objects to the question; or, where it is words, its answer is of no use."""

    def __init__(self, report: Report | str) -> None:
        super().__init__(report)
        self.report = report


class Wire(Protocol):
    """An engine that asks one agent."""

    async def ask(self, question: Question, once_at: str = "") -> Reply:
        """The answer of the agent. It waits and asks again as the settings say.

        Args:
            question: what is asked.
            once_at: ask at this security level instead of that of the settings, and only once.

        Raises:
            SilentError: there is no answer; it has no words yet.
            ReportError: the agent reports an error, or answers what is of no use.
            SourceError: it cannot be asked.
        """
