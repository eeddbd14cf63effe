"""5,000 hostile payloads, made of good ones: nothing happens that a good request does not ask for."""

import json
import random
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest

from bridge.core.alert import Happening, Notice, notice_in
from bridge.pipeline.requests import (
    GLOBS_LIMIT,
)
from bridge.protocols.request_fields import TEXT_LIMIT
from bridge.protocols.requests import Verb
from tests.pipeline.asked import World

GOOD: list[tuple[str, dict[str, Any]]] = [
    ("ack", {"rule": "trunk_*", "pbx": "hq", "transaction": 7}),
    ("ack", {"labels": {"pbx": "lab", "trunk": ["a", "b*"]}, "transaction": "t1"}),
    ("ack", {"all": True}),
    ("silence", {"rule": "trunk_down", "labels": {"trunk": "a"}, "duration": "2h", "comment": "works"}),
    ("silence", {"pbx": ["hq", "lab"], "duration": 60}),
    ("unsilence", {"id": "0123456789ab"}),
    ("list", {"state": ["firing"]}),
    ("health", {}),
]
WRONG: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**70,
    "",
    "x",
    "*",
    "\x1b[2J",
    "\ud800",
    [],
    {},
    [[]],
    {"a": {}},
    ["*", 1],
]
EVIL = [
    "*a" * 64 + "b",
    "[!a]*" * 40,
    "?*" * 60,
    "[" * 99,
    "(a+)+$" * 9,
    "*" * 300,
    "hq\0",
    "../../etc",
    "' OR 1=1",
    "%s%n",
]
NUMBERS = ["NaN", "-Infinity", "1e999", "-1e400", "9" * 3000, "0.1e-999", "1" + "0" * 400]

Mutation = Callable[[random.Random, dict[str, Any]], bytes]


def _dumps(given: object) -> bytes:
    return json.dumps(given).encode()


def random_bytes(rng: random.Random, _: dict[str, Any]) -> bytes:
    return rng.randbytes(rng.randrange(200))


def flipped(rng: random.Random, given: dict[str, Any]) -> bytes:
    data = bytearray(_dumps(given))
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data))
        data[at : at + rng.choice([0, 1, 1, 3])] = rng.choice(
            [b"", b'"', b"{", b"]", b",", b"\0", b"\xff", b"*"]
        )
    return bytes(data)


def cut(rng: random.Random, given: dict[str, Any]) -> bytes:
    data = _dumps(given)
    return data[: rng.randrange(len(data))]


def nested(rng: random.Random, given: dict[str, Any]) -> bytes:
    depth = rng.choice([8, 9, 100, 1000, 2000])
    inner = rng.choice([b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth])
    return _dumps(given)[:-1] + (b"," if given else b"") + b'"labels":' + inner + b"}"


def numbered(rng: random.Random, given: dict[str, Any]) -> bytes:
    name = rng.choice(["duration", "transaction", "id", "rule"])
    rest = {key: value for key, value in given.items() if key != name}
    return _dumps(rest)[:-1] + (b"," if rest else b"") + f'"{name}":{rng.choice(NUMBERS)}}}'.encode()


def wrong_type(rng: random.Random, given: dict[str, Any]) -> bytes:
    name = rng.choice([*given, "rule", "labels", "pbx", "id", "duration", "comment", "state", "transaction"])
    return _dumps({**given, name: rng.choice(WRONG)})


def unknown(rng: random.Random, given: dict[str, Any]) -> bytes:
    name = "".join(rng.choices("abcdeilnrsu_\0ü", k=rng.randrange(1, 90)))
    return _dumps({**given, rng.choice([name, "command", "action", "__class__", "Rule"]): "x"})


def evil(rng: random.Random, given: dict[str, Any]) -> bytes:
    meant = {
        "rule": rng.choice(EVIL),
        "labels": {rng.choice(["trunk", *EVIL]): rng.choices(EVIL, k=rng.randrange(12))},
    }
    return _dumps({**given, **meant})


