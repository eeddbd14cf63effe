"""What Asterisk says of channels, in short."""

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.protocols.ami import AmiMessage, Reply
from tests.asterisk.recorded import event, said
from tests.asterisk.telling import listed


def channel(what: str, key: str, state: str = "Ring", *, of: str = "", name: str = "") -> AmiMessage:
    """An event of channel `key`, which belongs to the call `of`, its own unless said otherwise."""
    return _event(what, *snapshot(key, state, of=of, name=name))


def hangup(key: str, cause: int = 16, *, of: str = "", name: str = "") -> AmiMessage:
    """The end of a channel."""
    return _event("Hangup", *snapshot(key, "Up", of=of, name=name), f"Cause: {cause}")


def dial(what: str, key: str, status: str = "", *, of: str = "", name: str = "") -> AmiMessage:
    """An event of dialling the leg `key`."""
    leg = (f"Dest{header}" for header in snapshot(key, "Ringing", of=of, name=name))
    return _event(what, *leg, *([f"DialStatus: {status}"] if status else []))


def snapshot(key: str, state: str, *, of: str = "", name: str = "") -> list[str]:
    """The headers that every event of a channel has."""
    return [
        f"Channel: {name or f'PJSIP/phone-{key[-8:]:0>8}'}",
        f"ChannelStateDesc: {state}",
        f"Uniqueid: {key}",
        f"Linkedid: {of or key}",
    ]


def channels(*rows: list[str], counted: int | None = None) -> dict[Action, Reply]:
    """The channels that there are, each a snapshot, and how many Asterisk counts."""
    pairs = ((line.partition(": ") for line in row) for row in rows)
    found = listed("CoreShowChannel", *({key: value for key, _, value in row} for row in pairs))
    if counted is None:
        return {actions.CHANNELS: found}
    status = said("Response: Success", f"CoreCurrentCalls: {counted}")
    return {actions.CHANNELS: found, actions.CORE_STATUS: status}


def _event(what: str, *headers: str) -> AmiMessage:
    return event(f"Event: {what}", "Privilege: call,all", *headers)
