"""Whatever a PBX says, no model fails, every gauge is a number, and no total falls below 0."""

import math
import random
import re

from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.actions import Action
from bridge.asterisk.tracker import MODELS, Tracker
from bridge.core.counter import Tally
from bridge.protocols.ami import AmiMessage, Reply
from tests.asterisk.recorded import DATA, events, reply

HEARD = {event for model in MODELS for event in model("hq", Tally()).hears()}
REPLIES = [
    (path.stem.partition("-")[0], reply(f"{path.parent.name}/{path.stem}"))
    for path in sorted(DATA.glob("*/[A-Z]*.txt"))
    if path.read_bytes().startswith(b"Response: ")
]
"""What Asterisk answered, by the action."""
EVENTS = [
    message
    for name in ("22/events", "22/bridges", "16/events", "16/channel-use")
    for message in events(name)
    if message.event in HEARD
]
NONSENSE = (
    "",
    "a",
    "0",
    "-1",
    "1.5",
    "nan",
    "inf",
    "1e300",
    "9" * 400,
    "x" * 65_000,
    "\u2028",
    "PJSIP/",
    "a:1|c",
)


def garbled(message: AmiMessage, chance: random.Random) -> AmiMessage:
    """A recorded message of which some values are gone or are something else."""
    lines = []
    for key, value in message.pairs:
        fate = chance.random()
        if fate < 0.7 or key in {"Event", "Response"}:
            lines.append(f"{key}: {value}")
        elif fate < 0.9:
            lines.append(f"{key}: {chance.choice(NONSENSE)}")
    return AmiMessage("\r\n".join(lines).encode())


def answer(action: Action, chance: random.Random) -> Reply:
    """A recorded reply to the question that is asked, or else to any, garbled."""
    fitting = [found for name, found in REPLIES if name == action.name]
    found = chance.choice(fitting or [found for _, found in REPLIES])
    items = chance.choices(found.items, k=3) if found.items else []
    return Reply(garbled(found.response, chance), tuple(garbled(item, chance) for item in items))


@given(st.integers(min_value=0, max_value=2**32))
def test_nothing_that_a_pbx_says_does_harm(seed: int) -> None:
    tracker, now, chance = Tracker("hq"), 1000.0, random.Random(seed)

    for _ in range(4):
        for message in chance.choices(EVENTS, k=50):
            tracker.take(garbled(message, chance), now)
        known = {action: answer(action, chance) for action in tracker.asks}
        known |= {action: answer(action, chance) for action in tracker.further(known)}
        tracker.sync(known, now)
        assert [gauge for gauge in tracker.gauges(now, now) if not math.isfinite(gauge.value)] == []
        assert [total for total in tracker.totals.samples(now) if not 0 <= total.value < math.inf] == []
        if chance.random() < 0.3:
            tracker.lost()
        now += 15


CALLERS = re.compile(
    r"\w*(?:CallerID|ConnectedLine|CID)\w*|\w*Exten(?:sion)?|App(?:lication)?Data|LastData|Value|UserAgent|Source"
    r"|Destination|URI|Uri|From|To|Extra|DialString|PausedReason"
)
"""Headers that hold what callers say of themselves, dial, or send."""


def test_no_caller_makes_a_series() -> None:
    """Labels hold what is configured: nothing else, whatever 2,000 events say of callers."""
    chance = random.Random(1)
    clean, told = Tracker("hq"), Tracker("hq")

    for number in range(2_000):
        message = chance.choice(EVENTS)
        lines = [f"{key}: {value}" for key, value in message.pairs]
        forged = [
            f"{key}: {chance.choice(NONSENSE)}\x1b[31m\u202e{number}"
            if CALLERS.fullmatch(key)
            else f"{key}: {value}"
            for key, value in message.pairs
        ]
        clean.take(AmiMessage("\r\n".join(lines).encode()), 1000.0 + number / 100)
        told.take(AmiMessage("\r\n".join(forged).encode()), 1000.0 + number / 100)
    for tracker in (clean, told):
        known = {action: answer(action, random.Random(1)) for action in tracker.asks}
        tracker.sync(known, 999.0)

    assert len(labels(clean)) > 50
    assert labels(told) - labels(clean) == set()


def labels(tracker: Tracker) -> set[tuple[str, str]]:
    """All that tells series of it apart."""
    return {label for sample in tracker.samples(1021.0, 1021.0) for label in sample.series.labels}
