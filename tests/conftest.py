"""What holds for every test: no setting and no state of the developer's own, and a log as it is anywhere.

How long an example of a law takes says how busy the machine is: it is no reason to fail.

And at its end the ledgers of all sinks balance.
"""

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bridge.core import own
from bridge.core.sample import BRIDGE
from bridge.pipeline.buffer import Buffer
from bridge.pipeline.health import Health

settings.register_profile("bridge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bridge")

_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def _clean_surroundings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / f"state-{next(_NUMBERS)}"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    for name in os.environ:
        if name.startswith("BRIDGE_"):
            monkeypatch.delenv(name)
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _balanced_ledgers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test did to a sink, accepted = delivered + dropped + buffered holds when it ends."""
    made: list[Buffer] = []
    construct = Buffer.__init__

    def noting(buffer: Buffer, *args: Any, **named: Any) -> None:
        construct(buffer, *args, **named)
        made.append(buffer)

    monkeypatch.setattr(Buffer, "__init__", noting)
    yield
    buffered: dict[tuple[Health, str], int] = {}
    for buffer in made:
        book = (buffer.ledger._health, buffer.ledger._sink)
        buffered[book] = buffered.get(book, 0) + len(buffer)
    for (health, sink), waiting in buffered.items():
        assert accounted_for(health, sink) == -waiting, f"the ledger of {sink} does not balance"


def accounted_for(health: Health, sink: str) -> float:
    """Delivered and dropped samples of a sink, less those accepted."""
    signs = {own.SINK_ACCEPTED.name: -1, own.SINK_DELIVERED.name: 1, own.SINK_DROPPED.name: 1}
    return sum(
        signs[series.name] * value
        for series, value, _ in health._tally.samples(0)
        if series.name in signs and series.labels[:2] == (("pbx", BRIDGE), ("sink", sink))
    )
