"""Replies that are no answers: each is counted under its reason, and nothing else happens.

The agent is a fake, since snmpd sends none of this.
"""

import random
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from bridge.asterisk.mib import OBJECTS, Syntax, Value
from bridge.core.sample import BRIDGE
from tests.memory import held
from tests.servers.snmpd import recording
from tests.sources.snmp.bench import EACH, GOOD, HONEST, NAME, Bench, before, one, run, wrapped
from tests.sources.snmp.engines import both
from tests.sources.snmp.forger import (
    GET,
    NULL,
    Elsewhere,
    Honest,
    Request,
    head,
    message,
    number,
    oid,
    pdu,
    reply,
    tlv,
)

MIB = 1024 * 1024


def nested(depth: int) -> bytes:
    """A value of containers in containers."""
    heads: list[bytes] = []
    size = 0
    for _ in range(depth):
        heads.append(head(0x30, size))
        size += len(heads[-1])
    return b"".join(reversed(heads))


def long_tag(octets: int) -> bytes:
    return b"\x3f" + b"\xff" * (octets - 1) + b"\x7f\x01\x00"


Kind = Callable[[Request, random.Random], bytes]
MALFORMED: dict[str, tuple[str, Kind]] = {
    "cut short": ("truncated", lambda asked, dice: one(asked, NAME, GOOD)[: dice.randrange(3, 40)]),
    "a length without an end": (
        "indefinite length",
        lambda asked, _: one(asked, NAME, b"\x30\x80\0\0"),
    ),
    "a length of many octets": (
        "long length",
        lambda asked, _: one(asked, NAME, b"\x04\x88" + bytes(7) + b"\x01a"),
    ),
    "a tag of many octets": (
        "long tag",
        lambda asked, dice: one(asked, NAME, long_tag(dice.randrange(2, 900))),
    ),
    "an oid of continuations": (
        "bad oid",
        lambda asked, dice: one(asked, tlv(6, b"\x80" * dice.randrange(1, 900)), GOOD),
    ),
    "an oid with an arc of 33 bits": ("bad oid", lambda asked, _: one(asked, oid((1, 3, 1 << 32)), GOOD)),
    "an oid of 129 arcs": ("bad oid", lambda asked, _: one(asked, oid((1, 3, *range(127))), GOOD)),
    "containers in containers": (
        "bad shape",
        lambda asked, dice: one(asked, NAME, nested(dice.randrange(2, 90))),
    ),
    "a real number": ("bad shape", lambda asked, _: one(asked, NAME, tlv(9, b"\x80\x7f\xff"))),
    "a number of ten octets": ("bad number", lambda asked, _: one(asked, NAME, tlv(2, b"\x01" * 10))),
    "more behind the end": ("bad shape", lambda asked, _: one(asked, NAME, GOOD) + b"\0"),
    "513 variables": ("too many variables", lambda asked, _: wrapped(asked, *[tlv(0x30, NAME, GOOD)] * 513)),
    "another version": ("bad version", lambda asked, _: message(7, asked.community, pdu(asked.number, []))),
}
"""What is no SNMP: a name, the reason under which it is counted, and how it is made."""

FOREIGN: dict[str, tuple[str, Kind]] = {
    "another request": (
        "unmatched",
        lambda asked, dice: reply(
            asked._replace(number=asked.number + dice.randrange(1, 999)), [(NAME, GOOD)]
        ),
    ),
    "another community": (
        "other community",
        lambda asked, _: reply(asked._replace(community=b"other"), [(NAME, GOOD)]),
    ),
    "a question": (
        "not an answer",
        lambda asked, _: message(1, asked.community, pdu(asked.number, [(NAME, NULL)], kind=GET)),
    ),
    "another version, rightly made": (
        "unmatched",
        lambda asked, _: reply(asked._replace(version=0), [(NAME, GOOD)]),
    ),
    "a number that is too large for its type": (
        "undecodable",
        lambda asked, _: one(asked, NAME, tlv(0x41, b"\x7f" * 8)),
    ),
}
"""What is SNMP but no answer to what was asked."""


@both
def test_what_is_no_answer_is_counted_and_passed_over(caplog: pytest.LogCaptureFixture, engine: str) -> None:
    """It changes nothing: the poll that it comes to goes on to the good answer, and the log stays empty."""

    async def scenario(bench: Bench) -> None:
        expected = await bench.poll()
        dice = random.Random(0)
        for what, (reason, make) in {**MALFORMED, **FOREIGN}.items():
            bench = bench.again()
            bench.forger.script = before(HONEST, partial(many, make, dice))

            assert await bench.poll() == expected, what

            assert bench.errors() == {reason: EACH}, what
            assert not bench.errors(BRIDGE)

    run(scenario, engine=engine)
    assert not caplog.records


def many(make: Kind, dice: random.Random, asked: Request) -> Iterator[bytes]:
    return (make(asked, dice) for _ in range(EACH))


