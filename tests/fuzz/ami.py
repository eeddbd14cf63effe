"""AMI: cuts change nothing, every message can be read, no model fails, and no value becomes a header."""

import math
from itertools import cycle

from bridge.asterisk.tracker import Tracker
from bridge.errors import ProtocolError
from bridge.protocols.ami import AmiMessage, AmiParser, Replies
from bridge.protocols.ami_actions import encode_action
from tests.fuzz.words import texts

GREETING = b"Asterisk Call Manager/9.0.0\r\n"


def one(data: bytes) -> None:
    """Take what a PBX sends behind its greeting, and the same as values of an action."""
    whole, fault = _read(data, len(data))
    parts, fault_of_parts = _read(data, 1 + data[0] % 7 if data else 1)
    assert [message.raw for message in whole] == [message.raw for message in parts]
    assert fault == fault_of_parts
    for message in whole:
        _check(message)
    _check_models(whole)
    _check_action(data)


def _read(data: bytes, size: int) -> tuple[list[AmiMessage], bool]:
    """All messages, when as many bytes come at once, and whether the stream ended in a fault."""
    parser = AmiParser()
    messages = parser.feed(GREETING)
    try:
        for at in range(0, len(data), size or 1):
            messages += parser.feed(data[at : at + size])
        messages += parser.feed(b"")
    except ProtocolError:
        return messages, True
    return messages, False


def _check(message: AmiMessage) -> None:
    assert message.event or message.response
    for key, value in message.pairs:
        assert value.isprintable()
        assert message.get(key) in message.getall(key)


def _check_models(messages: list[AmiMessage]) -> None:
    """Events are heard before and after a poll, each of whose questions gets one of the answers."""
    try:
        replies, events = Replies().sort(messages)
    except ProtocolError:
        return
    tracker = Tracker("hq")
    for event in events[::2]:
        tracker.take(event, 0.0)
    if replies:
        known = dict(zip(tracker.asks, cycle(replies), strict=False))
        known |= dict(zip(tracker.further(known), cycle(replies), strict=False))
        tracker.sync(known, 1.0)
    for event in events[1::2]:
        tracker.take(event, 2.0)
    assert all(math.isfinite(sample.value) for sample in tracker.samples(3.0, 3.0))
    tracker.lost()


def _check_action(data: bytes) -> None:
    headers = [(key or "Key", value) for key, _, value in (text.partition("=") for text in texts(data))]
    try:
        action = encode_action("Ping", headers[:100])
    except ValueError:
        return
    assert action.count(b"\r\n") == action.count(b"\n") == min(len(headers), 100) + 2
