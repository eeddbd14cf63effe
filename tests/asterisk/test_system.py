"""The PBX itself: since when it runs, and what is done to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.system import System
from bridge.protocols.ami import AmiMessage, Reply
from tests.asterisk.recorded import event, reply, said
from tests.asterisk.telling import Telling, getvar
from tests.recordings import ami

STATUS = {actions.CORE_STATUS: reply("22/CoreStatus")}
STARTED = actions.unix_time_of("2026-11-23 19:12:27")
POLL = {**STATUS, actions.CLOCK: getvar("1795461200"), STARTED: getvar("1795461147")}


def booted(uptime: float, reloaded: float = 0) -> AmiMessage:
    return event(
        "Event: FullyBooted", "Privilege: system,all", f"Uptime: {uptime:.0f}", f"LastReload: {reloaded:.0f}"
    )


def started(moment: str, uptime: float) -> dict[Action, Reply]:
    """A poll of an Asterisk that tells when it started, as local time, and is asked what that is."""
    day, time = moment.split(" ")
    status = said("Response: Success", f"CoreStartupDate: {day}", f"CoreStartupTime: {time}")
    return {
        actions.CORE_STATUS: status,
        actions.CLOCK: getvar(str(5000 + uptime)),
        actions.unix_time_of(moment): getvar("5000"),
    }


MORNING, NOON = "2026-11-23 09:00:00", "2026-11-23 12:00:00"


def test_settings() -> None:
    pbx = Telling(System)

    pbx.poll({actions.CORE_SETTINGS: reply("22/CoreSettings")})

    assert pbx.gauges() == {
        "system.info{22.10.1+dfsg+~cs6.17.60671434-1}": 1,
        "system.version_number": 221001,
        "system.max_calls": 1000,
    }


class TestTimes:
    """Asterisk tells local times, so it is asked which Unix times these are."""

    def test_the_question_is_asked_once_per_start_and_reload(self) -> None:
        pbx = Telling(System)

        first = pbx.model.further(STATUS)
        pbx.poll(POLL)

        assert set(first) == {STARTED}
        assert pbx.model.further(STATUS) == []

    def test_ages_are_told_by_the_clock_of_asterisk_and_go_on_with_ours(self) -> None:
        pbx = Telling(System)

        pbx.poll(POLL)
        pbx.now += 7

        assert pbx.gauges() == {"system.uptime": 60, "system.reload_age": 60}

    @pytest.mark.parametrize("answer", ["", "nan", "soon"])
    def test_without_an_answer_they_are_not_told(self, answer: str) -> None:
        pbx = Telling(System)

        pbx.poll({**POLL, STARTED: getvar(answer)})

        assert pbx.gauges() == {}

    def test_a_status_without_times_asks_for_none(self) -> None:
        assert Telling(System).model.further({actions.CORE_STATUS: said("Response: Success")}) == []

    def test_an_account_that_may_ask_for_nothing_knows_them_from_its_log_in(self) -> None:
        pbx = Telling(System)
        pbx.poll({})

        pbx.hear(booted(100, 40))
        pbx.now += 10

        assert pbx.gauges() == {"system.uptime": 110, "system.reload_age": 50}

    def test_a_reload_begins_its_age_anew(self) -> None:
        pbx = Telling(System)
        pbx.hear(booted(100, 40))

        pbx.hear(event("Event: Reload", "Privilege: system,all", "Status: 0"), after=15)
        pbx.now += 5

        assert pbx.gauges() == {"system.uptime": 120, "system.reload_age": 5}


class TestStarts:
    def test_the_first_that_is_known_is_no_start_but_begins_the_counts_at_0(self) -> None:
        pbx = Telling(System)

        pbx.hear(booted(100))

        assert pbx.counts() == {"system.starts": 0, "system.shutdowns": 0, "system.reloads": 0}

    def test_a_later_one_counts_and_the_same_one_told_again_does_not(self) -> None:
        pbx = Telling(System)

        for uptime, after in ((100, 0), (160, 61.2), (3, 38.8), (14, 10.9)):
            pbx.hear(booted(uptime), after=after)

        assert pbx.counts()["system.starts"] == 1

    def test_polls_tell_of_one_that_no_event_told(self) -> None:
        """An account without read class system hears no FullyBooted."""
        pbx = Telling(System)

        pbx.poll(started(MORNING, 100))
        pbx.poll(started(NOON, 5), after=60)
        pbx.poll(started(NOON, 20), after=15)

        assert pbx.counts()["system.starts"] == 1

    def test_one_that_poll_and_event_tell_counts_once(self) -> None:
        pbx = Telling(System)
        pbx.poll(started(MORNING, 100))

        pbx.poll(started(NOON, 5), after=60)
        pbx.hear(booted(3), after=-2)

        assert pbx.counts()["system.starts"] == 1

    def test_asterisks_clock_may_be_set_back(self) -> None:
        """Its uptime jumps with it, but the start that it tells stays the same."""
        pbx = Telling(System)
        pbx.poll(started(MORNING, 10_000))

        pbx.poll(started(MORNING, 6_400), after=15)
        pbx.hear(booted(6_400))

        assert pbx.counts()["system.starts"] == 0

    def test_clocks_that_drift_apart_for_a_month_are_no_start(self) -> None:
        pbx = Telling(System)
        pbx.hear(booted(100))

        month = 30 * 86_400
        pbx.hear(booted(100 + month * 0.9999), after=month)

        assert pbx.counts()["system.starts"] == 0

    def test_one_without_numbers_says_nothing(self) -> None:
        pbx = Telling(System)

        pbx.hear(event("Event: FullyBooted", "Privilege: system,all"))

        assert pbx.gauges() == {}

    @given(st.randoms(use_true_random=False))
    def test_shuffled_and_doubled_tellings_count_each_start_once(self, random: object) -> None:
        """Three runs of Asterisk; each is told some times, up to 2 s late."""
        assert hasattr(random, "uniform")
        heard = [
            (start + uptime + random.uniform(0, 2), booted(uptime))
            for start, uptimes in ((1000, (900, 950)), (2000, (1, 2, 300)), (2400, (1, 50)))
            for uptime in uptimes * 2
        ]
        pbx = Telling(System)

        for moment, message in sorted(heard, key=lambda one: one[0]):
            pbx.now = moment
            pbx.hear(message)

        assert pbx.counts()["system.starts"] == 2


class TestHappenings:
    def test_a_recorded_session_told_twice_counts_once(self) -> None:
        """A reload, and a clean shutdown at the end."""
        pbx = Telling(System)
        for message, _ in ami("mixed-22"):
            pbx.hear(message, message, after=0.001)

        counts = pbx.counts()
        assert (counts["system.reloads"], counts["system.shutdowns"], counts["system.starts"]) == (1, 1, 0)

    def test_each_connection_can_end_in_a_shutdown(self) -> None:
        shutdown = event("Event: Shutdown", "Privilege: system,all", "Shutdown: Cleanly", "Restart: True")
        pbx = Telling(System)

        for _ in range(3):
            pbx.hear(shutdown, shutdown)
            pbx.lose()

        assert pbx.counts()["system.shutdowns"] == 3

    @pytest.mark.parametrize(
        ("status", "result"),
        [
            ("0", "success"),
            ("1", "queued"),
            ("2", "not_found"),
            ("3", "error"),
            ("4", "in_progress"),
            ("5", "not_initialised"),
            ("6", "not_reloadable"),
            ("7", "other"),
            ("-1", "other"),
            ("", "other"),
        ],
    )
    def test_a_reload_by_what_came_of_it(self, status: str, result: str) -> None:
        pbx = Telling(System)

        pbx.hear(event("Event: Reload", "Privilege: system,all", "Module: All", f"Status: {status}"))

        assert pbx.counts()[f"reload_result.reloads{{{result}}}"] == 1
        assert pbx.counts().get("system.reloads", 0) == (result == "success")

    def test_modules_that_come_and_go_and_fail(self) -> None:
        def module(name: str, event_: str, status: str) -> AmiMessage:
            return event(f"Event: {event_}", "Privilege: system,all", f"Module: {name}", f"Status: {status}")

        told = [
            module("app_x", "Load", "Success"),
            module("app_y", "Load", "Priority"),
            module("app_z", "Load", "Decline"),
            module("app_0", "Load", "Skip"),
            module("app_x", "Unload", "Success"),
            module("app_y", "Unload", "Failure"),
        ]
        pbx = Telling(System)

        pbx.hear(*told, *told)

        assert pbx.counts() == {"modules.loads": 2, "modules.unloads": 1, "modules.failures": 2}


def test_after_a_loss_the_version_is_not_known_but_the_start_is() -> None:
    pbx = Telling(System)
    pbx.poll({**POLL, actions.CORE_SETTINGS: reply("22/CoreSettings")})

    pbx.lose()

    assert set(pbx.gauges()) == {"system.uptime", "system.reload_age"}
