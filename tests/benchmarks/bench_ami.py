"""AMI events per second on one core: bytes, in pieces as a socket gives them, to everything that is known.

    python -m tests.benchmarks.bench_ami [--events 200000] [--fast 1000000] [--rounds 3] [--smoke]

The stream is a recorded session of Asterisk 22 with calls of all kinds, over and over, each time with
channels, calls and bridges of its own. `everything` is what an account with all classes hears; `asked for` is
what the bridge asks for. Beside it, on the same bytes in the same run, the parser of panoramisk with one
callback, if it is installed (extra `bench`); the bridge's figure is parser and tracker together. Python's
collector of cycles is set as the bridge sets it, for all of them.

What is longest at once is what may stall the event loop: a read of a socket with all that its events do, a
look at everything that is known, and a step in which a poll's list of all channels is worked in.
"""

import argparse
import contextlib
import gc
import importlib
import importlib.util
import operator
import re
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from bridge import collecting
from bridge.asterisk.actions import CHANNELS
from bridge.asterisk.model import Replies as Answers
from bridge.asterisk.tracker import Tracker
from bridge.protocols.ami import AmiMessage, AmiParser, Replies, Reply
from bridge.sources.ami.source import CLASSES
from tests import recordings
from tests.benchmarks import wording

PIECE = 65_536
RATE = 1000
"""Events a second that the tracker is told: a very busy PBX."""
POLL_SECONDS = 15
POLL = POLL_SECONDS * RATE
"""Events between two polls."""
LIVE, LISTED = 5_000, 10_000
"""Calls that are up while memory, and while polls are measured; each has two channels or more."""
DONE = object()
FAST = 20_000
"""Events a second at which stalls are looked for: twenty very busy PBXs."""
AGED = 60
"""Seconds after the last event when memory is measured: what is kept for seconds only is gone."""
ASKED = frozenset(CLASSES.split(","))
OURS, PANORAMISK = "parser and tracker", "panoramisk's parser"
OWN = re.compile(
    rb"(?<=22-main-)17(?=[0-9]{8}\.)|(?<=BridgeUniqueid: )[0-9a-f]{4}|(?<=@lab-)0000(?=[0-9a-f]{4};)"
)
"""What is different in each repetition: the beginning of every id of a channel, call or bridge."""
GREETING = b"Asterisk Call Manager/11.0.0\r\n"
END = b"\r\n\r\n"

Run = Callable[[Sequence[bytes]], int]
"""Takes the reads of a socket; returns how many events came out."""


