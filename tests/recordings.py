"""The recordings of tests/data/recordings: real traffic, and what Asterisk wrote down meanwhile."""

import csv
import gzip
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bridge.protocols.ami import AmiMessage, AmiParser, Replies
from tests.servers.snmpd import Values, recorded

FOLDER = Path(__file__).parent / "data" / "recordings"
AMI = ("mixed-22", "queues-16", "rtp-22", "failures-16")
"""The folders in which a session listened to AMI."""
STATSD = (*AMI, "churn-22", "statsd-22")
"""The folders in which a port listened to StatsD."""
ALL = (*STATSD, "queues-22")


class Heard(NamedTuple):
    """An event, and when Asterisk wrote it, in Unix seconds."""

    message: AmiMessage
    time: float


class Datagram(NamedTuple):
    """What came to the StatsD port, and how many seconds after the recorder began."""

    time: float
    data: bytes


@cache
def ami(folder: str, name: str = "ami-events") -> tuple[Heard, ...]:
    """The events of a session in their order."""
    stream = gzip.decompress((FOLDER / folder / f"{name}.txt.gz").read_bytes())
    _, events = Replies().sort(AmiParser().feed(stream))
    last = next(float(told) for event in events if (told := event.get("Timestamp")))
    heard: list[Heard] = []
    for event in events:
        last = float(event.get("Timestamp", str(last)))
        heard.append(Heard(event, last))
    return tuple(heard)


def sessions(folder: str) -> list[tuple[Heard, ...]]:
    """All sessions that listened, one after the other."""
    paths = sorted((FOLDER / folder).glob("ami-events*.txt.gz"), key=lambda path: len(path.name))
    return [ami(folder, path.name.removesuffix(".txt.gz")) for path in paths]


def statsd(folder: str) -> list[Datagram]:
    """The datagrams in their order."""
    name = "statsd.jsonl.gz"
    items = map(json.loads, lines(folder, name) if (FOLDER / folder / name).exists() else ())
    return [Datagram(item["t"], item["text"].encode("latin-1")) for item in items]


def dialplan(folder: str) -> dict[str, list[bytes]]:
    """The datagrams that the application StatsD sent, by the settings of statsd.conf."""
    found = {}
    for path in sorted((FOLDER / folder).glob("statsd-app-*.json.gz")):
        cases = json.loads("".join(lines(folder, path.name)))["cases"]
        texts = [bytes.fromhex(sent["hex"]) for case in cases for sent in case["datagrams"]]
        found[path.name.removesuffix(".json.gz")] = texts
    return found


class Polled(NamedTuple):
    """What SNMP answered, when, in seconds since the recorder began, and the rows of the channel table."""

    time: float
    values: Values
    channels: int


def walks(folder: str) -> dict[str, Values]:
    """What walks of the whole MIB brought, by name."""
    found = sorted((FOLDER / folder).glob("asterisk-mib-*.snmprec.gz"))
    return {path.name.removesuffix(".snmprec.gz"): recorded(lines(folder, path.name)) for path in found}


def polls(folder: str) -> list[Polled]:
    """The polls in their order."""
    name = "polls.jsonl.gz"
    items = map(json.loads, lines(folder, name) if (FOLDER / folder / name).exists() else ())
    return [Polled(item["t"], recorded(item["values"]), item["channels"]) for item in items]


def table(folder: str, name: str) -> list[list[str]]:
    """The rows of `cdr-custom` or `cel-custom`, which Asterisk wrote down."""
    return list(csv.reader(lines(folder, f"{name}.csv.gz")))


def queue_log(folder: str) -> list[str]:
    """What Asterisk wrote down of its queues, a row to a line."""
    return lines(folder, "queue_log.txt")


def lines(folder: str, name: str) -> list[str]:
    """The lines of a text, which may be compressed."""
    path = FOLDER / folder / name
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return text.decode().splitlines()
