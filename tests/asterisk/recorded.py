"""Replies and events that real Asterisk servers sent, from tests/data/ami."""

from pathlib import Path

from bridge.protocols.ami import AmiMessage, AmiParser, Replies, Reply

DATA = Path(__file__).parents[1] / "data" / "ami"


def reply(name: str) -> Reply:
    """The one reply of a recorded file, such as `22/CoreStatus`."""
    (only,), _ = Replies().sort(_messages(b"Asterisk Call Manager/1\r\n" + raw(name)))
    return only


def events(name: str) -> list[AmiMessage]:
    """The events of a recorded session, such as `16/events`."""
    return Replies().sort(_messages(raw(name)))[1]


def raw(name: str) -> bytes:
    """The bytes of a recorded file."""
    return (DATA / f"{name}.txt").read_bytes()


def said(*lines: str) -> Reply:
    """A reply of one response, for what no recording holds."""
    return Reply(AmiMessage("\r\n".join(lines).encode()))


def event(*lines: str) -> AmiMessage:
    """An event, for what no recording holds."""
    return AmiMessage("\r\n".join(lines).encode())


def _messages(stream: bytes) -> list[AmiMessage]:
    return AmiParser().feed(stream)
