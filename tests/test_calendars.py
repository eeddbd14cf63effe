"""Calendars: when events take place, on any night, from any source, and whatever is done to them."""

import asyncio
import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bridge import calendars
from bridge.calendars import HOUR, RETRY, Calendars, Feed, Trouble, spans
from bridge.core.schedule import Hours, Schedule, Span
from bridge.protocols.ical import CalendarError
from tests.fakes import FakeClock
from tests.servers.web import answer, ok, serving

DATA = Path(__file__).parent / "data" / "calendars"
HOLIDAYS, SHIFTS = (DATA / "holidays.ics").read_bytes(), (DATA / "shifts.ics").read_bytes()
BERLIN, NEW_YORK, LORD_HOWE = (
    ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
)


def at(text: str) -> float:
    """Unix time of `03-29 01:00` in 2026, UTC."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()


YEAR = at("01-01 00:00"), at("12-31 00:00")


def found(*lines: str, zone: ZoneInfo = BERLIN) -> list[Span]:
    """When the event of these lines takes place in 2026."""
    return spans(event(*lines), zone, *YEAR)


def event(*lines: str) -> bytes:
    whole = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(whole).encode()


def between(*moments: str) -> list[Span]:
    return list(zip(map(at, moments[::2]), map(at, moments[1::2]), strict=True))


class TestEvents:
    """When they take place: all by hand."""

    @pytest.mark.parametrize(
        ("zone", "start", "expected"),
        [
            (BERLIN, "04-30 00:00", ["04-30 06:00", "04-30 16:00", "05-04 06:00", "05-04 16:00"]),
            (BERLIN, "12-24 00:00", ["12-24 07:00", "12-24 17:00", "12-28 07:00"]),
            (NEW_YORK, "04-30 06:00", ["04-30 12:00", "04-30 22:00", "05-04 12:00", "05-04 22:00"]),
            (NEW_YORK, "12-24 06:00", ["12-24 13:00", "12-24 23:00", "12-28 13:00"]),
            (LORD_HOWE, "04-29 12:00", ["04-29 21:30", "04-30 07:30", "05-03 21:30", "05-04 07:30"]),
            (LORD_HOWE, "12-23 12:00", ["12-23 21:00", "12-24 07:00", "12-27 21:00"]),
        ],
    )
    def test_a_public_holiday_closes_office_hours(
        self, zone: ZoneInfo, start: str, expected: list[str]
    ) -> None:
        closed = spans(HOLIDAYS, zone, at("01-01 00:00"), at("12-31 00:00"))
        office = Schedule(Hours.parse("Mon-Fri 08:00-18:00"), zone, closed=closed)

        now, changes = at(start), []
        for _ in expected:
            changes.append(now := office.changes_after(now) or 0.0)

        assert changes == [at(text) for text in expected]

    def test_rules_exceptions_moved_and_cancelled_times_zones_and_floating_times_hold(self) -> None:
        assert spans(SHIFTS, NEW_YORK, *YEAR) == between(
            "03-23 05:00", "03-23 07:00",
            "03-30 04:00", "03-30 06:00",  # by the summer time that the calendar tells
            "04-14 05:00", "04-14 06:00",  # moved, after one that is an exception, before a cancelled one
            "05-02 00:00", "05-02 02:00",  # floating: 20:00 in New York
            "05-03 10:00", "05-03 11:00",
            "05-04 10:00", "05-04 11:00",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("day", "zone", "expected"),
        [
            ("0329", BERLIN, ["03-28 23:00", "03-29 22:00"]),
            ("1025", BERLIN, ["10-24 22:00", "10-25 23:00"]),
            ("0308", NEW_YORK, ["03-08 05:00", "03-09 04:00"]),
            ("1101", NEW_YORK, ["11-01 04:00", "11-02 05:00"]),
            ("1004", LORD_HOWE, ["10-03 13:30", "10-04 13:00"]),
            ("0405", LORD_HOWE, ["04-04 13:00", "04-05 13:30"]),
        ],
    )
    def test_a_day_lasts_from_midnight_to_midnight(
        self, day: str, zone: ZoneInfo, expected: list[str]
    ) -> None:
        assert found(f"DTSTART;VALUE=DATE:2026{day}", zone=zone) == between(*expected)

    def test_a_daily_event_keeps_its_time_of_day_over_both_nights(self) -> None:
        lines = "DTSTART;TZID=America/New_York:20260307T220000", "DURATION:PT8H", "RRULE:FREQ=DAILY;COUNT=2"

        assert found(*lines) == between("03-08 03:00", "03-08 10:00", "03-09 02:00", "03-09 10:00")

    def test_what_is_cancelled_does_not_count(self) -> None:
        assert not found("DTSTART;VALUE=DATE:20260501", "STATUS:CANCELLED")

    def test_what_leaves_the_time_free_counts_as_a_whole_day_only(self) -> None:
        assert found("DTSTART;VALUE=DATE:20260501", "TRANSP:TRANSPARENT")
        assert not found("DTSTART:20260501T100000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT")

    def test_times_are_cut_to_what_is_asked_for_and_those_that_overlap_are_one(self) -> None:
        first = event("DTSTART:20250101T100000Z", "DTEND:20260102T000000Z").replace(b"END:VCALENDAR\r\n", b"")
        second = event("DTSTART:20260101T120000Z", "DTEND:20990101T000000Z").replace(b"UID:1", b"UID:2")

        both = first + second.replace(b"BEGIN:VCALENDAR\r\n", b"")

        assert spans(both, BERLIN, *YEAR) == [YEAR]

    @pytest.mark.parametrize("zone", ["W. Europe Standard Time", "/example.org/Europe/Berlin"])
    def test_time_zones_have_the_names_that_others_gave_them(self, zone: str) -> None:
        lines = f"DTSTART;TZID={zone}:20260701T100000", "DURATION:PT1H"

        assert found(*lines, zone=NEW_YORK) == between("07-01 08:00", "07-01 09:00")

    def test_a_time_zone_of_one_calendar_is_not_that_of_the_next(self) -> None:
        other = SHIFTS.replace(b"+0100", b"-0500").replace(b"+0200", b"-0400")

        assert spans(SHIFTS, BERLIN, *YEAR)[0][0] == at("03-23 05:00")
        assert spans(other, BERLIN, *YEAR)[0][0] == at("03-23 11:00")
        assert spans(SHIFTS, BERLIN, *YEAR)[0][0] == at("03-23 05:00")

    def test_one_file_may_hold_several_calendars_and_a_byte_order_mark(self) -> None:
        both = b"\xef\xbb\xbf" + HOLIDAYS + event("DTSTART;VALUE=DATE:20260601")

        assert len(spans(both, BERLIN, *YEAR)) == 3


EACH_HOUR = "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24)))


class TestHostile:
    """What is done to take our time and memory: it is told, soon."""

    @pytest.mark.parametrize(
        ("lines", "reason", "told"),
        [
            (["DTSTART:19700101", "RRULE:FREQ=SECONDLY"], "limit", "FREQ=SECONDLY"),
            (["DTSTART:00010101", "RRULE:FREQ=DAILY"], "limit", "more than 250000 times"),
            (["DTSTART:20200101", "DTEND:21200101", EACH_HOUR], "limit", "more than 10000 times"),
            (["DTSTART:20260101", "RECURRENCE-ID:99990101"], "limit", "moved by more than 1000"),
            (["DTEND:20260101T000000Z"], "malformed", "without a DTSTART"),
            (["DTSTART:never"], "malformed", "cannot be read"),
        ],
    )  # fmt: skip
    def test_an_event_that_takes_long_is_told(self, lines: list[str], reason: str, told: str) -> None:
        began = time.monotonic()

        with pytest.raises(CalendarError, match=told) as caught:
            found(*lines)

        assert caught.value.reason == reason
        assert time.monotonic() - began < 10

    def test_time_runs_out_over_many_that_take_a_while_each(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(calendars, "SECONDS", 0.05)
        rule = "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
        one = f"BEGIN:VEVENT\nUID:{{}}\nDTSTART:20260101\n{rule}\nEND:VEVENT\n"
        text = "BEGIN:VCALENDAR\n" + "".join(map(one.format, range(1000))) + "END:VCALENDAR\n"

        with pytest.raises(CalendarError, match=r"longer than 0.05 s"):
            spans(text.encode(), BERLIN, *YEAR)

    def test_whatever_is_changed_in_a_calendar_it_is_read_or_refused(self) -> None:
        outcomes: dict[str, int] = {}
        for seed in range(400):
            text = mutated(random.Random(seed))
            try:
                union = spans(text, BERLIN, *YEAR)
                outcome = "read"
            except CalendarError as error:
                union, outcome = [], error.reason

            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            assert union == sorted(union)
            assert all(YEAR[0] <= begin < end <= YEAR[1] for begin, end in union)
        assert outcomes.keys() == {"read", "malformed", "limit"}
        assert min(outcomes.values()) > 10


NASTY = [
    b"DTSTART:99991231T235959Z", b"DTSTART;VALUE=DATE:00010101", b"DTEND:00010101T000000", b"DURATION:-P1D",
    b"DURATION:P99999999W", b"RRULE:FREQ=SECONDLY", b"RRULE:FREQ=DAILY;COUNT=-1", b"RRULE:FREQ=DAILY;UNTIL=x",
    b"RRULE:FREQ=YEARLY;INTERVAL=0", b"RRULE:FREQ=YEARLY;BYMONTHDAY=99", b"RRULE:FREQ=MONTHLY;BYDAY=99MO",
    b"RDATE;VALUE=PERIOD:20260101T000000Z/P1D", b"RDATE;VALUE=PERIOD:20260101T000000Z/19000101T000000Z",
    b"EXDATE;VALUE=DATE:20260101", b"EXDATE:", b"RECURRENCE-ID;RANGE=THISANDFUTURE:20260330T060000",
    b"SEQUENCE:x", b"BEGIN:VEVENT", b"END:VEVENT", b"BEGIN:STANDARD", b"TZOFFSETTO:+9999", b"TZID:",
    b"X-WR-TIMEZONE:Mars/Olympus", b"CALSCALE:HEBREW", b"\xff\xfe\x00", b'SUMMARY;X="', b"STATUS", b"\x00",
    b"DTSTART;TZID=../../etc/passwd:20260101T000000", b"UID:early", b":", b";",
]  # fmt: skip


def mutated(chance: random.Random) -> bytes:
    """A calendar with a few lines or bytes that are not as they were."""
    lines = chance.choice([HOLIDAYS, SHIFTS]).split(b"\n")
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(1, len(lines))
        match chance.randrange(6):
            case 0:
                lines[place] = chance.choice(NASTY)
            case 1:
                lines.insert(place, chance.choice(NASTY))
            case 2:
                del lines[place]
            case 3:
                lines.insert(place, lines[chance.randrange(1, len(lines))])
            case 4:
                lines[place] = lines[place][: chance.randrange(len(lines[place]) + 1)]
            case _:
                changed = bytearray(lines[place] or b"x")
                changed[chance.randrange(len(changed))] = chance.randrange(256)
                lines[place] = bytes(changed)
    return b"\n".join(lines)


class Desk:
    """Calendars of one source, and a clock in summer 2026."""

    def __init__(self, source: object) -> None:
        self.clock = FakeClock(at("06-01 00:00"))
        self.feed = Feed(str(source), BERLIN)
        self.calendars = Calendars([self.feed], self.clock)

    async def later(self, seconds: float = 0.0) -> bool:
        self.clock.now += seconds
        return await self.calendars.refresh()

    def known(self) -> int | None:
        """How many times are known; None if nothing is."""
        found = self.calendars.spans(self.feed)
        return None if found is None else len(found)

    def trouble(self) -> Trouble | None:
        return self.calendars.troubles().get(self.feed)


class TestFiles:
    """A calendar that is a file."""

    def test_it_is_read_again_when_it_has_changed(self, tmp_path: Path) -> None:
        async def main() -> None:
            path = tmp_path / "closed.ics"
            path.write_bytes(HOLIDAYS)
            desk = Desk(path)

            assert await desk.later()
            assert not await desk.later()
            assert desk.known() == 2  # until July of the next year: Christmas and Labour Day
            path.write_bytes(event("DTSTART;VALUE=DATE:20260701"))
            os.utime(path, ns=(1, 1))
            assert await desk.later()
            assert (desk.known(), desk.trouble()) == (1, None)

        asyncio.run(main())

    def test_what_was_good_is_kept_and_what_is_wrong_is_told(self, tmp_path: Path) -> None:
        async def main() -> None:
            path = tmp_path / "closed.ics"
            desk = Desk(path)

            assert not await desk.later()
            assert (desk.known(), desk.trouble()) == (None, ("missing", f"{path}: it does not exist"))
            path.write_bytes(HOLIDAYS)
            assert await desk.later()
            assert (desk.known(), desk.trouble()) == (2, None)
            path.write_bytes(b"<html>")
            for wait in (1.0, 60.0, 2 * 86_400.0):
                await desk.later(wait)
                trouble = desk.trouble()
                assert trouble is not None
                assert (desk.known(), trouble.reason) == (2, "malformed")
            path.unlink()
            await desk.later()
            assert (trouble := desk.trouble()) is not None
            assert (desk.known(), trouble.reason) == (2, "missing")

        asyncio.run(main())

    @pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
    def test_what_is_no_file_is_told(self, tmp_path: Path, make: Callable[[Path], None]) -> None:
        make(path := tmp_path / "closed.ics")
        desk = Desk(path)

        asyncio.run(desk.later())

        assert desk.trouble() == ("unreadable", f"{path}: it is not a file")

    @pytest.mark.parametrize("name", ["x" * 5000, "a\x00b", "\udcff"])
    def test_names_that_no_file_can_have_are_told(self, name: str) -> None:
        desk = Desk(name)

        asyncio.run(desk.later())

        assert desk.trouble() is not None

    def test_the_horizon_moves_with_the_days(self, tmp_path: Path) -> None:
        async def main() -> None:
            (path := tmp_path / "closed.ics").write_bytes(HOLIDAYS)
            desk = Desk(path)
            await desk.later()

            assert await desk.later(300 * 86_400.0)  # from 28 March 2027 on
            assert (found := desk.calendars.spans(desk.feed)) is not None
            assert [datetime.fromtimestamp(begin, BERLIN).date().isoformat() for begin, _ in found] == [
                "2027-05-01", "2027-12-25", "2028-05-01",
            ]  # fmt: skip

        asyncio.run(main())


class TestServers:
    """A calendar that a real web server has."""

    def test_it_is_asked_each_hour_and_only_for_what_is_new(self) -> None:
        async def main() -> None:
            async with serving() as web:
                web.answers = lambda _: ok(
                    HOLIDAYS, ETag='"1"', Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT"
                )
                desk = Desk(web.url)

                assert await desk.later()
                assert not await desk.later(HOUR - 1)
                assert len(web.asked) == 1
                web.answers = lambda _: answer("304 Not Modified")
                assert not await desk.later(1)
                assert 'If-None-Match: "1"\r\n' in web.asked[1]
                assert "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT\r\n" in web.asked[1]
                web.answers = lambda _: ok(event("DTSTART;VALUE=DATE:20260701"))
                assert await desk.later(HOUR)
                assert (desk.known(), desk.trouble()) == (1, None)

        asyncio.run(main())

    def test_failures_are_told_and_what_was_good_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(calendars, "PATIENCE", 0.3)

        async def main() -> None:
            async with serving() as web:
                web.answers = lambda _: ok(HOLIDAYS, ETag='"1"')
                desk = Desk(web.url.replace("//", "//me:s3cret@") + "private-s3cret.ics")
                await desk.later()
                faults = {
                    "status": answer("500 Internal Server Error"),
                    "timeout": None,
                    "large": ok(b"BEGIN:VCALENDAR\r\n" + b"X" * (5 << 20)),
                    "redirect": answer("301 Moved Permanently", Location="file:///etc/passwd"),
                    "malformed": ok(b"<html>please log in</html>", ETag='"2"'),
                }
                wait = HOUR
                for reason, fault in faults.items():
                    web.answers = lambda _, fault=fault: fault  # type: ignore[misc]
                    await desk.later(wait)
                    assert (trouble := desk.trouble()) is not None
                    assert (desk.known(), trouble.reason) == (2, reason)
                    assert trouble.text.startswith(web.url + "...: ")
                    assert "s3cret" not in trouble.text
                    wait = RETRY

                web.answers = lambda _: answer("304 Not Modified")
                await desk.later(HOUR)
                assert (trouble := desk.trouble()) is not None
                assert trouble.reason == "malformed"
                web.answers = lambda _: ok(HOLIDAYS, ETag='"3"')
                await desk.later(HOUR)
                assert (desk.known(), desk.trouble()) == (2, None)

        asyncio.run(main())

    def test_a_server_that_is_away_is_asked_again_sooner(self) -> None:
        async def main() -> None:
            async with serving() as web:
                pass
            desk = Desk(web.url)

            assert not await desk.later()
            assert (trouble := desk.trouble()) is not None
            assert (desk.known(), trouble.reason) == (None, "unreachable")
            assert HOUR > RETRY

        asyncio.run(main())
