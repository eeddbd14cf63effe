"""AMI, Asterisk's manager interface: bytes to messages and replies. No I/O.

Asterisk says one greeting line, then blocks of `Key: value` lines, each block ended by an empty line. What it
sends is not always well formed; how each oddity is met stands where it is met.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bridge.core.printable import printable
from bridge.errors import ProtocolError

GREETING = b"Asterisk Call Manager/"
EVENT, RESPONSE = b"Event:", b"Response: "
END = b"\r\n\r\n"
COMMAND_END = b"--END COMMAND--"

MAX_GREETING = 256
"""Bytes of the greeting line; Asterisk's own has about 30."""
MAX_LINE = 65_536
"""Bytes of one line: the longest values, channel variables with call statistics, have some thousand."""
MAX_HEADERS = 20_000
"""Headers of one message: the answer to a command has one per line of output."""
MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes of one message: a command that prints 20,000 lines of 200 characters."""
LONGEST_NAME = 80
"""Bytes of the first line of an event whose name is kept; Asterisk's longest has some forty."""
MAX_ITEMS, MAX_LIST = 50_000, 64 * 1024 * 1024
"""Items and bytes of one list: more channels or contacts than one Asterisk has, of some 900 bytes each."""

ONE_EVENT = "event will follow"
"""The end of the message of a response (to FAXStats) behind which one event comes, without a list's end."""


class AmiMessage:
    r"""One block from Asterisk. A header is looked for in the bytes; a table is made only for a rare look-up.

    Keys match in any case, as Asterisk's own spelling varies. A value has no blanks in front. Asterisk passes
    on what phones sent: text is UTF-8, else Latin-1, and control characters come out as words, as `\x1b`.

    Attributes:
        raw: the bytes of the block, without the empty line behind it.
        event: the name of the event; empty for a response.
        response: `Success`, `Error`, `Goodbye` or `Follows`; empty for an event, although some have such a
            header.
    """

    __slots__ = ("_found", "_pairs", "_table", "event", "raw", "response")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._found: dict[str, str] = {}
        self._pairs: list[tuple[str, str]] | None = None
        self._table: dict[str, str] | None = None
        if raw.startswith(EVENT):
            line = raw[: raw.find(b"\n") + 1]
            self.event = _name(line) if 0 < len(line) <= LONGEST_NAME else _value(raw, len(EVENT))
            self.response = ""
        else:
            self.event = "" if raw.startswith(RESPONSE) else self.get("Event")
            self.response = self.get("Response")

    def __repr__(self) -> str:
        """The kind alone: the rest may hold callers' names and numbers."""
        return f"<AmiMessage {self.event or self.response}, {len(self.raw)} bytes>"

    @property
    def listed(self) -> bool:
        """Whether this is an item of a list, and no happening, although it may be named like one."""
        return b"\nActionID: " in self.raw and b"\nPrivilege: " not in self.raw

    @property
    def pairs(self) -> Sequence[tuple[str, str]]:
        """Every header in its order. A line without a colon is no header."""
        if self._pairs is None:
            self._pairs = list(_pairs(self.raw))
        return self._pairs

    def get(self, key: str, default: str = "") -> str:
        """The first value of a key; remembered, since many ask for the same."""
        value = self._found.get(key)
        if value is None:
            value = self._find(key)
            if value is None:
                return default
            self._found[key] = value
        return value

    def getall(self, key: str) -> list[str]:
        """All values of a key in their order."""
        return [value for name, value in self.pairs if name.lower() == key.lower()]

    def _find(self, key: str) -> str | None:
        raw = self.raw
        line, later = _needles(key)
        if raw.startswith(line):
            return _value(raw, len(line))
        start = raw.find(later)
        if start >= 0:
            return _value(raw, start + len(later))
        if self._table is None:
            # Written the other way round, the first of equal keys is what stays.
            self._table = {name.lower(): value for name, value in reversed(self.pairs)}
        return self._table.get(key.lower())


@lru_cache
def _needles(key: str) -> tuple[bytes, bytes]:
    """What is looked for in a block: the key on the first line, and on a later one."""
    line = key.encode() + b":"
    return line, b"\n" + line


def _value(raw: bytes, start: int) -> str:
    """What stands from `start` to the end of the line."""
    end = raw.find(b"\n", start)
    value = raw[start:end] if end >= 0 else raw[start:]
    return _text(value.removesuffix(b"\r").lstrip(b" "))


@lru_cache
def _name(line: bytes) -> str:
    """The name of an event, of which there are few, by its first line."""
    return _value(line, len(EVENT))


def _pairs(raw: bytes) -> Iterator[tuple[str, str]]:
    """The headers of a block. Some lines end in LF alone, and some texts in LF before the CRLF."""
    for line in raw.split(b"\n"):
        key, colon, value = line.removesuffix(b"\r").partition(b":")
        if colon:
            yield _text(key), _text(value.lstrip(b" "))


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text if text.isprintable() else printable(text)


