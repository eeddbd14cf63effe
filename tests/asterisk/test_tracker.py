"""The tracker: events before the first poll wait for it, and are replayed on what it says."""

from collections.abc import Mapping

import pytest

from bridge.asterisk import actions, tracker
from bridge.asterisk.catalog.system import AMI_EVENTS_MISSED
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.tracker import Tracker, run_of
from bridge.core.metric import Metric, MetricKind
from bridge.protocols.ami import AmiMessage, Reply
from tests.asterisk.recorded import event, said

DOORS = Metric("door.openings", MetricKind.GAUGE, "What the model below has heard, in its order")
HEARD = event("Event: Opened", "Privilege: call,all")
LISTED = event("Event: Opened", "ActionID: 1")


class Doors(Model):
    """A model that writes down what it is told."""

    asks = (actions.BRIDGES,)
    told: list[str]

    def hears(self) -> Mapping[str, Take]:
        self.told = []
        return {"Opened": self._open}

    def _open(self, _: AmiMessage, now: float) -> None:
        self.told.append(f"opened {now:g}")

    def sync(self, _: Replies, asked: float, *, first: bool) -> int:
        self.told.append(f"first {asked:g}" if first else f"sync {asked:g}")
        return 0 if first else 2

    def gauges(self, _: float) -> Values:
        yield DOORS.series(self.pbx), len(self.told)

    def lost(self) -> None:
        self.told.append("lost")


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Tracker:
    monkeypatch.setattr(tracker, "MODELS", (Doors,))
    return Tracker("hq")


def told(tracker: Tracker) -> list[str]:
    (model,) = tracker.models
    assert isinstance(model, Doors)
    return model.told


def test_events_wait_for_the_first_poll(doors: Tracker) -> None:
    doors.take(HEARD, 1)
    assert told(doors) == []

    doors.sync({}, 2)
    doors.take(HEARD, 3)

    assert told(doors) == ["first 2", "opened 1", "opened 3"]


def test_nothing_is_said_before_the_first_poll(doors: Tracker) -> None:
    assert [*doors.gauges(0, 0)] == []

    doors.sync({}, 2)

    assert [sample.value for sample in doors.gauges(0, 0)] == [1]


def test_after_a_break_it_begins_with_a_poll_again(doors: Tracker) -> None:
    doors.sync({}, 1)
    doors.take(HEARD, 2)
    doors.lost()
    doors.take(HEARD, 3)
    doors.sync({}, 4)

    assert told(doors) == ["first 1", "opened 2", "lost", "first 4", "opened 3"]


def test_what_waited_when_the_connection_broke_has_happened(doors: Tracker) -> None:
    doors.take(HEARD, 1)

    doors.lost()

    assert told(doors) == ["opened 1", "lost"]


def test_items_of_lists_are_no_events(doors: Tracker) -> None:
    doors.sync({}, 1)

    doors.take(LISTED, 2)

    assert told(doors) == ["first 1"]


def test_corrections_are_counted(doors: Tracker) -> None:
    doors.sync({}, 1)
    doors.sync({}, 2)

    values = {sample.series.name: sample.value for sample in doors.samples(0, 0)}
    assert values["ami.resync_corrections"] == 2


def test_a_poll_asks_each_question_once(doors: Tracker) -> None:
    assert doors.asks == (actions.BRIDGES,)


def test_each_run_of_asterisk_is_told_by_when_it_started() -> None:
    """So that a counter which Asterisk keeps is known to have begun anew, whoever was away meanwhile."""

    def status(date: str) -> dict[actions.Action, Reply]:
        lines = ("Response: Success", f"CoreStartupDate: {date}", "CoreStartupTime: 08:00:00")
        return {actions.CORE_STATUS: said(*lines)}

    assert run_of(status("2026-11-23")) == run_of(status("2026-11-23")) != run_of(status("2026-11-24"))
    assert run_of({}) == run_of({actions.CORE_STATUS: said("Response: Success")}) == ""


def test_events_that_wait_have_a_bound_in_bytes_too(doors: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a server that never answers the first poll, and says long events, would fill the memory."""
    monkeypatch.setattr(tracker, "HELD_BYTES", 10 * len(HEARD.raw))
    for moment in range(15):
        doors.take(HEARD, moment)

    doors.sync({}, 20)

    assert told(doors) == ["first 20", *(f"opened {moment}" for moment in range(5, 15))]
    assert doors.totals[AMI_EVENTS_MISSED.series("hq")] == 5