DECODERS: dict[str, tuple[str, int, Callable[[Request, int], bytes]]] = {
    "oids of up to 64 KB of continuations": (
        "bad oid",
        1000,
        lambda asked, place: one(asked, tlv(6, b"\x80" * (1024 + place * 63)), GOOD),
    ),
    "2 to 15,000 containers in containers, all that a datagram holds": (
        "bad shape",
        500,
        lambda asked, place: one(asked, NAME, nested(2 + place * 30)),
    ),
    "2 to 30,000 containers without a length": (
        "indefinite length",
        500,
        lambda asked, place: one(asked, NAME, b"\x30\x80" * (2 + place * 60)),
    ),
    "tags of 64 KB": ("long tag", 500, lambda asked, place: one(asked, NAME, long_tag(64_000 + place))),
    "oids of 64 KB of arcs": (
        "bad oid",
        500,
        lambda asked, place: one(asked, tlv(6, b"\x2b" + b"\xff\x7f" * (31_000 + place)), GOOD),
    ),
    "real numbers with huge exponents": (
        "bad shape",
        500,
        lambda asked, place: one(asked, NAME, tlv(9, b"\x83\x02" + b"\x7f" * (200 + place))),
    ),
}
"""What has made decoders slow, recursive or hungry: the reason, how many in a full run, how one is made."""


@both
@pytest.mark.parametrize("what", DECODERS)
def test_what_has_broken_decoders_is_refused_at_once(what: str, engine: str) -> None:
    """All are counted, none reaches the decoder, memory stays, and the good answer behind them is used."""
    reason, full, make = DECODERS[what]
    places = range(0, full, 100 // EACH)

    async def scenario(warm: Bench) -> None:
        warm.forger.script = before(HONEST, lambda asked: (make(asked, place) for place in range(20)))
        expected = await warm.poll()
        used = held()
        bench = warm.again()
        bench.forger.script = before(HONEST, lambda asked: (make(asked, place) for place in places))

        assert await bench.poll() == expected

        assert bench.errors() == {reason: len(places)}
        assert (held() - used) / MIB <= 4

    run(scenario, engine=engine)


def spoof(amount: int, asked: Request) -> Iterator[bytes]:
    """Replies of somebody who does not know the id, the community, the version or the port."""
    dice = random.Random(amount)
    lies = [(oid(name), number(666)) for name in asked.names]
    for _ in range(amount // 4):
        yield reply(asked._replace(number=dice.randrange(2**31)), lies)
        yield reply(asked._replace(community=dice.randbytes(6)), lies)
        yield reply(asked._replace(version=0), lies)
        yield Elsewhere(reply(asked, lies))


@both
def test_spoofed_replies(engine: str) -> None:
    """None is accepted. Each is counted: by the PBX whose agent's address it has, else by the bridge."""
    quarter = 25 * EACH

    async def scenario(bench: Bench) -> None:
        expected = await bench.poll()
        bench.forger.script = before(HONEST, lambda asked: spoof(4 * quarter, asked))

        assert await bench.poll() == expected

        assert bench.errors() == {"unmatched": 2 * quarter, "other community": quarter}
        assert bench.errors(BRIDGE) == {"unknown sender": quarter}

    run(scenario, engine=engine)


@both
def test_an_answer_may_be_as_large_as_a_datagram(engine: str) -> None:
    """What is within the limits is used, whatever its size."""
    large = {OBJECTS["astVersionString"].at(): Value(Syntax.TEXT, b"22" * 32_000)}

    async def scenario(bench: Bench) -> None:
        bench.forger.script = Honest(recording() | large)

        assert len(await bench.poll()) == 24
        assert not bench.errors()

    run(scenario, engine=engine)


@both
def test_a_reply_that_comes_twice_is_used_once(engine: str) -> None:
    """As the network may double it; the second is counted, and that of the last is nobody's."""

    async def scenario(bench: Bench) -> None:
        bench.forger.script = lambda asked: [*HONEST(asked)] * 2
        await bench.poll()
        await bench.until(3)

        assert bench.errors() + bench.errors(BRIDGE) == {"unmatched": 2, "unknown sender": 1}

    run(scenario, engine=engine)


@both
def test_an_agent_that_answers_only_nonsense_is_told_as_that(engine: str) -> None:
    """It is not called silent: the message gives the reason of the last refusal."""

    async def scenario(bench: Bench) -> None:
        bench.forger.script = lambda asked: [wrapped(asked)[:-3]]

        assert "answers what cannot be used: truncated" in await bench.failing()

    run(scenario, engine=engine, timeout=0.5)


@both
def test_an_answer_that_comes_too_late(engine: str) -> None:
    """Nobody waits for it any more; it is counted, and is not why the agent is called slow."""
    late: list[bytes] = []

    def script(asked: Request) -> Iterator[bytes]:
        if not late:
            late.extend(HONEST(asked))
            return
        yield from late
        yield from HONEST(asked)

    async def scenario(bench: Bench) -> None:
        bench.forger.script = script

        assert "answers for itself, but not in 0.3 s for Asterisk" in await bench.failing()

        assert bench.errors() == {"unmatched": 1}

    run(scenario, engine=engine, timeout=0.3)