def repeated(events: Sequence[bytes], count: int) -> bytes:
    """A greeting and `count` events, in rounds that have nothing in common."""
    blocks = [GREETING]
    for start in range(0, count, len(events)):
        text = END.join(events[: count - start]) + END
        blocks.append(OWN.sub(b"%04x" % (start // len(events)), text))
    return b"".join(blocks)


def recorded(classes: frozenset[str] | None = None) -> list[bytes]:
    """The blocks of the recording; of some classes only, if they are given."""
    messages = [heard.message for heard in recordings.ami("mixed-22")]
    lasting = [message for message in messages if message.event not in {"Shutdown", "FullyBooted"}]
    return [message.raw for message in lasting if classes is None or is_of(message, classes)]


def is_of(message: AmiMessage, classes: frozenset[str]) -> bool:
    """Whether a session of these classes hears it."""
    return not classes.isdisjoint(message.get("Privilege").split(","))


def pieces(data: bytes) -> Iterator[bytes]:
    """The stream as reads of a socket."""
    return (data[start : start + PIECE] for start in range(0, len(data), PIECE))


def ours(reads: Sequence[bytes]) -> int:
    """Parser and tracker with every model, which is asked for all that it knows as often as at polls."""
    parser, replies, tracker = AmiParser(), Replies(), Tracker("hq")
    tracker.sync({}, 0)
    taken = 0
    for read in reads:
        for message in replies.sort(parser.feed(read))[1]:
            tracker.take(message, taken / RATE)
            taken += 1
            if taken % POLL == 0:
                tracker.samples(taken / RATE, taken / RATE)
    return taken


def parsed(reads: Sequence[bytes]) -> int:
    """The parser alone."""
    parser, replies = AmiParser(), Replies()
    return sum(len(replies.sort(parser.feed(read))[1]) for read in reads)


def panoramisk(reads: Sequence[bytes]) -> int:
    """Its protocol with one callback for every event."""
    heard: list[int] = []
    manager = importlib.import_module("panoramisk").Manager()
    manager.register_event("*", lambda _, __: heard.append(1))
    protocol = importlib.import_module("panoramisk.ami_protocol").AMIProtocol()
    protocol.connection_made(None)
    protocol.factory = manager
    for read in reads:
        protocol.data_received(read)
    return len(heard)


def rate(run: Run, reads: Sequence[bytes], events: int) -> float:
    """Events per second of processor time."""
    collecting.settle()
    started = time.process_time()
    taken = run(reads)
    seconds = time.process_time() - started
    assert taken == events, f"{taken} of {events} events came out"
    return events / seconds


def stalls(events: Sequence[bytes], count: int) -> tuple[list[float], list[float]]:
    """Processor seconds of every read, and of the longest step of every poll: they hold up the loop."""
    parser, replies, tracker = AmiParser(), Replies(), Tracker("hq")
    tracker.sync({}, 0)
    taken = 0
    reads: list[float] = []
    polls: list[float] = []
    for read in pieces(repeated(events, count)):
        started = time.process_time()
        for message in replies.sort(parser.feed(read))[1]:
            tracker.take(message, taken / FAST)
            taken += 1
        reads.append(time.process_time() - started)
        if taken // (POLL_SECONDS * FAST) > len(polls):
            polls.append(max(timed(partial(next, one_poll(tracker, taken / FAST, {}), DONE))))
    return reads, polls


def steps_of_polls(calls: int) -> tuple[list[float], int]:
    """Processor seconds of every step of two polls, of which each lists all channels, and their number."""
    call = a_call_that_is_up()
    parser, replies, tracker = AmiParser(), Replies(), Tracker("hq")
    tracker.sync({}, 0)
    living: dict[str, bytes] = {}
    for read in pieces(repeated(call, calls * len(call))):
        for message in replies.sort(parser.feed(read))[1]:
            tracker.take(message, 1)
            if message.event in {"Newchannel", "Newstate"}:
                living[message.get("Uniqueid")] = message.raw
    tracker.samples(RATE, RATE)
    steps: list[float] = []
    for asked in (RATE, 2 * RATE):
        poll = one_poll(tracker, asked, listed(living.values()))
        collecting.settle()
        steps += timed(partial(next, poll, DONE))
    return steps, len(living)


def listed(channels: Iterable[bytes]) -> Answers:
    """A list of channels, of each of which an event is given."""
    items = tuple(AmiMessage(b"Event: CoreShowChannel" + raw[raw.index(b"\r") :]) for raw in channels)
    return {CHANNELS: Reply(AmiMessage(b"Response: Success"), items)}


def one_poll(tracker: Tracker, asked: float, answers: Answers) -> Iterator[None]:
    """The steps in which the answers are worked in, and all is looked at."""
    yield from tracker.steps(answers, asked)
    tracker.samples(asked, asked)


def timed(work: Callable[[], object]) -> Iterator[float]:
    """Processor seconds of each call, until one gives `DONE`."""
    result: object = None
    while result is not DONE:
        started = time.process_time()
        result = work()
        yield time.process_time() - started


def memory(calls: int) -> tuple[float, int]:
    """Bytes for each live channel, and how many channels there were."""
    call = a_call_that_is_up()
    channels = calls * sum(block.startswith(b"Event: Newchannel") for block in call)
    reads = list(pieces(repeated(call, calls * len(call))))
    parser, replies, tracker = AmiParser(), Replies(), Tracker("hq")
    tracker.sync({}, 0)
    gc.collect()
    tracemalloc.start()
    for number, read in enumerate(reads):
        for message in replies.sort(parser.feed(read))[1]:
            tracker.take(message, number)
    tracker.samples(len(reads) + AGED, 0)
    gc.collect()
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return used / channels, channels


def a_call_that_is_up() -> list[bytes]:
    """The events of one recorded call until it is torn down."""
    messages = [heard.message for heard in recordings.ami("mixed-22")]
    linked = next(message.get("Linkedid") for message in messages if message.event == "BridgeEnter")
    call = [m for m in messages if linked in {m.get("Linkedid"), m.get("DestLinkedid")}]
    end = next(number for number, message in enumerate(call) if message.event.endswith("HangupRequest"))
    return [message.raw for message in call[:end] if is_of(message, ASKED)]


def compare(title: str, events: Sequence[bytes], count: int, rounds: int) -> None:
    """Print the median of each over the rounds, which take turns."""
    runs: dict[str, Run] = {OURS: ours, "parser alone": parsed}
    if importlib.util.find_spec("panoramisk"):
        runs[PANORAMISK] = panoramisk
    data = repeated(events, count)
    reads = list(pieces(data))
    figures: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            figures[name].append(rate(run, reads, count))
    print(f"{title}, {len(data) / count:.0f} bytes an event:")
    for name, rates in figures.items():
        median = statistics.median(rates)
        print(f"  {name}: {median:,.0f} events/s, {1e6 / median:.2f} us each")
    if PANORAMISK in figures:
        ratios = map(operator.truediv, figures[OURS], figures[PANORAMISK])
        print(f"  {OURS} is {statistics.median(ratios):.1f} times {PANORAMISK}")


def main() -> None:
    """Print all figures."""
    arguments = wording.options(__doc__)
    arguments.add_argument("--events", type=int, default=200_000)
    arguments.add_argument("--fast", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    if options.smoke:
        options.events, options.fast, options.rounds = 4_000, 4_000, 1
    with as_the_bridge_collects():
        tell(options)


@contextlib.contextmanager
def as_the_bridge_collects() -> Iterator[None]:
    """Python's collector of cycles looks at the young only."""
    youngest, young, old = gc.get_threshold()
    gc.set_threshold(youngest, young, collecting.NEVER)
    yield
    gc.set_threshold(youngest, young, old)


def tell(options: argparse.Namespace) -> None:
    """Measure and print."""
    compare("everything", recorded(), options.events, options.rounds)
    compare("asked for", recorded(ASKED), options.events, options.rounds)
    reads, polls = stalls(recorded(ASKED), options.fast)
    print(f"asked for, {FAST:,} events a second, {options.fast:,} of them:")
    print(f"  longest read {max(reads) * 1e3:.0f} ms, step of a poll {max(polls, default=0) * 1e3:.0f} ms")
    channels = 200 if options.smoke else LISTED
    steps, listed = steps_of_polls(channels)
    print(f"{listed:,} live channels: longest step of a poll {max(steps) * 1000:.0f} ms, of {len(steps)}")
    each, channels = memory(200 if options.smoke else LIVE)
    print(f"memory: {each:,.0f} bytes for each of {channels:,} live channels")


if __name__ == "__main__":
    main()
