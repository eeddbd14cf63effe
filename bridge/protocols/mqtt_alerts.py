"""What is published of alerts.

    <prefix>/<pbx>/alert/<rule>[/<label values>]   how the alert stands, retained; empty once it has gone
    <prefix>/<pbx>/event/alert                     what has happened to it, not retained
    <prefix>/bridge/request/<verb>                 what people ask for, if they may
    <prefix>/bridge/response/<verb>                what came of it, not retained

All are JSON objects with QoS 1. An event that comes twice has the same `id`.
"""

import json
from functools import lru_cache

from bridge.core.alert import Happening, Key, Notice
from bridge.core.sample import BRIDGE
from bridge.protocols.mqtt import LONGEST_TOPIC, Message, escape


def alert_topic(prefix: str, key: Key) -> str:
    """Where it is shown how an alert stands."""
    (_, pbx), *labels = key.labels
    parts = [escape(pbx), "alert", escape(key.rule), *(escape(value) for _, value in labels)]
    return "/".join([prefix, *parts])


def event_topic(prefix: str, pbx: str) -> str:
    """Where it is told what happens to the alerts of a PBX."""
    return f"{prefix}/{escape(pbx)}/event/alert"


def state_message(prefix: str, notice: Notice) -> Message:
    """How the alert stands; an empty message takes what has gone off the broker."""
    gone = notice.happening is Happening.GONE
    return Message(alert_topic(prefix, notice.key), b"" if gone else _shown(notice))


def event_message(prefix: str, notice: Notice) -> Message:
    """What has happened to the alert."""
    happened = f'{{"event_type":"{notice.happening.value}","time":{json.dumps(notice.time)},'
    payload = happened.encode() + _shown(notice)[1:]
    return Message(event_topic(prefix, notice.key.pbx), payload, retain=False)


def request_topic(prefix: str, verb: str) -> str:
    """Where people ask for something; `+` for all verbs."""
    return f"{prefix}/{BRIDGE}/request/{verb}"


def response_topic(prefix: str, verb: str) -> str:
    """Where it is told what came of it."""
    return f"{prefix}/{BRIDGE}/response/{escape(verb)}"


def fits(message: Message) -> bool:
    """Whether its topic can be sent."""
    return len(message.topic) <= LONGEST_TOPIC


@lru_cache(16)
def _shown(notice: Notice) -> bytes:
    """How the alert stands, which both messages say."""
    return json.dumps(notice.shown(), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
