"""Schedules: weekly hours, calendars that open or close, and nights in which the clocks are changed."""

import itertools
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.schedule import Hours, Period, Schedule, Span, merged, moment

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
DAY = 86_400.0


def at(text: str) -> float:
    """Unix time of `03-29 01:00` in 2026, UTC."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()


def schedule(hours: str | None, zone: str = BERLIN, **calendars: list[Span]) -> Schedule:
    return Schedule(Hours.parse(hours) if hours else None, ZoneInfo(zone), **calendars)


def changes(watched: Schedule, start: str, count: int) -> list[float]:
    """The next changes after `start`; each must be one."""
    found = [at(start)]
    for _ in range(count):
        change = watched.changes_after(found[-1])
        assert change is not None
        assert watched.is_open(change) != watched.is_open(change - 1)
        found.append(change)
    return found[1:]


NIGHTS = [
    # At 01:00 UTC on 29 March 02:00 becomes 03:00 in Berlin.
    (BERLIN, "01:30-02:30", "03-28 12:00", ["03-29 00:30", "03-29 01:00", "03-29 23:30", "03-30 00:30"]),
    (BERLIN, "02:30-04:00", "03-28 12:00", ["03-29 01:00", "03-29 02:00", "03-30 00:30", "03-30 02:00"]),
    (BERLIN, "02:15-02:45", "03-28 12:00", ["03-30 00:15", "03-30 00:45"]),
    (BERLIN, "08:00-18:00", "03-28 00:00", ["03-28 07:00", "03-28 17:00", "03-29 06:00", "03-29 16:00"]),
    (BERLIN, "22:00-06:00", "03-28 12:00", ["03-28 21:00", "03-29 04:00", "03-29 20:00", "03-30 04:00"]),
    (BERLIN, "Sun 00:00-24:00", "03-28 12:00", ["03-28 23:00", "03-29 22:00"]),
    # At 01:00 UTC on 25 October 03:00 becomes 02:00.
    (BERLIN, "01:30-02:30", "10-24 12:00", ["10-24 23:30", "10-25 00:30", "10-26 00:30", "10-26 01:30"]),
    (BERLIN, "02:30-03:30", "10-24 12:00", ["10-25 00:30", "10-25 02:30", "10-26 01:30", "10-26 02:30"]),
    (BERLIN, "02:00-02:30", "10-24 12:00", ["10-25 00:00", "10-25 00:30", "10-26 01:00", "10-26 01:30"]),
    (BERLIN, "08:00-18:00", "10-24 00:00", ["10-24 06:00", "10-24 16:00", "10-25 07:00", "10-25 17:00"]),
    (BERLIN, "22:00-06:00", "10-24 12:00", ["10-24 20:00", "10-25 05:00", "10-25 21:00", "10-26 05:00"]),
    (BERLIN, "Sun 00:00-24:00", "10-24 12:00", ["10-24 22:00", "10-25 23:00"]),
    # At 07:00 UTC on 8 March 02:00 becomes 03:00 in New York.
    (NEW_YORK, "01:30-02:30", "03-07 12:00", ["03-08 06:30", "03-08 07:00", "03-09 05:30", "03-09 06:30"]),
    (NEW_YORK, "08:00-18:00", "03-07 06:00", ["03-07 13:00", "03-07 23:00", "03-08 12:00", "03-08 22:00"]),
    (NEW_YORK, "22:00-06:00", "03-07 12:00", ["03-08 03:00", "03-08 10:00", "03-09 02:00", "03-09 10:00"]),
    # At 06:00 UTC on 1 November 02:00 becomes 01:00.
    (NEW_YORK, "01:30-02:30", "10-31 12:00", ["11-01 05:30", "11-01 07:30", "11-02 06:30", "11-02 07:30"]),
    (NEW_YORK, "01:00-01:30", "10-31 12:00", ["11-01 05:00", "11-01 05:30", "11-02 06:00", "11-02 06:30"]),
    (NEW_YORK, "08:00-18:00", "10-31 06:00", ["10-31 12:00", "10-31 22:00", "11-01 13:00", "11-01 23:00"]),
    (NEW_YORK, "22:00-06:00", "10-31 12:00", ["11-01 02:00", "11-01 11:00", "11-02 03:00", "11-02 11:00"]),
    # At 15:30 UTC on 3 October 02:00 becomes 02:30 on Lord Howe Island.
    (LORD_HOWE, "01:30-02:30", "10-03 00:00", ["10-03 15:00", "10-03 15:30", "10-04 14:30", "10-04 15:30"]),
    (LORD_HOWE, "02:15-03:00", "10-03 00:00", ["10-03 15:30", "10-03 16:00", "10-04 15:15", "10-04 16:00"]),
    (LORD_HOWE, "08:00-18:00", "10-02 12:00", ["10-02 21:30", "10-03 07:30", "10-03 21:00", "10-04 07:00"]),
    (LORD_HOWE, "22:00-06:00", "10-03 00:00", ["10-03 11:30", "10-03 19:00", "10-04 11:00", "10-04 19:00"]),
    # At 15:00 UTC on 4 April 02:00 becomes 01:30.
    (LORD_HOWE, "01:30-02:30", "04-04 00:00", ["04-04 14:30", "04-04 16:00", "04-05 15:00", "04-05 16:00"]),
    (LORD_HOWE, "08:00-18:00", "04-03 12:00", ["04-03 21:00", "04-04 07:00", "04-04 21:30", "04-05 07:30"]),
    (LORD_HOWE, "22:00-06:00", "04-04 00:00", ["04-04 11:00", "04-04 19:30", "04-05 11:30", "04-05 19:30"]),
]
"""Zone, hours, from when to look, and the moments of opening and closing: UTC, by hand."""


@pytest.mark.parametrize(("zone", "hours", "start", "expected"), NIGHTS, ids=lambda value: str(value)[:24])
def test_it_opens_and_closes_at_the_moments_of_the_table(
    zone: str, hours: str, start: str, expected: list[str]
) -> None:
    watched = schedule(hours, zone)

    found = changes(watched, start, len(expected))

    assert found == [at(text) for text in expected]
    assert [watched.is_open(change) for change in found] == [True, False] * (len(expected) // 2)


class TestHours:
    """What a user writes."""

    @pytest.mark.parametrize(
        ("text", "days", "times"),
        [
            ("Mon-Fri 08:00-18:00", [0, 1, 2, 3, 4], (480, 1080)),
            ("Sat 09:00-13:00", [5], (540, 780)),
            ("mon,Wednesday, FRI 8:00-9:30", [0, 2, 4], (480, 570)),
            ("Fri-Mon 00:00-24:00", [0, 4, 5, 6], (0, 1440)),
            ("daily 22:00-06:00", [0, 1, 2, 3, 4, 5, 6], (1320, 1800)),
            ("22:00-06:00", [0, 1, 2, 3, 4, 5, 6], (1320, 1800)),
            ("Mon - Tue 08:00 \N{EN DASH} 18:00", [0, 1], (480, 1080)),
        ],
    )
    def test_days_and_times_are_read(self, text: str, days: list[int], times: tuple[int, int]) -> None:
        assert Hours.parse(text).periods == tuple(Period(day, *times) for day in days)

    def test_days_hold_for_all_times_that_follow_them(self) -> None:
        hours = Hours.parse("Mon 08:00-12:00, 13:00-18:00, Sat, Sun 09:00-13:00")

        assert hours.periods == (
            Period(0, 480, 720),
            Period(0, 780, 1080),
            Period(5, 540, 780),
            Period(6, 540, 780),
        )

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "has no time of day; write such as Mon-Fri 08:00-18:00"),
            ("Mon-Fri", "has no time of day"),
            ("Mon-Fri 08:00-18:00, Sat", "write it as Sat 00:00-24:00"),
            ("Mon-Fri 8-18", "'8-18', which is neither days nor times; write"),
            ("Mo-Fr 08:00-18:00", "'Mo-Fr', which is neither"),
            ("Mon-Fri 08:00-25:00", "a day has the times from 00:00 to 24:00"),
            ("Mon-Fri 24:00-06:00", "which is an end only"),
            ("Mon-Fri 08:75-09:00", "a day has the times"),
            ("Mon 08:00-08:00", "for a whole day write 00:00-24:00"),
            ("Mon-Wed-Fri 08:00-18:00", "'Mon-Wed-Fri', which is neither"),
            ("Mon \x1b[2J", r"\x1b[2J"),
            ("Mon 08:00-18:00, " * 100, "is longer than 1000 characters"),
        ],
    )
    def test_what_is_none_says_what_to_write(self, text: str, told: str) -> None:
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
            Hours.parse(text)

        assert told in str(caught.value)

    @given(st.text(st.sampled_from("MonTueSat daily08:1-2,\t-"), max_size=40))
    def test_no_text_gives_anything_but_hours_or_a_value_error(self, text: str) -> None:
        try:
            hours = Hours.parse(text)
        except ValueError:
            return

        assert all(0 <= day <= 6 and 0 <= begin < end < begin + 1441 for day, begin, end in hours.periods)


class TestCalendars:
    """What opens and closes it besides hours."""

    def test_without_hours_and_calendars_it_is_always_open(self) -> None:
        watched = schedule(None)

        assert watched.is_open(at("03-29 01:00"))
        assert watched.changes_after(at("03-29 01:00")) is None

    def test_hours_that_fill_the_week_never_close(self) -> None:
        watched = schedule("Mon-Fri 00:00-24:00, Sat 00:00-12:00, Sat 12:00-24:00, Sun 00:00-24:00")

        assert watched.is_open(at("03-29 01:00"))
        assert watched.changes_after(at("03-20 12:00")) is None

    def test_a_calendar_that_opens_but_has_no_event_leaves_it_closed(self) -> None:
        watched = schedule(None, opened=[])

        assert not watched.is_open(at("03-29 01:00"))
        assert watched.changes_after(at("03-29 01:00")) is None

    def test_it_is_open_within_hours_and_within_events(self) -> None:
        extra = [(at("05-04 15:00"), at("05-04 20:00")), (at("05-09 08:00"), at("05-09 10:00"))]

        found = changes(schedule("Mon-Fri 08:00-18:00", opened=extra), "05-04 00:00", 4)

        assert found == [at("05-04 06:00"), at("05-04 20:00"), at("05-05 06:00"), at("05-05 16:00")]

    def test_what_closes_goes_before_what_opens(self) -> None:
        closed = [(at("05-04 10:00"), at("05-04 11:00")), (at("05-05 00:00"), at("05-06 00:00"))]
        opened = [(at("05-05 10:00"), at("05-05 12:00"))]

        found = changes(schedule("Mon-Fri 08:00-18:00", opened=opened, closed=closed), "05-04 00:00", 5)

        assert found == [
            at("05-04 06:00"), at("05-04 10:00"), at("05-04 11:00"), at("05-04 16:00"), at("05-06 06:00"),
        ]  # fmt: skip

    def test_it_is_closed_for_years_as_quickly_as_for_a_day(self) -> None:
        watched = schedule("08:00-18:00", closed=[(at("05-04 10:00"), at("05-04 10:00") + 5_000 * 365 * DAY)])

        change = watched.changes_after(at("05-04 12:00"))

        assert change is not None
        assert change > at("05-04 10:00") + 4_999 * 365 * DAY

    def test_spans_may_come_in_any_order_and_overlap(self) -> None:
        watched = schedule(None, closed=[(30.0, 40.0), (5.0, 5.0), (10.0, 20.0), (15.0, 30.0)])

        assert watched.closed == ((10.0, 40.0),)


ZONES = st.sampled_from([BERLIN, NEW_YORK, LORD_HOWE, "America/Santiago", "Pacific/Apia", "UTC"]).map(
    ZoneInfo
)
YEARS = st.floats(at("01-01 00:00") - 16 * 365 * DAY, at("01-01 00:00") + 365 * DAY)
PERIODS = st.builds(
    lambda day, begin, length: Period(day, begin, begin + length),
    st.integers(0, 6),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
HOURS = st.lists(PERIODS, min_size=1, max_size=4).map(lambda periods: Hours(tuple(periods)))


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, float]:
    """A schedule, and a moment near which something happens."""
    now = draw(YEARS)
    spans = st.lists(
        st.tuples(st.integers(-5 * 96, 5 * 96), st.integers(1, 96)).map(
            lambda quarters: (now + quarters[0] * 900, now + sum(quarters) * 900)
        ),
        max_size=3,
    )
    return Schedule(draw(st.none() | HOURS), draw(ZONES), draw(st.none() | spans), closed=draw(spans)), now


class TestLaws:
    """What holds for every schedule."""

    @given(schedules())
    def test_it_stays_as_it_is_until_it_changes(self, drawn: tuple[Schedule, float]) -> None:
        watched, now = drawn

        for _ in range(4):
            change = watched.changes_after(now)
            until = change if change is not None else now + 20 * DAY
            looks = [now + (until - now) * part / 40 for part in range(40)]

            assert until > now
            assert {watched.is_open(look) for look in looks} == {watched.is_open(now)}
            if change is None:
                break
            assert watched.is_open(change) != watched.is_open(now)
            now = change

    @given(ZONES, st.dates(date(2010, 1, 1), date(2026, 12, 31)), st.lists(st.integers(0, 1440), min_size=2))
    def test_times_of_one_date_keep_their_order(self, zone: tzinfo, day: date, minutes: list[int]) -> None:
        midnight = datetime.combine(day, time())

        moments = [moment(midnight + timedelta(minutes=minute), zone) for minute in sorted(minutes)]

        assert moments == sorted(moments)

    @given(ZONES, st.dates(date(2010, 1, 1), date(2026, 12, 31)), st.times())
    def test_a_moment_is_the_first_at_which_the_clocks_show_the_time(
        self, zone: tzinfo, day: date, clock: time
    ) -> None:
        local = datetime.combine(day, clock.replace(second=0, microsecond=0))

        found = moment(local, zone)

        def shows(now: float) -> datetime:
            return datetime.fromtimestamp(now, zone).replace(tzinfo=None)

        assert shows(found) >= local
        assert all(shows(found - before) < local for before in (1, 60, 1800, 3599, 86_399))

    @given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))))
    def test_merged_spans_are_apart_and_cover_the_same(self, spans: list[tuple[int, int]]) -> None:
        union = merged(spans)

        assert all(one[1] < other[0] for one, other in itertools.pairwise(union))
        assert {now for begin, end in union for now in range(int(begin), int(end))} == {
            now for begin, end in spans for now in range(begin, end)
        }
