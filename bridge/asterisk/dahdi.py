"""DAHDI: spans and channels of telephony cards, their alarms, and what their lines suffer."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from bridge.asterisk import actions
from bridge.asterisk.catalog.lines import (
    DAHDI_CHANNELS_ALARMED,
    DAHDI_CHANNELS_COUNT,
    SPAN_ALARM,
    SPAN_BIPOLAR_VIOLATIONS,
    SPAN_CRC_ERRORS,
    SPAN_IRQ_MISSES,
    SPAN_UP,
)
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import number, word
from bridge.core.counter import Tally
from bridge.core.standing import Standing
from bridge.protocols.ami import AmiMessage

MOST = 10_000
"""Channels, and spans: ten times what the cards of one server carry."""
CALM = {"ok", "no", "no_alarm", "unconfigured"}
"""Words for the absence of an alarm; a span that is not configured has none."""
COUNTERS = ((SPAN_IRQ_MISSES, "IRQ"), (SPAN_BIPOLAR_VIOLATIONS, "bpviol"), (SPAN_CRC_ERRORS, "CRC"))
"""Counters of a span, and their headers."""
CHANNEL, SPAN = "DAHDIChannel", "Span"
"""The headers that name what an alarm is about."""


class Dahdi(Model):
    """Only where chan_dahdi is loaded: elsewhere the questions are not known, and no events come.

    DAHDIShowStatus came with Asterisk 18.23, 20.8 and 21.3; before, D channels tell of the alarm of a span.
    """

    looks_only = True
    asks = (actions.DAHDI_CHANNELS, actions.DAHDI_SPANS, actions.PRI_SPANS)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._alarms = {key: Standing[str, bool](MOST) for key in (CHANNEL, SPAN)}
        self._up: dict[str, bool] = {}

    def hears(self) -> Mapping[str, Take]:
        """Event name to what takes it."""
        return {
            "Alarm": partial(self._hear, CHANNEL),
            "AlarmClear": partial(self._hear, CHANNEL),
            "SpanAlarm": partial(self._hear, SPAN),
            "SpanAlarmClear": partial(self._hear, SPAN),
        }

    def _hear(self, key: str, message: AmiMessage, now: float) -> None:
        self._alarms[key].hear(message.get(key), not message.event.endswith("Clear"), now)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Correct alarms, and take what Asterisk counts; arguments as of Model."""
        channels, spans, lines = (
            replies[action].items if action in replies else None for action in self.asks
        )
        for span in spans or ():
            self._count(span)
        if lines is not None:
            self._up = _any(lines, SPAN, lambda line: line.get("Up") == "Yes")
        corrections = 0
        for key, items in ((CHANNEL, channels), (SPAN, lines if spans is None else spans)):
            if items is not None:
                corrections += self._alarms[key].correct(_any(items, key, _alarmed), asked, first=first)
        return corrections

    def _count(self, span: AmiMessage) -> None:
        for metric, key in COUNTERS:
            if (reading := number(span.get(key))) is not None:
                self.totals.follow(metric.series(self.pbx, span.get(SPAN)), reading)

    def gauges(self, now: float) -> Values:  # noqa: ARG002 - what stands, stands at any time
        """Alarms of spans and channels, and whether D channels are up; nothing where there are none."""
        channels = dict(self._alarms[CHANNEL].items())
        if channels:
            yield DAHDI_CHANNELS_COUNT.series(self.pbx), len(channels)
            yield DAHDI_CHANNELS_ALARMED.series(self.pbx), sum(channels.values())
        for span, alarm in self._alarms[SPAN].items():
            yield SPAN_ALARM.series(self.pbx, span), alarm
        for span, up in self._up.items():
            yield SPAN_UP.series(self.pbx, span), up

    def lost(self) -> None:
        """Alarms come and go unheard."""
        for alarms in self._alarms.values():
            alarms.forget()
        self._up = {}


def _any(items: Iterable[AmiMessage], key: str, holds: Callable[[AmiMessage], bool]) -> dict[str, bool]:
    """What a header names, and whether something holds for any item of it: a span may have two D channels."""
    found: dict[str, bool] = {}
    for item in items:
        name = item.get(key)
        found[name] = found.get(name, False) or holds(item)
    return found


def _alarmed(item: AmiMessage) -> bool:
    return word(item.get("Alarms") or item.get("Alarm")) not in CALM
