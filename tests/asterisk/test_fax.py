"""Fax: what Asterisk counts goes on over its restart, pages are counted as they come."""

from bridge.asterisk import actions
from bridge.asterisk.fax import Fax
from bridge.protocols.ami import AmiMessage, Reply
from tests.asterisk.recorded import event, reply
from tests.asterisk.telling import NOTHING, Telling, listed


def statistics(completed: int) -> dict[actions.Action, Reply]:
    return {actions.FAX: listed("FAXStats", {"CurrentSessions": "2", "CompletedFAXes": str(completed)})}


def over(name: str, pages: str) -> AmiMessage:
    return event(f"Event: {name}", "Privilege: call,all", "Uniqueid: a", f"PagesTransferred: {pages}")


def test_the_one_event_of_a_recorded_answer() -> None:
    pbx = Telling(Fax)

    pbx.poll({actions.FAX: reply("22/FAXStats")})

    assert pbx.gauges() == {"fax.sessions": 0}
    assert pbx.counts() == {
        "fax.transmits": 0,
        "fax.receives": 0,
        "fax.completed": 0,
        "fax.failed": 0,
        "fax.pages_sent": 0,
        "fax.pages_received": 0,
    }


def test_where_nobody_answers_nothing_is_said() -> None:
    pbx = Telling(Fax)

    for replies in ({}, {actions.FAX: NOTHING}):
        pbx.poll(replies)

    assert (pbx.gauges(), pbx.counts()) == ({}, {})


def test_totals_go_on_when_asterisk_starts_anew() -> None:
    pbx = Telling(Fax)

    for completed in (5, 7, 1):
        pbx.poll(statistics(completed))

    assert pbx.counts()["fax.completed"] == 8
    assert pbx.gauges() == {"fax.sessions": 2}


def test_pages_are_counted_once() -> None:
    pbx = Telling(Fax)

    pbx.hear(over("SendFAX", "3"), over("SendFAX", "3"), over("ReceiveFAX", "2"), over("ReceiveFAX", "-2"))

    assert pbx.counts() == {"fax.pages_sent": 3, "fax.pages_received": 2}


def test_sessions_are_not_known_after_a_break() -> None:
    pbx = Telling(Fax)
    pbx.poll(statistics(1))

    pbx.lose()

    assert pbx.gauges() == {}
