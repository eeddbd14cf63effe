"""Names of hostile series: they hold to the grammar of their peer, and two series never share one."""

import json
import re
from typing import Literal

from bridge.asterisk.catalog import CATALOG
from bridge.core.sample import Sample, Series
from bridge.protocols.graphite import (
    LONGEST_NAME,
    Names,
    datagrams,
    path_layout,
    pickles,
    plaintext,
    tag_layout,
)
from bridge.protocols.mqtt import LONGEST_TOPIC, Availability, report
from bridge.protocols.mqtt_values import Values
from bridge.protocols.prometheus import exposition
from tests.fuzz.words import number, series

NOW = 1e9
WORD = r"[A-Za-z0-9_\-:@%]+"
PATH = re.compile(rf"{WORD}(\.{WORD}(={WORD})?)*")
TAGS = re.compile(rf"{WORD}(\.{WORD})*(;{WORD}=[A-Za-z0-9_\-:@%.]+)+")
"""carbon's own rule for tags, and stricter: nothing that it, whisper or a target would read otherwise."""
TOPIC = re.compile(r"[A-Za-z0-9_\-.~@:,()%=]+(/[A-Za-z0-9_\-.~@:,()%=]+)+")
NOW = 1e9
EXPOSED = re.compile(r'[a-z_]+\{([a-zA-Z_]\w*="([^"\\\n]|\\[\\n"])*",?)+\} -?[0-9.e+-]+')


def one(data: bytes) -> None:
    """Take two series and a number between NULs."""
    first, second, value, *_ = (*data.split(b"\0", 2), b"", b"")
    found = list(dict.fromkeys((series(first), series(second))))
    samples = [Sample(each, number(value), NOW) for each in found]
    _check_graphite(found, samples)
    _check_mqtt(samples)
    _check_prometheus(samples)


def _check_graphite(found: list[Series], samples: list[Sample]) -> None:
    for layout, grammar in ((path_layout("asterisk", CATALOG), PATH), (tag_layout("asterisk"), TAGS)):
        names = [name for name in map(layout, found) if name]
        assert len(set(names)) == len(names)
        assert all(grammar.fullmatch(name) and len(name) <= LONGEST_NAME for name in names)
        known = Names(layout)
        text = b"".join(plaintext(samples, known))
        assert text.count(b"\n") == len(names)
        assert all(len(line.split(b" ")) == 3 for line in text.splitlines())
        assert len(b"".join(datagrams(samples, known))) == len(text)
        assert bool([*pickles(samples, known)]) == bool(names)


def _check_mqtt(samples: list[Sample]) -> None:
    layouts: tuple[Literal["entity", "metric"], ...] = ("entity", "metric")
    for layout in layouts:
        values = Values("asterisk", layout, ())
        messages = values.update(samples, NOW)
        lost = sum(values.settle(()).values())
        payloads = [json.loads(message.payload) for message in messages]
        assert all(TOPIC.fullmatch(message.topic) for message in messages)
        assert all(len(message.topic) <= LONGEST_TOPIC for message in messages)
        said = sum(map(len, payloads)) if layout == "entity" else len(payloads)
        assert said + lost == len(samples)
    Availability("asterisk").update(samples, NOW)
    json.loads(report("asterisk", "info", {"samples": samples}).payload)


def _check_prometheus(samples: list[Sample]) -> None:
    lines = exposition(samples, CATALOG).split("\n")
    values = [line for line in lines if line and not line.startswith("#")]
    assert len(set(values)) == len(values) == len(samples)
    assert all(map(EXPOSED.fullmatch, values))
