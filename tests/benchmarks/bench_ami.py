"""AMI events per second on one core: bytes, in pieces as a socket gives them, to totals.

    python -m tests.benchmarks.bench_ami [--events 200000] [--rounds 3]

The stream repeats what Asterisk 22 sent, in the shares of a busy PBX: a third variables, a fifth dialplan
steps. `asked for` is the same PBX as the bridge hears it, since it asks only for the classes it uses.
"""

import argparse
import itertools
import random
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from bridge.asterisk.events import EventTotals
from bridge.protocols.ami import AmiParser, Replies

RECORDED = Path(__file__).parents[1] / "data" / "ami" / "22" / "events.txt"
PIECE = 65_536
BUSY = {
    "VarSet": 34,
    "Newexten": 20,
    "Newstate": 8,
    "Newchannel": 5,
    "Hangup": 5,
    "RTCPSent": 5,
    "RTCPReceived": 5,
    "DeviceStateChange": 5,
    "BridgeEnter": 3,
    "BridgeLeave": 3,
    "DialBegin": 3,
    "DialEnd": 3,
    "ContactStatus": 1,
}
NOT_ASKED_FOR = {"VarSet", "Newexten", "RTCPSent", "RTCPReceived"}


def stream(count: int, shares: dict[str, int]) -> bytes:
    """A greeting and `count` recorded events, drawn by their shares."""
    greeting, _, body = RECORDED.read_bytes().partition(b"\r\n")
    recorded: dict[str, list[bytes]] = defaultdict(list)
    for block in body.split(b"\r\n\r\n"):
        if match := re.match(rb"Event: (\w+)\r\n", block):
            recorded[match[1].decode()].append(block + b"\r\n\r\n")
    draw = random.Random(1)
    names = draw.choices(list(shares), list(shares.values()), k=count)
    return greeting + b"\r\n" + b"".join(draw.choice(recorded[name]) for name in names)


def pieces(data: bytes) -> Iterator[bytes]:
    """The stream as reads of a socket."""
    return (data[start : start + PIECE] for start in range(0, len(data), PIECE))


def run(reads: Sequence[bytes]) -> tuple[float, int]:
    """Seconds of processor time, and how many events were taken."""
    parser, replies, totals = AmiParser(), Replies(), EventTotals("hq")
    started = time.process_time()
    taken = 0
    for read in reads:
        for message in replies.sort(parser.feed(read))[1]:
            totals.take(message, 0.0)
            taken += 1
    return time.process_time() - started, taken


def main() -> None:
    """Print the median over the rounds."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=200_000)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    asked = {name: share for name, share in BUSY.items() if name not in NOT_ASKED_FOR}
    for title, shares in (("everything", BUSY), ("asked for", asked)):
        data = stream(options.events, shares)
        reads = list(pieces(data))
        figures = []
        for _ in itertools.repeat(None, options.rounds):
            seconds, taken = run(reads)
            assert taken == options.events
            figures.append(taken / seconds)
        rate = statistics.median(figures)
        print(
            f"{title}: {rate:,.0f} events/s, {1e6 / rate:.2f} us each, {len(data) / options.events:.0f} bytes"
        )


if __name__ == "__main__":
    main()
