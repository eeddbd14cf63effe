"""A scene: two PBXs with an hour behind them, one that does not answer, alerts, sinks and refused lines."""

import math
from collections.abc import Iterator
from typing import Any

from bridge.asterisk.catalog import CATALOG
from bridge.core.alert import Happening, Key, Notice, Severity, State
from bridge.core.rejected import Rejected
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.silence import Selector, Silence
from bridge.core.working import Working
from bridge.page.history import History
from bridge.page.model import Facts, Model, build
from bridge.page.search import find

NOW = 1_700_000_000.0
STEP = 15.0
QUEUES = {"support": 3.0, "sales": 1.0, "billing": 0.0}
TRUNKS = {"acme": 9.0, "backup": 0.0, "isdn": 3.0}
BOOKS = {"graphite": (1_804_221, 1_801_730), "http": (1_804_221, 1_804_221), "mqtt": (1_804_221, 1_804_209)}


def samples(now: float = NOW) -> Iterator[Sample]:
    """An hour of two PBXs, and the bridge's own numbers at its end."""
    for step in range(240, -1, -1):
        time = now - 3 - step * STEP
        for number, pbx in enumerate(("hq", "south")):
            yield from _moment(pbx, time, number)
    own = {
        "sink.accepted": {name: accepted for name, (accepted, _) in BOOKS.items()},
        "sink.delivered": {name: delivered for name, (_, delivered) in BOOKS.items()},
        "sink.buffered": {"graphite": 2300, "http": 0, "mqtt": 12},
        "spool.bytes": {"graphite": 3_211_264},
    }
    for name, values in own.items():
        for sink, value in values.items():
            yield Sample(CATALOG[name].series(BRIDGE, sink), float(value), now - 2)
    yield Sample(CATALOG["sink.dropped"].series(BRIDGE, "graphite", "too_old"), 191.0, now - 2)
    yield Sample(CATALOG["process.uptime"].series(BRIDGE), 1_036_800.0, now - 2)


def _moment(pbx: str, time: float, number: int) -> Iterator[Sample]:
    def sample(name: str, value: float, *labels: str) -> Sample:
        return Sample(CATALOG[name].series(pbx, *labels), value, time)

    wave = 1.4 + math.sin(time / 700 + number) + 0.4 * math.sin(time / 130)
    calls = max(0.0, round(wave * (9 - 5 * number)))
    yield sample("calls.active", calls)
    yield sample("channels.active", calls * 2 + round(max(0.0, wave)))
    yield sample("system.info", 1.0, "22.5.1")
    yield sample("system.uptime", 3_456_000.0 / (1 + number))
    for place, (queue, most) in enumerate(list(QUEUES.items())[: 3 - 2 * number]):
        waiting = max(0.0, round(most * (math.sin(time / 300 + place) + 0.3)))
        yield sample("queue.waiting", waiting, queue)
        yield sample("queue.longest_wait", waiting * 41, queue)
        yield sample("queue.members", 5.0 + place, queue)
        yield sample("queue.available", 2.0 + place, queue)
    for place, (trunk, most) in enumerate(list(TRUNKS.items())[: 3 - 2 * number]):
        yield sample("trunk.channels", max(0.0, round(most * (0.6 + 0.4 * math.sin(time / 500)))), trunk)
        yield sample("trunk.up", float(place != 1), trunk)


def history(now: float = NOW) -> History:
    """What the page remembers of it."""
    known = History()
    known.take(samples(now))
    return known


def alert(
    rule: str, *labels: str, severity: Severity = Severity.WARNING, state: State = State.FIRING, **more: Any
) -> Notice:
    """An alert on `hq`; labels are `name=value`."""
    pairs = (("pbx", "hq"), *((name, value) for name, _, value in (each.partition("=") for each in labels)))
    happening = Happening.FIRING if state is State.FIRING else Happening.PENDING
    return Notice(
        Key(rule, pairs), happening, NOW - 200, 7, state, severity, **{"since": NOW - 200.0, **more}
    )


ALERTS = (
    alert("queue_waiting", "queue=support", summary="The longest wait in queue support of hq is 41 s"),
    alert("trunk_down", "trunk=backup", severity=Severity.CRITICAL, summary="Trunk backup of hq is down"),
    alert("contact_slow", "aor=4021", state=State.PENDING, summary="Contact 4021 of hq answers in 0.61 s"),
)
PARTS = (
    Working("source", "hq", "ami", True, NOW - 86_000, NOW - 3, "the connection was closed", NOW - 86_100),
    Working("source", "hq", "snmp", True, NOW - 400_000, NOW - 11),
    Working("source", "south", "ami", True, NOW - 7000, NOW - 4),
    Working(
        "source",
        "north",
        "ami",
        False,
        NOW - 340,
        NOW - 355,
        "cannot reach 10.2.0.5:5038: no route to host; is the address right?",
        NOW - 12,
    ),
    Working("source", BRIDGE, "statsd", True, NOW - 400_000, NOW - 1),
    Working("sink", BRIDGE, "graphite", True, NOW - 9000, NOW - 1, "graphite:2003 refused", NOW - 9010),
    Working("sink", BRIDGE, "mqtt", True, NOW - 400_000, NOW - 1),
    Working("sink", BRIDGE, "http", True, NOW - 400_000, NOW - 1),
    Working("spool", BRIDGE, "graphite", True, NOW - 400_000, NOW - 1),
)
REJECTED = (
    Rejected(NOW - 4000, "udp 0.0.0.0:8125", "10.0.0.9", "no_value", b"GET / HTTP/1.1"),
    Rejected(NOW - 70, "udp 0.0.0.0:8125", "10.0.0.5", "bad_type", b"shop.orders:1|x"),
)
SETTINGS: dict[str, Any] = {
    "pbx": {"hq": {"ami": {"host": "10.0.0.5", "username": "bridge", "secret": "**********"}}},
    "graphite": {"url": ["tcp://graphite:2003"], "layout": "path"},
    "alerts": {"commands": True, "rule": {"queue_waiting": {"metric": "queue.waiting", "above": 2.0}}},
    "self_interval": 10.0,
}


def facts(**other: Any) -> Facts:
    """What is known besides samples."""
    known = {
        "now": NOW,
        "parts": PARTS,
        "alerts": ALERTS,
        "silences": (Silence(Selector("registration_*"), NOW + 3600, "new provider"),),
        "rejected": REJECTED,
        "settings": SETTINGS,
        "metrics": CATALOG,
        "version": "0.6.0",
        "commands": True,
    }
    return Facts(**{**known, **other})


def model(query: str = "", **other: Any) -> Model:
    """All of it as the page shows it."""
    known = history()
    return build(known, facts(**other), find(query, known.everything(NOW)))


def series(name: str, pbx: str = "hq", **labels: str) -> Series:
    return Series(name, (("pbx", pbx), *labels.items()))


def sample_of(name: str, value: float, *labels: str, pbx: str = "hq") -> Sample:
    """A sample of the catalogue, as of now."""
    return Sample(CATALOG[name].series(pbx, *labels), value, NOW)
