"""DAHDI, by its documented fields: no card is at hand."""

import pytest

from bridge.asterisk import actions
from bridge.asterisk.dahdi import Dahdi
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event
from tests.asterisk.telling import Telling, listed

SPANS = {
    actions.DAHDI_SPANS: listed(
        "DAHDIShowStatus",
        {"Span": "1", "Alarms": "OK", "IRQ": "4", "bpviol": "0", "CRC": "2"},
        {"Span": "2", "Alarms": "RED", "IRQ": "0", "bpviol": "n/a", "CRC": "0"},
        {"Span": "3", "Alarms": "UNCONFIGURED"},
    )
}
CHANNELS = {
    actions.DAHDI_CHANNELS: listed(
        "DAHDIShowChannels",
        {"DAHDIChannel": "1", "Alarm": "No Alarm"},
        {"DAHDIChannel": "2", "Alarm": "Red Alarm"},
        {"DAHDIChannel": "3", "Alarm": "Not Open"},
    )
}
LINES = {
    actions.PRI_SPANS: listed(
        "PRIShowSpans",
        {"Span": "1", "DChannel": "16", "Order": "Primary", "Alarm": "Yes", "Up": "No"},
        {"Span": "1", "DChannel": "47", "Order": "Secondary", "Alarm": "No", "Up": "Yes"},
        {"Span": "2", "DChannel": "78", "Order": "Primary", "Alarm": "No", "Up": "No"},
    )
}


def alarm(name: str, key: str, value: str) -> AmiMessage:
    return event(f"Event: {name}", "Privilege: system,all", f"{key}: {value}", "Alarm: Red Alarm")


def test_without_cards_nothing_is_said() -> None:
    pbx = Telling(Dahdi)

    pbx.poll({})

    assert (pbx.gauges(), pbx.counts()) == ({}, {})


def test_spans_tell_alarms_and_what_their_lines_suffer() -> None:
    pbx = Telling(Dahdi)

    pbx.poll(SPANS)

    assert pbx.gauges() == {"span.alarm{1}": 0, "span.alarm{2}": 1, "span.alarm{3}": 0}
    assert pbx.counts() == {
        "span.irq_misses{1}": 4,
        "span.bipolar_violations{1}": 0,
        "span.crc_errors{1}": 2,
        "span.irq_misses{2}": 0,
        "span.crc_errors{2}": 0,
    }


def test_channels_are_counted_with_those_in_alarm() -> None:
    pbx = Telling(Dahdi)

    pbx.poll(CHANNELS)

    assert pbx.gauges() == {"dahdi_channels.count": 3, "dahdi_channels.alarmed": 2}


def test_a_span_is_up_while_any_of_its_d_channels_is() -> None:
    pbx = Telling(Dahdi)

    pbx.poll({**SPANS, **LINES})

    gauges = pbx.gauges()
    assert (gauges["span.up{1}"], gauges["span.up{2}"]) == (1, 0)
    assert (gauges["span.alarm{1}"], gauges["span.alarm{2}"]) == (0, 1), "the status of spans tells of alarms"


def test_an_asterisk_without_the_status_of_spans_tells_alarms_by_d_channels() -> None:
    pbx = Telling(Dahdi)

    pbx.poll(LINES)

    gauges = pbx.gauges()
    assert (gauges["span.alarm{1}"], gauges["span.alarm{2}"]) == (1, 0)


@pytest.mark.parametrize(
    ("names", "key", "series"),
    [
        (("SpanAlarm", "SpanAlarmClear"), "Span", "span.alarm{1}"),
        (("Alarm", "AlarmClear"), "DAHDIChannel", "dahdi_channels.alarmed"),
    ],
)
def test_an_alarm_is_heard_between_polls(names: tuple[str, str], key: str, series: str) -> None:
    pbx = Telling(Dahdi)

    pbx.hear(alarm(names[0], key, "1"))

    assert pbx.gauges()[series] == 1

    pbx.hear(alarm(names[1], key, "1"))

    assert pbx.gauges()[series] == 0


def test_an_alarm_that_ended_unheard_is_corrected_and_counted() -> None:
    pbx = Telling(Dahdi)
    pbx.poll(SPANS)
    pbx.hear(alarm("SpanAlarm", "Span", "1"), after=1)

    corrections = [pbx.poll(SPANS), pbx.poll(SPANS)]

    assert pbx.gauges()["span.alarm{1}"] == 0
    assert corrections == [0, 1]


def test_after_a_break_nothing_is_known_until_the_next_poll() -> None:
    pbx = Telling(Dahdi)
    pbx.poll({**SPANS, **CHANNELS, **LINES})

    pbx.lose()

    assert pbx.gauges() == {}
