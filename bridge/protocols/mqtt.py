"""What is published over MQTT, in the manner of zigbee2mqtt. Those of values are in `mqtt_cells`.

    <prefix>/bridge/state              {"state":"online"}, also the Last Will
    <prefix>/bridge/info, .../health   JSON objects
    <prefix>/<pbx>/availability        {"state":"online"} while any source of the PBX answers

Label values are escaped so that no two series share a topic; `%XX` reads back with any URL decoder.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from bridge.core.naming import escaper
from bridge.core.own import SOURCE_UP
from bridge.core.sample import BRIDGE, Sample

SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~@:,()"
"""What stays as it is in a topic: neither `/ + # $`, nor blanks, nor anything beyond ASCII."""
RESERVED = frozenset({"availability", "alert", "event", "state", "info", "health", "request", "response"})
"""Words that stand where a group could: no group of the catalogue may have one as its name."""
LONGEST_TOPIC = 65_535
"""Bytes; the length of a topic is sent in 16 bits."""
AHEAD = 60.0
"""Seconds by which the clock of a sender may be ahead: what comes from later than that is not believed."""

REASONS = {
    0x80: "the connection was lost",
    0x84: "it does not speak this version of MQTT; set BRIDGE_MQTT__VERSION to the other one",
    0x85: "it does not accept the client id; set BRIDGE_MQTT__CLIENT_ID to another",
    0x86: "it does not accept the user; check BRIDGE_MQTT__USERNAME and BRIDGE_MQTT__PASSWORD",
    0x87: "it does not let the user in; check BRIDGE_MQTT__USERNAME and BRIDGE_MQTT__PASSWORD",
    0x8D: "it has been silent for too long",
    0x8E: "another client came with the same client id; give each bridge a BRIDGE_MQTT__CLIENT_ID of its own",
}
"""What reason codes of MQTT 5 (section 2.4) mean to the user, and what to do."""
HUNG_UP = (
    "it hung up before it answered; is the port the right one, for this version of MQTT, with or without "
    "TLS, and does it want a client certificate?"
)
"""The same for a broker that gives no reason."""

ONLINE = b'{"state":"online"}'
OFFLINE = b'{"state":"offline"}'

escape = escaper(SAFE)


class Message(NamedTuple):
    """One PUBLISH."""

    topic: str
    payload: bytes
    qos: Literal[0, 1] = 1
    retain: bool = True


def announce(prefix: str, online: bool) -> Message:
    """The birth message; with `online` false the Last Will, which is also the farewell."""
    return Message(f"{prefix}/{BRIDGE}/state", ONLINE if online else OFFLINE)


def report(prefix: str, name: Literal["info", "health"], content: Mapping[str, object]) -> Message:
    """What the bridge tells of itself as a JSON object; what JSON does not know becomes text."""
    payload = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)
    return Message(f"{prefix}/{BRIDGE}/{name}", payload.encode("utf-8", "replace"))


def late(time: float, last: float | None, horizon: float) -> bool:
    """Whether a sample must not take the place of another.

    It must not if it is older; but where only one of both times can be true, that one counts.

    Args:
        time: of the sample, Unix time in seconds.
        last: of the one that stands there; None if there is none.
        horizon: what lies beyond this is in the future: a clock was wrong.
    """
    return last is not None and (time < last <= horizon or last <= horizon < time)


class Availability:
    """Which PBXs can be reached, from the samples of `source.up`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._sources: dict[str, dict[str, Sample]] = {}

    def update(self, samples: Iterable[Sample], now: float) -> list[Message]:
        """Take samples at `now` (Unix time in seconds), and pass over those that come late.

        Returns:
            A message for each PBX whose availability changed or was heard of first.
        """
        before = {pbx: self._online(pbx) for pbx in self._sources}
        for sample in samples:
            series = sample.series
            if series.name == SOURCE_UP.name and series.pbx != BRIDGE:
                (_, pbx), (_, source) = series.labels
                sources = self._sources.setdefault(pbx, {})
                last = sources.get(source)
                if not late(sample.time, last and last.time, now + AHEAD):
                    sources[source] = sample
        return [self._message(pbx) for pbx in self._sources if before.get(pbx) != self._online(pbx)]

    def everything(self) -> list[Message]:
        """A message for each PBX."""
        return [self._message(pbx) for pbx in self._sources]

    def _online(self, pbx: str) -> bool:
        return any(sample.value for sample in self._sources[pbx].values())

    def _message(self, pbx: str) -> Message:
        return Message(f"{self._prefix}/{escape(pbx)}/availability", ONLINE if self._online(pbx) else OFFLINE)


def client_id(host: str) -> str:
    """The default client id: without `+ # /`, which some brokers read as wildcards in their access lists."""
    return "asterisk-bridge-" + re.sub(r"[^A-Za-z0-9.-]", "-", host)


def acl(prefix: str, username: str, others: Iterable[str] = ()) -> str:
    """The access list for mosquitto (`acl_file`) that allows what the bridge does, and nothing else.

    Args:
        prefix: the first part of every topic.
        username: the user as which the bridge logs in; empty for a broker without users.
        others: lines for what is done beside publishing below the prefix.
    """
    user = [f"user {username}"] if username else []
    state = announce(prefix, online=True).topic
    return "\n".join([*user, f"topic write {prefix}/#", f"topic read {state}", *others, ""])
