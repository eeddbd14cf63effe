"""One model by itself: what it is told, and what it tells."""

from collections.abc import Callable, Iterable, Mapping

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.model import Model
from bridge.core.counter import Tally
from bridge.core.sample import Series
from bridge.protocols.ami import AmiMessage, Reply
from tests.asterisk.recorded import said

NOTHING = said("Response: Success")
"""A list of nothing."""


class Telling:
    """A model of the PBX `hq`, its totals, and a clock that moves by hand.

    Attributes:
        now: monotonic seconds.
    """

    def __init__(self, model: Callable[[str, Tally], Model]) -> None:
        self.totals = Tally()
        self.model = model("hq", self.totals)
        self.now = 1000.0
        self._first = True

    def hear(self, *messages: AmiMessage, after: float = 0.0) -> None:
        """Events come, one after another, each some seconds later."""
        takes = self.model.hears()
        for message in messages:
            self.now += after
            if message.event in takes and not message.listed:
                takes[message.event](message, self.now)

    def poll(self, replies: Mapping[Action, Reply], after: float = 1.0) -> int:
        """A poll is answered, some seconds later; return its corrections."""
        self.now += after
        first, self._first = self._first, False
        return self.model.sync(replies, self.now, first=first)

    def lose(self) -> None:
        """The connection is lost."""
        self.model.lost()
        self._first = True

    def gauges(self) -> dict[str, float]:
        """What it knows now: `name{label,...}` to value."""
        return _flat(self.model.gauges(self.now))

    def counts(self) -> dict[str, float]:
        """The totals."""
        return _flat((sample.series, sample.value) for sample in self.totals.samples(0))


def _flat(told: Iterable[tuple[Series, float]]) -> dict[str, float]:
    values = [(_key(series), float(value)) for series, value in told]
    assert len(values) == len(dict(values)), "a series is told twice"
    return dict(values)


def _key(series: Series) -> str:
    assert series.pbx == "hq"
    labels = ",".join(value for _, value in series.labels[1:])
    return f"{series.name}{{{labels}}}" if labels else series.name


def listed(event: str, *items: Mapping[str, str]) -> Reply:
    """A list of items of one kind, for what no recording holds."""
    blocks = ([f"Event: {event}", *(f"{key}: {value}" for key, value in item.items())] for item in items)
    return Reply(NOTHING.response, tuple(said(*block).response for block in blocks))


def getvar(value: str) -> Reply:
    """An answer to Getvar."""
    return said("Response: Success", "Variable: x", f"Value: {value}")


def channels(*names: str) -> dict[Action, Reply]:
    """A list of channels."""
    return {actions.CHANNELS: listed("CoreShowChannel", *({"Channel": name} for name in names))}
