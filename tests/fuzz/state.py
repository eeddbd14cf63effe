"""The state file: whatever is in it, what is remembered can be told, published, and remembered again."""

import contextlib
import json
import math
import os
from functools import cache
from pathlib import Path

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.instruments import Instruments
from bridge.asterisk.snmp import AsteriskMib
from bridge.core.aggregate import Aggregator, Terms
from bridge.core.counter import Tally
from bridge.core.state import Json
from bridge.core.trust import Trust
from bridge.pipeline.memory import _state_in
from bridge.protocols.graphite import path_layout

LAYOUT = path_layout("asterisk", CATALOG)


def one(data: bytes) -> None:
    """Take a file, and the JSON in it as the state of every component that has one."""
    with contextlib.suppress(ValueError):
        _state_in(_file(b'{"version":1,"state":' + data + b"}"))
    try:
        state: Json = json.loads(data)
    except (ValueError, RecursionError):
        return
    _check_book(state)
    _check_totals(state)
    _check_trust(state)
    mib = AsteriskMib()
    mib.restore(state, 5.0)
    _remembered(mib.state(5.0))


def _check_book(state: Json) -> None:
    book = Aggregator(Terms(repeat=True))
    book.restore(state)
    assert all(math.isfinite(value) for each in book.flush(1.0) for value in each.values.values())
    _remembered(book.state())


def _check_totals(state: Json) -> None:
    tally, instruments = Tally(), Instruments("hq")
    tally.restore(state)
    instruments.restore(state)
    samples = [*tally.samples(1.0), *instruments.samples(1.0)]
    assert all(math.isfinite(sample.value) and sample.series.labels[0][0] == "pbx" for sample in samples)
    assert all(isinstance(LAYOUT(sample.series), str) for sample in samples)
    _remembered(tally.state())
    _remembered(instruments.state())


def _check_trust(state: Json) -> None:
    trust = Trust(CATALOG, 60.0)
    trust.restore(state, 1.0)
    _remembered(trust.state())


def _remembered(state: Json) -> None:
    assert json.loads(json.dumps(state, allow_nan=False)) is not None


def _file(content: bytes) -> Path:
    descriptor = _memory()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, content, 0)
    return Path(f"/proc/self/fd/{descriptor}")


@cache
def _memory() -> int:
    return os.memfd_create("state.json")
