"""The tracker: events before the first poll wait for it, and are replayed on what it says."""

from collections.abc import Iterator, Mapping

import pytest

from bridge.asterisk import actions, tracker
from bridge.asterisk.catalog.system import AMI_EVENTS_MISSED
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.tracker import Tracker, run_of
from bridge.core.counter import Tally
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import Sample
from bridge.protocols.ami import AmiMessage, Reply
from tests.asterisk.recorded import event, said
from tests.recordings import ami

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


def test_a_poll_corrects_in_steps_and_events_go_on_between_them(doors: Tracker) -> None:
    """Or the event loop would stand still while a poll of many channels is worked in."""
    doors.sync({}, 1)

    for _ in doors.steps({}, 2):
        doors.take(HEARD, 3)

    assert told(doors) == ["first 1", "sync 2", "opened 3"]


@pytest.fixture
def steps(doors: Tracker, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The first poll after one step, with five events held that are replayed two at a time."""
    monkeypatch.setattr(tracker, "SLICE", 2)
    for moment in range(5):
        doors.take(HEARD, moment)
    found = doors.steps({}, 6)
    next(found)
    return found


def test_what_comes_while_held_events_are_replayed_comes_behind_them(
    doors: Tracker, steps: Iterator[None]
) -> None:
    doors.take(HEARD, 7)
    next(steps)
    half = [*told(doors)]
    assert [*doors.gauges(0, 0)] == []
    for _ in steps:
        pass

    assert half == ["first 6", "opened 0", "opened 1"]
    assert told(doors) == ["first 6", *(f"opened {moment}" for moment in (*range(5), 7))]
    assert [sample.value for sample in doors.gauges(0, 0)] == [7]


def test_a_connection_that_breaks_in_the_middle_of_a_poll_loses_no_event(
    doors: Tracker, steps: Iterator[None]
) -> None:
    next(steps)

    doors.lost()

    assert told(doors) == ["first 6", *(f"opened {moment}" for moment in range(5)), "lost"]


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


class TestMoved:
    """What events have changed is known at once, without a poll."""

    WANTED = frozenset({DOORS.name, AMI_EVENTS_MISSED.name})

    @pytest.fixture
    def looking(self, monkeypatch: pytest.MonkeyPatch) -> Tracker:
        """A tracker whose model may be looked at any time, after its first poll."""
        monkeypatch.setattr(Doors, "looks_only", True)
        monkeypatch.setattr(tracker, "MODELS", (Doors,))
        one = Tracker("hq")
        one.sync({}, 1)
        one.samples(1, 1)
        return one

    def test_only_what_an_event_has_changed_is_told_and_once(self, looking: Tracker) -> None:
        assert looking.moved(self.WANTED, 2, 1000) == []

        looking.take(HEARD, 2)

        assert looking.moved(self.WANTED, 2, 1000) == [Sample(DOORS.series("hq"), 2, 1000)]
        assert looking.moved(self.WANTED, 3, 1001) == []

    def test_nothing_half_corrected_is_told(self, looking: Tracker) -> None:
        for _ in looking.steps({}, 2):
            looking.take(HEARD, 3)
            assert looking.moved(self.WANTED, 3, 1000) == []

        assert looking.moved(self.WANTED, 4, 1000) == [Sample(DOORS.series("hq"), 3, 1000)]

    def test_what_nobody_wants_is_not_told(self, looking: Tracker) -> None:
        looking.take(HEARD, 2)

        assert looking.moved((), 2, 1000) == []

    def test_totals_are_told_too(self, looking: Tracker) -> None:
        looking.totals.add(AMI_EVENTS_MISSED.series("hq"))

        assert looking.moved(self.WANTED, 2, 1000) == [Sample(AMI_EVENTS_MISSED.series("hq"), 1, 1000)]

    def test_what_a_poll_has_told_is_not_told_again(self, looking: Tracker) -> None:
        looking.take(HEARD, 2)
        looking.samples(3, 3)

        assert looking.moved(self.WANTED, 4, 1000) == []

    def test_nothing_is_told_before_the_first_poll_of_a_connection(self, looking: Tracker) -> None:
        looking.lost()
        looking.take(HEARD, 2)

        assert looking.moved(self.WANTED, 2, 1000) == []

    def test_a_model_whose_interval_a_look_would_end_is_left_alone(self, doors: Tracker) -> None:
        doors.sync({}, 1)
        doors.take(HEARD, 2)

        assert doors.moved(self.WANTED, 2, 1000) == []


@pytest.mark.parametrize("model", [each for each in tracker.MODELS if each.looks_only])
def test_models_that_may_be_looked_at_any_time_say_the_same_again(model: type[Model]) -> None:
    """Over a whole recording, a look at what stands changes nothing of what is told in the end."""
    plain, looked = (_replayed(model, look=look) for look in (False, True))

    assert looked == plain


def _replayed(model: type[Model], *, look: bool) -> list[tuple[object, ...]]:
    totals = Tally()
    one = model("hq", totals)
    one.sync({}, 0, first=True)
    takers = one.hears()
    now = 0.0
    for message, now in (*ami("mixed-22"), *ami("queues-22")):
        if message.event in takers:
            takers[message.event](message, now)
        if look:
            list(one.standing(now))
    return [*one.gauges(now + 60), *((each.series, each.value) for each in totals.samples(0))]
