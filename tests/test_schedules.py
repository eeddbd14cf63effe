"""Schedules of rules: when an alert fires that is watched by wall clocks, over DST nights and a holiday."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge import schedules
from bridge.core import own
from bridge.core.alert import Happening, Moment, State
from bridge.core.rule import Compare, Measure, Rule, Term, Test
from bridge.core.rules import Rules
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.schedules import Schedules
from bridge.settings.alerts import ScheduleSettings
from tests.fakes import FakeClock
from tests.sinks.mqtt.stage import eventually

CALLS = Series("calls.attempts", (("pbx", "hq"),))
SILENCE = Rule(
    name="silence",
    term=Term(CALLS.name, measure=Measure.INCREASE, over=300),
    test=Test(Compare.BELOW, 1),
    hold=1800,
    schedule="business",
    summary="No call for {value} s",
)
"""No call within half an hour of business: the shipped rule, in short."""
NEW_YEAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:{day}
SUMMARY:A public holiday
END:VEVENT
END:VCALENDAR
"""


def utc(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()


def shown(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%m-%d %H:%M")


async def built(settings: ScheduleSettings, now: float) -> Schedules:
    """The schedule `business`, once its calendars were read."""
    clock = FakeClock(now)
    one = Schedules({"business": settings}, clock)
    running = asyncio.create_task(one.run(lambda: None))
    await eventually(lambda: running.done() or clock.slept, "the calendars")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return one


def fired(settings: ScheduleSettings, begin: str, days: int, calls: Sequence[str] = ()) -> list[str]:
    """When the rule fires and when it is over, in UTC, with a poll each 5 minutes and calls then."""
    start = utc(begin)
    calendar = asyncio.run(built(settings, start)).built()
    rules = Rules([SILENCE], Moment(start, 0.0), calendar)
    told: list[str] = []
    total, called, firing = 0.0, {utc(call) for call in calls}, False
    for minute in range(0, days * 1440, 5):
        now = Moment(start + minute * 60, minute * 60.0)
        total += now.time in called
        for each in rules.tick(now) + rules.take([Sample(CALLS, total, now.time)], now):
            if each.happening is Happening.FIRING or (firing and each.happening is Happening.INACTIVE):
                told.append(f"{shown(each.time)} {each.happening}")
            firing = each.state is State.FIRING
    return told


class TestFireTimes:
    """Business from 08:00 to 18:00 on weekdays: without a call it fires half an hour after the begin."""

    @pytest.mark.parametrize(
        ("zone", "begin", "expected"),
        [
            (
                "Europe/Berlin",  # from UTC+1 to UTC+2 in the night to Sunday, 2026-03-29
                "2026-03-27 00:00",
                ["03-27 07:30 firing", "03-27 17:00 inactive", "03-30 06:30 firing", "03-30 16:00 inactive"],
            ),
            (
                "Europe/Berlin",  # back in the night to Sunday, 2026-10-25
                "2026-10-23 00:00",
                ["10-23 06:30 firing", "10-23 16:00 inactive", "10-26 07:30 firing", "10-26 17:00 inactive"],
            ),
            (
                "America/New_York",  # from UTC-5 to UTC-4 in the night to Sunday, 2026-03-08
                "2026-03-06 05:00",
                ["03-06 13:30 firing", "03-06 23:00 inactive", "03-09 12:30 firing", "03-09 22:00 inactive"],
            ),
            (
                "America/New_York",  # back in the night to Sunday, 2026-11-01
                "2026-10-30 04:00",
                ["10-30 12:30 firing", "10-30 22:00 inactive", "11-02 13:30 firing", "11-02 23:00 inactive"],
            ),
            (
                "Australia/Lord_Howe",  # by half an hour, from UTC+11 to UTC+10:30, on Sunday, 2026-04-05
                "2026-04-02 13:00",
                ["04-02 21:30 firing", "04-03 07:00 inactive", "04-05 22:00 firing", "04-06 07:30 inactive"],
            ),
            (
                "Australia/Lord_Howe",  # back to UTC+11 on Sunday, 2026-10-04
                "2026-10-01 13:30",
                ["10-01 22:00 firing", "10-02 07:30 inactive", "10-04 21:30 firing", "10-05 07:00 inactive"],
            ),
        ],
    )
    def test_over_a_night_in_which_clocks_change(self, zone: str, begin: str, expected: list[str]) -> None:
        settings = ScheduleSettings(hours="Mon-Fri 08:00-18:00", timezone=zone)

        assert fired(settings, begin, 4) == expected

    def test_not_on_a_public_holiday(self, tmp_path: Path) -> None:
        """Friday, the first of May 2026; Thursday and Monday are days like any other."""
        calendar = tmp_path / "holidays.ics"
        calendar.write_text(NEW_YEAR.format(day="20260501").replace("\n", "\r\n"))
        settings = ScheduleSettings(
            hours="Mon-Fri 08:00-18:00", timezone="Europe/Berlin", closed=(str(calendar),)
        )

        assert fired(settings, "2026-04-29 22:00", 5) == [
            "04-30 06:30 firing",
            "04-30 16:00 inactive",
            "05-04 06:30 firing",
            "05-04 16:00 inactive",
        ]

    def test_a_call_ends_it_and_the_half_hour_begins_anew(self) -> None:
        settings = ScheduleSettings(hours="Mon-Fri 08:00-18:00", timezone="UTC")

        assert fired(settings, "2026-03-03 00:00", 1, ["2026-03-03 09:00", "2026-03-03 12:00"]) == [
            "03-03 08:30 firing",
            "03-03 09:00 inactive",
            "03-03 09:35 firing",
            "03-03 12:00 inactive",
            "03-03 12:35 firing",
            "03-03 18:00 inactive",
        ]


class TestCalendars:
    """What a calendar says is known once it was read, and stays when it cannot be read any more."""

    def test_news_of_a_calendar_are_told(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            calendar = tmp_path / "holidays.ics"
            calendar.write_text("no calendar")
            settings = ScheduleSettings(hours="daily 00:00-24:00", timezone="UTC", closed=(str(calendar),))
            clock = FakeClock(utc("2026-04-30 12:00"))
            one, changes = Schedules({"business": settings}, clock), 0

            def changed() -> None:
                nonlocal changes
                changes += 1

            running = asyncio.create_task(one.run(changed))
            fault = own.SCHEDULE_FAULTS.series(BRIDGE, "business")
            await eventually(lambda: dict(one.gauges())[fault] == 1, "the fault")
            assert one.built()["business"].is_open(utc("2026-05-01 12:00"))

            calendar.write_text(NEW_YEAR.format(day="20260501").replace("\n", "\r\n"))
            await eventually(lambda: changes == 1, "the news")
            assert not one.built()["business"].is_open(utc("2026-05-01 12:00"))
            await eventually(lambda: dict(one.gauges())[fault] == 0, "the end of the fault")

            calendar.write_text("no calendar")
            await eventually(lambda: dict(one.gauges())[fault] == 1, "the fault of a file that is none")
            assert not one.built()["business"].is_open(utc("2026-05-01 12:00"))
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        asyncio.run(scenario())

    def test_where_the_extra_is_missing_a_calendar_is_a_fault(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        calendar = tmp_path / "holidays.ics"
        calendar.touch()
        settings = {
            "plain": ScheduleSettings(hours="daily 08:00-18:00", timezone="UTC"),
            "holidays": ScheduleSettings(timezone="UTC", closed=(str(calendar),)),
        }
        assert schedules.faults(settings) == []
        monkeypatch.setattr(schedules, "find_spec", lambda _: None)

        (fault,) = schedules.faults(settings)

        assert str(fault) == (
            "BRIDGE_ALERTS__SCHEDULE__HOLIDAYS: has calendars, for which a package is missing "
            "(pip install 'asterisk-bridge[calendars]')"
        )
