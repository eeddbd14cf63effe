"""The conservation oracle: numbered facts go in, obligations arise, and a judge looks at what came out.

A fact is a gauge of StatsD with a time of its own, so that none is added up with another. It becomes an
obligation when the pipeline accepts it; so does every other sample, such as those of AMI and SNMP. Nothing
that comes out may differ from an obligation, and none may be missing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bridge.asterisk.catalog import CATALOG
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample
from bridge.pipeline.health import Health
from bridge.protocols.graphite import Names, lines, path_layout

BUCKETS = 200
BEGIN = 1_700_000_000
PACKET = 40
"""Facts in a datagram: some 1,200 bytes."""


class Fact(NamedTuple):
    """One of the numbered facts: a value that no other has, in a bucket, at a second of its own."""

    number: int

    @property
    def bucket(self) -> str:
        return f"fact.{self.number % BUCKETS}"

    @property
    def time(self) -> int:
        return BEGIN + self.number // BUCKETS

    @property
    def statsd(self) -> str:
        """As it is sent."""
        return f"{self.bucket}:{self.number}|g|T{self.time}"

    @property
    def line(self) -> bytes:
        """As carbon must get it."""
        return f"asterisk.hq.statsd.{self.bucket} {self.number} {self.time}".encode()

    @property
    def topic(self) -> str:
        """Where an MQTT broker must get its number."""
        return f"asterisk/hq/statsd/{self.bucket}"


def packets(facts: Sequence[Fact]) -> Iterator[bytes]:
    """Facts as datagrams."""
    for start in range(0, len(facts), PACKET):
        yield "\n".join(fact.statsd for fact in facts[start : start + PACKET]).encode()


@dataclass(frozen=True, slots=True)
class Account:
    """The ledger of one sink at one moment."""

    accepted: float
    delivered: float
    dropped: Mapping[str, float]
    buffered: float

    @property
    def imbalance(self) -> float:
        return self.accepted - self.delivered - sum(self.dropped.values()) - self.buffered

    @classmethod
    def of(cls, health: Health, sink: str) -> "Account":
        """The ledger as it is told to the world."""
        found = {sample.series: sample.value for sample in health.samples(0)}
        return cls(
            found[own.SINK_ACCEPTED.series(BRIDGE, sink)],
            found[own.SINK_DELIVERED.series(BRIDGE, sink)],
            {
                dict(series.labels)["reason"]: value
                for series, value in found.items()
                if series.name == own.SINK_DROPPED.name and dict(series.labels)["sink"] == sink
            },
            found[own.SINK_BUFFERED.series(BRIDGE, sink)],
        )


@dataclass(slots=True)
class Obligations:
    """What the pipeline has accepted. `accept` is given to the App as a tap.

    Attributes:
        samples: all of them, in order.
        facts: the numbers of the facts among them.
    """

    samples: list[Sample] = field(default_factory=list)
    facts: set[int] = field(default_factory=set)

    def accept(self, samples: Sequence[Sample]) -> None:
        self.samples += samples
        for series, value, _ in samples:
            if series.name.startswith("statsd.fact."):
                self.facts.add(int(value))

    def lines(self) -> set[bytes]:
        """What carbon must get."""
        names = Names(path_layout("asterisk", CATALOG))
        return {line[:-1].encode() for line in lines(self.samples, names)}


def by_moment(found: Iterable[bytes]) -> dict[bytes, set[bytes]]:
    """Lines `<name> <value> <time>` by name and time."""
    moments: dict[bytes, set[bytes]] = {}
    for line in found:
        name, value, time = line.split(b" ")
        moments.setdefault(name + b" " + time, set()).add(value)
    return moments


class Verdict(NamedTuple):
    """What the judge found; all but `facts` and `copies` must be 0.

    Attributes:
        missing: obligations that were not met.
        foreign: what came out and was never accepted.
        altered: what came out with another value than was accepted.
        facts: how many facts came out.
        copies: how much came out more than once.
    """

    missing: int
    foreign: int
    altered: int
    facts: int
    copies: int

    @property
    def is_clean(self) -> bool:
        return not (self.missing or self.foreign or self.altered)


def judge_lines(obligations: Obligations, received: Counter[bytes]) -> Verdict:
    """Judge what carbon got: every obligation at least once, and nothing else.

    That of the facts is known without the bridge's own encoder.
    """
    lines_due = obligations.lines()
    facts = {Fact(number).line for number in obligations.facts}
    due, came = by_moment(lines_due), by_moment(received)
    return Verdict(
        missing=len(lines_due - received.keys()),
        foreign=len(came.keys() - due.keys()),
        altered=sum(len(came[moment] - due[moment]) for moment in came.keys() & due.keys())
        + len(facts - lines_due),
        facts=len(facts & received.keys()),
        copies=received.total() - len(received),
    )


def judge_topics(obligations: Obligations, published: Sequence[tuple[str, str]]) -> Verdict:
    """Judge what an MQTT subscriber saw of the facts.

    A topic says how things are: what a later fact of the bucket has overtaken need not be published, but the
    last must be, and a topic never goes back.
    """
    due = {(Fact(number).topic, str(number)) for number in obligations.facts}
    last: dict[str, int] = {}
    for number in sorted(obligations.facts):
        last[Fact(number).topic] = number
    shown: dict[str, int] = {}
    backwards = 0
    for topic, payload in published:
        number = int(payload) if payload.isdecimal() else -1
        backwards += number < shown.get(topic, 0)
        shown[topic] = number
    strange = Counter(published).keys() - due
    return Verdict(
        missing=sum(shown.get(topic) != number for topic, number in last.items()),
        foreign=sum(topic not in last for topic, _ in strange),
        altered=sum(topic in last for topic, _ in strange) + backwards,
        facts=len(set(published) & due),
        copies=len(published) - len(set(published)),
    )