def others(rng: random.Random, given: dict[str, Any]) -> bytes:
    """Labels that are somebody else's, or nobody's."""
    names = rng.choices(["pbx", "trunk", "queue", "peer", "", "rule", "PBX"], k=2)
    return _dumps({**given, "labels": dict.fromkeys(names, rng.choice(["berlin", "hq*x", "!*", "b"]))})


def doubled(rng: random.Random, given: dict[str, Any]) -> bytes:
    data = _dumps(given)[1:-1]
    return b"{" + data + b"," + data + b"}"


def long(rng: random.Random, given: dict[str, Any]) -> bytes:
    return _dumps({**given, "comment": "x" * rng.choice([201, 4000, 5000, 100_000])})


def recoded(rng: random.Random, given: dict[str, Any]) -> bytes:
    return json.dumps(given).encode(rng.choice(["utf-16", "utf-32", "utf-8-sig", "cp500"]))


MUTATIONS: list[Mutation] = [
    *(random_bytes, flipped, cut, nested, numbered, wrong_type),
    *(unknown, evil, others, doubled, long, recoded),
]


def _may_mean(payload: bytes, notice: Notice) -> bool:
    """Whether a payload names the alert, by a reading of its own."""
    given = json.loads(payload)
    labels = dict(given.get("labels", {}), **({"pbx": given["pbx"]} if "pbx" in given else {}))
    has = dict(notice.key.labels)
    for name, globs in labels.items():
        listed = globs if isinstance(globs, list) else [globs]
        good = [each for each in listed if not each.startswith("!")]
        if good and not any(fnmatchcase(has.get(name, ""), each) for each in good):
            return False
    named = any(given.get(name) for name in ("rule", "labels", "pbx", "id")) or given.get("all") is True
    return (
        named
        and fnmatchcase(notice.key.rule, given.get("rule", "*"))
        and notice.key.id.startswith(given.get("id", "")[:12])
    )


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda each: each.__name__)
def test_of_5000_hostile_payloads_none_does_what_it_does_not_say(mutate: Mutation) -> None:
    """Each of 420 of its kind changes nothing and is told why, or changes what it names and nothing else."""
    rng = random.Random(mutate.__name__)
    world = World()
    for number in range(420):
        world = world if number % 20 else World()
        verb, given = rng.choice(GOOD)
        verb = verb if rng.random() < 0.9 else rng.choice(["", "reload", "originate", "ack/", *Verb])
        payload = mutate(rng, given)
        before = world.state()
        world.told.clear()

        response = world.ask(verb, payload)

        told = [notice_in(sample) for sample in world.told]
        if response["status"] == "error":
            assert response["error"].isprintable()
            assert response["data"] == {}
            assert (told, world.state()) == ([], before)
        elif verb in {"list", "health", "unsilence"}:
            assert (told, world.state()) == ([], before)
        else:
            assert all(_may_mean(payload, notice) for notice in told)
            assert {notice.happening for notice in told} <= {Happening.ACKNOWLEDGED, Happening.SILENCED}
            assert len(world.state()[1]) - len(before[1]) <= (verb == "silence")


@pytest.mark.timeout(60)
def test_a_hostile_payload_takes_no_time_beyond_measure() -> None:
    """With 1,000 alerts, and as many silences as there may be, each with as many globs as it may have."""
    world = World(trunks=1000)
    for number in range(GLOBS_LIMIT // 8):
        globs = [f"!*{number}a*{each}b*c" for each in range(7)]
        assert world.ask("silence", {"labels": {"trunk": globs}, "duration": 60})["status"] == "ok"
    rng = random.Random(5)

    took = []
    globs = [each for each in EVIL if each.isprintable() and len(each) <= TEXT_LIMIT]
    for verb in ["ack"] * 40 + ["silence"] * 10:
        meant = {"rule": rng.choice(["*", *globs]), "labels": {"trunk": ["!zz", *rng.choices(globs, k=6)]}}
        payload = meant | ({"duration": 60} if verb == "silence" else {})
        began = time.process_time()
        world.ask(verb, payload)
        took.append(time.process_time() - began)

    assert max(took) < 1.0
