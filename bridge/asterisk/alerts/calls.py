"""Rules about calls: whether they come, get through, find room, and can be understood."""

from typing import Any

from bridge.asterisk.alerts.shipped import UNREACHABLE, rule

HEARD: dict[str, Any] = {"metric": "media.reports", "measure": "increase", "over": "2m", "above": 20}
"""Enough reports for a mean: two minutes of one call have some fifty."""
CALLS: dict[str, Any] = {"metric": "calls.ended", "measure": "increase", "over": "15m", "above": 19}
"""Enough calls for a ratio of those in the window of the key figures."""

RULES = (
    rule(
        "calls_near_limit",
        "More than 80 % of the calls that `maxcalls` of asterisk.conf allows. Without a limit it never "
        "fires.",
        metric="dialplan.active",
        divided_by="system.max_calls",
        above=0.8,
        clear=0.7,
        severity="warning",
        summary="{pbx} carries {value:%} of the calls that it may",
        inhibited_by=["pbx_unreachable", "calls_at_limit"],
    ),
    rule(
        "calls_at_limit",
        "More than 95 % of the calls that `maxcalls` allows: the next ones are refused.",
        metric="dialplan.active",
        divided_by="system.max_calls",
        above=0.95,
        clear=0.9,
        severity="critical",
        summary="{pbx} carries {value:%} of the calls that it may",
        inhibited_by=UNREACHABLE,
    ),
    rule(
        "asr_low",
        "Fewer than 1 of 10 calls are answered, of at least 20 in the last 15 minutes. What is normal "
        "differs much: raise it to a little below yours.",
        metric="kpi.asr",
        below=0.1,
        clear=0.2,
        given=CALLS,
        for_="1m",
        severity="warning",
        summary="Only {value:%} of the calls of {pbx} are answered",
        inhibited_by=UNREACHABLE,
    ),
    rule(
        "ner_low",
        "More than 3 of 10 calls fail in the network, of at least 20 in the last 15 minutes: numbers that "
        "are busy or do not answer are no failures here.",
        metric="kpi.ner",
        below=0.7,
        clear=0.8,
        given=CALLS,
        for_="1m",
        severity="warning",
        summary="Only {value:%} of the calls of {pbx} get through the network",
        inhibited_by=UNREACHABLE,
    ),
    rule(
        "suspicious_silence",
        "No call for an hour within business hours: a provider, or the way to it, may be down unnoticed.",
        why_off="It needs to know your hours: define the schedule `business`, then enable it. Asterisk does "
        "not tell which calls come from outside, so all are counted; where a queue takes those, watch "
        "queue.joins.",
        metric="calls.attempts",
        measure="increase",
        over="1h",
        equal=0,
        schedule="business",
        severity="warning",
        summary="{pbx} has had no call for an hour",
        inhibited_by=UNREACHABLE,
    ),
    rule(
        "media_loss",
        "More than 3 % of the packets of speech are lost, for a minute: words go missing.",
        metric="media.loss",
        above=0.03,
        clear=0.02,
        given=HEARD,
        for_="1m",
        severity="warning",
        summary="{value:.1%} of the packets of {technology} on {pbx} are lost ({direction})",
        inhibited_by=UNREACHABLE,
    ),
    rule(
        "media_jitter",
        "The jitter of speech is above 50 ms, for a minute: more than most jitter buffers even out.",
        metric="media.jitter",
        above=0.05,
        clear=0.03,
        given=HEARD,
        for_="1m",
        severity="warning",
        summary="Jitter of {technology} on {pbx} is {value:.3f} s ({direction})",
        inhibited_by=UNREACHABLE,
    ),
    rule(
        "media_poor",
        "The estimated opinion score is below 3.5, for a minute: many callers are dissatisfied.",
        metric="media.mos",
        below=3.5,
        clear=3.7,
        given=HEARD,
        for_="1m",
        severity="warning",
        summary="Opinion score of {technology} on {pbx} is {value:.1f} ({direction})",
        inhibited_by=UNREACHABLE,
    ),
)
