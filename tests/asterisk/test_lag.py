"""Event lag, by clocks that differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.lag import POLLS, Lag
from tests.asterisk.recorded import event, reply, said
from tests.asterisk.telling import Telling
from tests.recordings import ami

EXACT = 0.05
"""Seconds within which a lag must be right."""


class Pair:
    """Our clock, which is the telling's, and Asterisk's, which differs from it by any number of seconds."""

    def __init__(self, ahead: float = 1_795_461_200.0) -> None:
        self.pbx = Telling(Lag)
        self.ahead = ahead

    def ping(self, way: float = 0.0) -> None:
        """A poll asks now; the question is on its way for some seconds."""
        clock = f"{self.pbx.now + 1 + way + self.ahead:.6f}"
        self.pbx.poll({actions.PING: said("Response: Success", "Ping: Pong", f"Timestamp: {clock}")})

    def event(self, lag: float) -> None:
        """An event comes now that was written some seconds ago."""
        self.pbx.now += 20
        written = f"Timestamp: {self.pbx.now - lag + self.ahead:.6f}"
        self.pbx.hear(event("Event: Hangup", "Privilege: call,all", written, "Uniqueid: 1.1"))

    def told(self) -> float | None:
        return self.pbx.gauges().get("ami.event_lag")


@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=20),
    st.floats(-2e9, 2e9),
    st.lists(st.floats(0, EXACT - 0.001), min_size=1, max_size=20),
)
def test_delays_up_to_10_s_are_told_within_50_ms(lags: list[float], ahead: float, ways: list[float]) -> None:
    pair = Pair(ahead)
    for way in ways:
        pair.ping(way)

    for lag in lags:
        pair.event(lag)

    assert pair.told() == pytest.approx(max(lags), abs=EXACT)


def test_the_worst_since_the_last_time_is_told_once() -> None:
    pair = Pair()
    pair.ping()
    pair.event(3)
    pair.event(1)

    assert pair.told() == pytest.approx(3, abs=1e-3)
    assert pair.told() is None
    pair.event(2)
    assert pair.told() == pytest.approx(2, abs=1e-3)


def test_one_slow_answer_does_no_harm() -> None:
    pair = Pair()
    pair.ping()
    pair.ping(way=4)

    pair.event(1)

    assert pair.told() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_clock_that_is_set_is_found_out(step: float) -> None:
    pair = Pair()
    pair.ping()

    pair.ahead += step
    pair.event(0)
    pair.ping()
    pair.told()
    pair.event(0.5)

    assert pair.told() == pytest.approx(0.5, abs=1e-3)


def test_a_clock_that_drifts_is_followed() -> None:
    pair = Pair()
    for _ in range(POLLS * 3):
        pair.ping()
        pair.ahead += 1

    pair.event(1)

    assert pair.told() == pytest.approx(1, abs=POLLS + 1)


def test_without_timestamps_or_before_the_first_poll_nothing_is_told() -> None:
    pair = Pair()
    pair.event(1)
    assert pair.told() is None

    pair.ping()
    pair.pbx.hear(
        event("Event: Hangup", "Privilege: call,all", "Uniqueid: 1.1"),
        event("Event: Hangup", "Privilege: call,all", "Timestamp: soon"),
        event("Event: Hangup", "Privilege: call,all", "Timestamp: "),
    )

    assert pair.told() is None


def test_a_recorded_answer_to_a_ping_and_recorded_events() -> None:
    pbx = Telling(Lag)
    pbx.poll({actions.PING: reply("22/Ping")})
    asked, answered = pbx.now, 1795461164.426603

    for message, written in ami("mixed-22"):
        if written > answered:
            pbx.now = asked + written - answered + 0.25
            pbx.hear(message)

    assert pbx.gauges()["ami.event_lag"] == pytest.approx(0.25, abs=1e-3)


def test_after_a_loss_clocks_are_compared_anew() -> None:
    pair = Pair()
    pair.ping()
    pair.event(1)

    pair.pbx.lose()
    pair.event(1)

    assert pair.told() is None
