"""Calendars before they are read: what could take long or much memory is told, and goes no further."""

import pytest

from bridge.protocols.ical import BYTES, CalendarError, essence


def calendar(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode()


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=DAILY;INTERVAL=2;BYDAY=MO,TU;UNTIL=20301231T000000Z",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;WKST=MO",
        "rrule:freq=monthly;byday=-1fr",
        "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "RRULE;X-A=b:FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1;COUNT=10",
        "RRULE:FREQ=DAILY;BYHOUR=8,12,\r\n 16",
    ],
)
def test_rules_that_calendars_have_may_be_followed(rule: str) -> None:
    assert b"BEGIN:VEVENT\r\nR" in essence(calendar("BEGIN:VEVENT", rule, "END:VEVENT")).upper()


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=HOUR\r\n LY",
        "RRULE:FREQ=DAILY\r\n\r\n ;BYMONTHDAY=31;BYMONTH=2",
        "RRULE:FREQ=DAILY;FREQ=SECONDLY",
        'RRULE;X=":FREQ=DAILY":FREQ=SECONDLY',
        "RRULE ;X=y:FREQ=MINUTELY",
        "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5",
        "RRULE:INTERVAL=2",
        "RRULE:FREQ=YEARLY;INTERVAL=0",
        "RRULE:FREQ=YEARLY;INTERVAL=-1",
        "RRULE:",
    ],
)
def test_rules_that_may_take_long_are_limited(rule: str) -> None:
    with pytest.raises(CalendarError, match="it has the rule") as caught:
        essence(calendar("BEGIN:VEVENT", rule, "END:VEVENT"))

    assert caught.value.reason == "limit"


def test_the_rules_of_time_zones_are_yearly() -> None:
    with pytest.raises(CalendarError, match="FREQ=DAILY"):
        essence(
            calendar("BEGIN:VTIMEZONE", "BEGIN:STANDARD", "RRULE:FREQ=DAILY", "END:STANDARD", "END:VTIMEZONE")
        )


@pytest.mark.parametrize(
    ("content", "reason", "told"),
    [
        (b" " * (BYTES + 1), "limit", "more than 4194304 bytes"),
        (calendar(*["X:"] * 200_000), "limit", "200002 lines; the most is 200000"),
        (calendar(*["BEGIN:VEVENT", "END:VEVENT"] * 5001), "limit", "5001 events; the most is 5000"),
        (calendar("RDATE:" + "20260101," * 20_000), "limit", "20001 single dates; the most is 20000"),
        (calendar(*["BEGIN:VEVENT"] * 5), "malformed", "more than 5 deep"),
        (calendar("UID:" + "x" * 1000), "limit", "a UID of more than 1000 characters"),
        (b"<!DOCTYPE html>", "malformed", "begins with BEGIN:VCALENDAR"),
        (b"", "malformed", "begins with BEGIN:VCALENDAR"),
    ],
)
def test_what_is_no_calendar_or_too_much_of_one_is_told(content: bytes, reason: str, told: str) -> None:
    with pytest.raises(CalendarError, match=told) as caught:
        essence(content)

    assert caught.value.reason == reason


def test_a_byte_order_mark_does_no_harm() -> None:
    assert essence(b"\xef\xbb\xbf" + calendar()) == calendar()


def test_only_what_tells_when_events_take_place_is_kept() -> None:
    alarm = "BEGIN:VALARM", "TRIGGER:-PT15M", "DURATION:PT5M", "END:VALARM"
    person = "ATTENDEE;CN=Somebody:mailto:somebody@example.com"
    kept = "BEGIN:VEVENT", "UID:1", "DTSTART;TZID=Europe/Berlin:20260501T080000", "END:VEVENT"

    reduced = essence(
        calendar(*kept[:2], "SUMMARY:Secret", person, *alarm, *kept[2:], "BEGIN:VTODO", "UID:2", "END:VTODO")
    )

    assert reduced == calendar(*kept)
