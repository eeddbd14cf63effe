"""Golden values: what the bridge makes of each recording.

    python -m tests.golden

writes tests/data/recordings/<folder>/golden.json anew. Look at every difference before you commit it: CEL,
CDR and the queue log of the folder say what Asterisk thought of the same calls.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bridge.asterisk.actions import CLOCK
from bridge.asterisk.snmp import AsteriskMib, Reading, technologies, type_rows
from bridge.asterisk.tracker import Tracker
from bridge.core.sample import Sample
from bridge.pipeline.health import Health
from bridge.settings import StatsdSettings
from bridge.sources.statsd.asterisks import Asterisks
from bridge.sources.statsd.receiver import Receiver
from bridge.sources.statsd.senders import Senders
from bridge.sources.statsd.source import book
from tests import recordings
from tests.asterisk.world import World
from tests.fakes import FakeClock
from tests.recordings import ALL, FOLDER, Heard, Polled
from tests.servers.snmpd import Values

HOST = "127.0.0.1"
SETTLED = 60.0
"""Seconds after the last event when everything that is decided late has been decided."""

Told = Mapping[str, float] | Mapping[str, list[float]]
Golden = dict[str, dict[str, float | list[float]]]
"""By what was replayed, the last value of each series; of many polls all values."""


def golden(folder: str) -> Golden:
    """What the bridge makes of everything in a folder."""
    return {replayed: dict(sorted(values.items())) for replayed, values in _replays(folder)}


def _replays(folder: str) -> Iterator[tuple[str, Told]]:
    if sessions := recordings.sessions(folder):
        yield "ami", named(tracked(sessions))
    if datagrams := recordings.statsd(folder):
        yield "statsd", named(received(datagram.data for datagram in datagrams))
    for name, sent in recordings.dialplan(folder).items():
        yield name, named(received(sent))
    for name, values in recordings.walks(folder).items():
        yield name, named(walked(values))
    if polls := recordings.polls(folder):
        yield "snmp", polled(polls)


def tracked(sessions: Sequence[Sequence[Heard]]) -> list[Sample]:
    """AMI: the tracker after all events; times are since the first.

    Each session begins with the poll of an Asterisk without calls, whose clock may not be asked.
    """
    tracker, begin, last = Tracker("hq"), sessions[0][0].time, 0.0
    for session in sessions:
        tracker.lost()
        tracker.sync({action: reply for action, reply in World().replies(0).items() if action != CLOCK}, last)
        for message, time in session:
            last = time - begin
            tracker.take(message, last)
    return tracker.samples(last + SETTLED, last + SETTLED)


def received(datagrams: Iterable[bytes]) -> list[Sample]:
    """StatsD: everything in one interval."""
    clock = FakeClock()
    asterisks = Asterisks({"hq": ""})
    senders = Senders({"hq": (HOST,)})
    receiver = Receiver(book(StatsdSettings()), senders, asterisks, Health(clock), clock)
    receiver.receive("udp", [(data, HOST) for data in datagrams])
    return list(receiver.flush(clock.time()))


def walked(values: Values) -> list[Sample]:
    """SNMP: one poll."""
    reading = Reading("hq", 0)
    AsteriskMib().scalars(values, reading)
    technologies([values.get(oid) for oid in type_rows(values)], reading)
    return reading.samples


def polled(polls: Iterable[Polled]) -> dict[str, list[float]]:
    """SNMP: one poll after another."""
    mib = AsteriskMib()
    found: defaultdict[str, list[float]] = defaultdict(list)
    for time, values, _ in polls:
        reading = Reading("hq", time)
        mib.scalars(values, reading)
        for name, value in named(reading.samples).items():
            found[name].append(value)
    return found


def named(samples: Iterable[Sample]) -> dict[str, float]:
    """Values by name and labels, in the precision of a microsecond."""
    return {
        " ".join((series.name, *(value for key, value in series.labels if key != "pbx"))): round(value, 6)
        for series, value, _ in samples
    }


def main() -> None:
    """Write all of them."""
    for folder in ALL:
        text = json.dumps(golden(folder), indent=1, ensure_ascii=False) + "\n"
        (FOLDER / folder / "golden.json").write_text(text)


if __name__ == "__main__":
    main()
