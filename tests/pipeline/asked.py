"""Alerts of which somebody asks something."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from bridge.core import own
from bridge.core.alert import Happening, Notice, notice_in
from bridge.core.rule import Compare, Rule, Term, Test
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.pipeline.alerts import Alerts, Watch
from bridge.pipeline.health import Health
from bridge.pipeline.memory import Memory
from bridge.pipeline.requests import (
    Requests,
)
from tests.fakes import FakeClock

RULES = (
    Rule("trunk_down", Term("trunk.up"), Test(Compare.BELOW, 1.0), by=("trunk",), summary="{trunk} is down"),
    Rule("queue_long", Term("queue.waiting"), Test(Compare.ABOVE, 5.0), by=("queue",), hold=60.0),
)


class World:
    """Alerts of two PBXs: four trunks are down, one is up, and a queue is long but not for long enough."""

    def __init__(self, trunks: int = 0) -> None:
        self.clock = FakeClock()
        self.health = Health(self.clock)
        self.alerts = Alerts(self.health, self.clock, Memory())
        self.told: list[Sample] = []
        self.requests = Requests(self.alerts, self.health, self.clock, lambda: {"states": {"ok": True}})
        self.follow(RULES)
        self.see(*map(trunk, ("hq a 0", "hq b 0", "lab a 0", "lab b 0", "lab c 1")))
        self.see(Sample(Series("queue.waiting", (("pbx", "hq"), ("queue", "sales"))), 9, 0))
        self.see(*(trunk(f"hq t{number} 0") for number in range(trunks)))
        self.alerts.outlets = [self.told.extend]

    def follow(self, rules: Sequence[Rule]) -> None:
        async def follow() -> None:
            self.alerts.follow(Watch(rules))

        asyncio.run(follow())

    def see(self, *samples: Sample) -> None:
        async def observe() -> None:
            self.alerts.observe(samples)

        asyncio.run(observe())

    def ask(self, verb: str, payload: Any = None) -> dict[str, Any]:
        """What is answered, as JSON."""
        given = payload if isinstance(payload, bytes) else json.dumps(payload or {}).encode()
        response = self.requests.answer(verb, given)
        shown: dict[str, Any] = json.loads(json.dumps(response.shown()))
        return shown

    def hear(self, payload: bytes = b"{}", *, verb: str = "health", retained: bool = False) -> Any:
        response = self.requests.hear(verb, payload, retained)
        return None if response is None else json.loads(response)

    def refused(self, reason: str) -> float:
        return self.health.counted(own.REQUESTS_REFUSED.series(BRIDGE, reason))

    def done(self, verb: str) -> float:
        return self.health.counted(own.REQUESTS_DONE.series(BRIDGE, verb))

    def notices(self) -> list[tuple[Happening, str]]:
        """What was told since the last call, and of whom."""
        notices = [notice_in(sample) for sample in self.told]
        self.told.clear()
        return [(notice.happening, " ".join(value for _, value in notice.key.labels)) for notice in notices]

    def alert(self, labels: str) -> Notice:
        """How an alert stands, by the values of its labels."""
        (found,) = [
            each
            for each in self.alerts.everything()
            if " ".join(value for _, value in each.key.labels) == labels
        ]
        return found

    def state(self) -> tuple[list[Notice], Any]:
        """All that a request could change."""
        return self.alerts.everything(), self.ask("list")["data"]["silences"]


def trunk(words: str) -> Sample:
    """Whether a trunk is up: `hq a 0`."""
    pbx, trunk, up = words.split()
    return Sample(Series("trunk.up", (("pbx", pbx), ("trunk", trunk))), float(up), 0)