class AmiParser:
    """Turns what Asterisk sends into messages. What is cut off at the end of a stream is never given out.

    Attributes:
        version: the version of the protocol that the greeting told; empty before it.
        ignored: how many blocks were neither response nor event.
    """

    def __init__(self) -> None:
        self.version = ""
        self.ignored = 0
        self._rest = bytearray()
        self._output = bytearray()
        self._fault: ProtocolError | None = None

    def feed(self, data: bytes) -> list[AmiMessage]:
        """Take the next bytes and return the messages that they complete.

        Raises:
            ProtocolError: this is not AMI, or beyond a limit. Messages before the fault are returned first,
                the error is raised by the next call, and by each after it.
        """
        messages: list[AmiMessage] = []
        try:
            if self._fault:
                raise self._fault
            self._read(data, messages)
        except ProtocolError as fault:
            self._fault = fault
            if not messages:
                raise
        return messages

    def _read(self, data: bytes, messages: list[AmiMessage]) -> None:
        for block in self._blocks(data if self.version else self._greeting(data)):
            if self._output or block.startswith(b"Response: Follows"):
                messages.extend(self._command(block))
            else:
                message = AmiMessage(block.lstrip(b"\r\n"))
                if len(block) > MAX_LINE:
                    _check(block)
                if message.event or message.response:
                    messages.append(message)
                else:
                    self.ignored += bool(message.raw)
        _check_size(len(self._rest) - (len(END) - 1))

    def _command(self, block: bytes) -> Iterator[AmiMessage]:
        """Up to Asterisk 13 what a command prints comes raw, with empty lines, up to a marker."""
        self._output += block + END
        _check_size(len(self._output) - len(END))
        if block.endswith(COMMAND_END):
            whole = bytes(self._output)
            self._output.clear()
            _check(whole)
            yield AmiMessage(_as_output_headers(whole))

    def _greeting(self, data: bytes) -> bytes:
        """Take the first line off, which no empty line follows, and return what is behind it."""
        self._rest += data
        seen = bytes(self._rest[:MAX_GREETING])
        line, found, _ = seen.partition(b"\n")
        if seen[: len(GREETING)] != GREETING[: len(seen)] or (not found and len(self._rest) > MAX_GREETING):
            raise ProtocolError(f"this is not AMI: the peer said {seen[:60]!r}, not {GREETING.decode()!r}")
        if not found:
            return b""
        self.version = _text(line[len(GREETING) :].strip()) or "unknown"
        behind = bytes(self._rest[len(line) + 1 :])
        self._rest.clear()
        return behind

    def _blocks(self, data: bytes) -> list[bytes]:
        """The complete blocks. A seam is searched once, so that a slow trickle costs no more than a flood."""
        complete = END in bytes(self._rest[-3:]) + data
        self._rest += data
        if not complete:
            return []
        *blocks, rest = bytes(self._rest).split(END)
        self._rest = bytearray(rest)
        return blocks


def _check(block: bytes) -> None:
    _check_size(len(block))
    if block.count(b"\n") >= MAX_HEADERS:
        raise ProtocolError(f"a message has more than {MAX_HEADERS} headers")
    if max(map(len, block.split(b"\n"))) > MAX_LINE:
        raise ProtocolError(f"a line is longer than {MAX_LINE} bytes")


def _check_size(size: int) -> None:
    if size > MAX_MESSAGE:
        raise ProtocolError(f"a message is longer than {MAX_MESSAGE} bytes")


def _as_output_headers(block: bytes) -> bytes:
    """The whole answer to a command as Asterisk 14 and later send it: a header per line."""
    head, _, body = block[: block.rindex(COMMAND_END)].partition(b"\r\n")
    lines = [head]
    while body.startswith((b"Privilege: ", b"ActionID: ")):
        line, _, body = body.partition(b"\r\n")
        lines.append(line)
    output = body.removesuffix(b"\n").split(b"\n") if body else []
    lines += [b"Output: " + line.removesuffix(b"\r") for line in output]
    return b"\r\n".join(lines)


@dataclass(frozen=True, slots=True)
class Reply:
    """What Asterisk answered to one action.

    Attributes:
        response: the response itself.
        items: for a list, its events in their order, without the one that ends it.
    """

    response: AmiMessage
    items: tuple[AmiMessage, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether Asterisk did not answer with an error."""
        return self.response.response in {"Success", "Goodbye", "Follows"}

    @property
    def error(self) -> str:
        """Asterisk's reason for an error."""
        return "" if self.ok else self.response.get("Message").strip()

    @property
    def action_id(self) -> str:
        """The id that was sent with the action."""
        return self.response.get("ActionID")


class Replies:
    """Parts replies from events, and gathers the items of a list.

    Asterisk answers the actions of one connection one after another, and no event that just happened comes
    between a list's begin and its end; so items are told by position, as some carry no ActionID.
    """

    def __init__(self) -> None:
        self._opening: AmiMessage | None = None
        self._items: list[AmiMessage] = []
        self._size = 0

    def sort(self, messages: Iterable[AmiMessage]) -> tuple[list[Reply], list[AmiMessage]]:
        """The replies that are complete now, and the events that belong to none.

        Raises:
            ProtocolError: a list has too many items, or too long ones.
        """
        replies: list[Reply] = []
        events: list[AmiMessage] = []
        for message in messages:
            if message.response:
                replies.extend(self._respond(message))
            elif self._opening and message.get("ActionID", self._id) == self._id:
                replies.extend(self._item(message, self._opening))
            else:
                events.append(message)
        return replies, events

    @property
    def _id(self) -> str:
        return self._opening.get("ActionID") if self._opening else ""

    def _respond(self, message: AmiMessage) -> Iterator[Reply]:
        self._opening, self._items, self._size = None, [], 0
        if message.get("EventList").lower() == "start" or _opens_one(message):
            self._opening = message
        else:
            yield Reply(message)

    def _item(self, message: AmiMessage, opening: AmiMessage) -> Iterator[Reply]:
        complete = message.get("EventList") in {"Complete", "cancelled"}
        if not complete:
            self._items.append(message)
            self._size += len(message.raw)
        if complete or _opens_one(opening):
            yield Reply(opening, tuple(self._items))
            self._opening, self._items = None, []
        elif len(self._items) > MAX_ITEMS or self._size > MAX_LIST:
            raise ProtocolError(f"a list has more than {MAX_ITEMS} items, or {MAX_LIST} bytes")


def _opens_one(response: AmiMessage) -> bool:
    return response.get("Message").endswith(ONE_EVENT) and not response.get("EventList")
