"""A StatsD source without sockets, and what Asterisk says to it in all the ways that it can."""

import itertools
import random
from typing import NamedTuple

from bridge.asterisk.catalog.calls import CHANNELS_ACTIVE
from bridge.core import own
from bridge.core.sample import BRIDGE, Series
from bridge.pipeline.health import Health
from bridge.pipeline.memory import Memory
from bridge.settings import StatsdSettings
from bridge.sources.statsd import StatsdSource
from tests.fakes import FakeClock

HOST, OTHER_HOST = "10.0.0.5", "10.0.0.6"
SENDERS = {"hq": (HOST,), "branch": (OTHER_HOST,)}
CHANNELS = CHANNELS_ACTIVE.series("hq")


class Bench:
    """A source that is handed packets, and what it has emitted."""

    def __init__(
        self,
        *,
        prefixes: dict[str, str] | None = None,
        clock: FakeClock | None = None,
        memory: Memory | None = None,
        names: str = "bridge",
    ) -> None:
        self.clock = clock or FakeClock()
        self.health = Health(self.clock)
        made = StatsdSettings.model_validate({"names": names})
        self.source = StatsdSource(made, SENDERS, self.health, self.clock, memory, prefixes=prefixes or {})

    def hear(self, *packets: bytes, sender: str = HOST, listener: str = "udp") -> None:
        self.source._receiver.receive(listener, [(packet, sender) for packet in packets])

    def flushed(self) -> dict[Series, float]:
        return {sample.series: sample.value for sample in self.source._receiver.flush(self.clock.now)}

    def catalogue(self) -> dict[Series, float]:
        """What is flushed and is not a bucket of the user's."""
        return {series: value for series, value in self.flushed().items() if not is_bucket(series)}

    def refused(self, reason: str) -> float:
        return self.health.counted(own.LISTENER_BAD_LINES.series(BRIDGE, "udp", reason))


def is_bucket(series: Series) -> bool:
    return series.name.startswith("statsd.")


class Event(NamedTuple):
    """What Asterisk wants to say."""

    name: str
    value: str
    type: str


class Spelling(NamedTuple):
    """How a statsd.conf lets Asterisk say it."""

    meters: bool = True
    newline: bool = False
    prefix: str = ""

    def line(self, event: Event) -> bytes:
        name, value, code = event
        if not self.meters and code != "m":
            name, code = f"{name}_meter", "c"
        prefix = f"{self.prefix}." if self.prefix else ""
        return f"{prefix}{name}:{value}|{code}{chr(10) if self.newline else ''}".encode()


SPELLINGS = [
    Spelling(*each)
    for each in itertools.product((True, False), (False, True), ("", "hq", "pbx.endpoints.hq"))
]
ZEROS = [
    *(f"PJSIP.contacts.states.{state}" for state in ("Unreachable", "Reachable", "NonQualified", "Removed")),
    "PJSIP.registrations.count",
    "PJSIP.registrations.state.Registered",
]
MOVES = [*ZEROS, "channels.count", "endpoints.count", "endpoints.state.online", "endpoints.state.offline"]
CONTACTS = [
    f"PJSIP.contacts.{aor};@{number:032x}.rtt" for number, aor in enumerate(("101", "102", "dead.end"))
]


def thousand_events() -> list[Event]:
    chance = random.Random(1)
    made = [Event(name, "0", "g") for name in ZEROS]
    while len(made) < 1000:
        kind = chance.randrange(5)
        if kind < 2:
            made.append(Event(chance.choice(MOVES), chance.choice(("+1", "+1", "-1")), "g"))
        elif kind == 2:
            made.append(Event(chance.choice(CONTACTS), str(chance.randrange(-1, 300)), "ms"))
        elif kind == 3:
            made.append(Event("channels.calltime", str(chance.randrange(100_000)), "ms"))
        else:
            made.append(Event(f"stasis.message.type_{chance.randrange(9)}", "1", "m"))
    return made
