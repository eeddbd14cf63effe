"""Rules about queues and mailboxes: callers who wait, give up, or find nobody."""

from bridge.asterisk.alerts.shipped import UNREACHABLE, rule

EMPTY = ["pbx_unreachable", "queue_without_members"]
"""What explains that callers wait."""

RULES = (
    rule(
        "queue_without_members",
        "Callers wait in a queue, and no member is there whose device could be called.",
        metric="queue.members",
        equal=0,
        given={"metric": "queue.waiting", "above": 0},
        for_="30s",
        severity="critical",
        summary="Callers wait in {queue} of {pbx}, and nobody is logged in",
        inhibited_by=UNREACHABLE,
    ),
    rule(
        "queue_waiting",
        "More than 10 callers wait in a queue.",
        metric="queue.waiting",
        above=10,
        clear=8,
        for_="1m",
        severity="warning",
        summary="{value:.0f} callers wait in {queue} of {pbx}",
        inhibited_by=EMPTY,
    ),
    rule(
        "queue_longest_wait",
        "A caller has waited in a queue for more than 5 minutes.",
        metric="queue.longest_wait",
        above=300,
        severity="warning",
        summary="A caller has waited in {queue} of {pbx} for {value:.0f} s",
        inhibited_by=EMPTY,
    ),
    rule(
        "queue_abandoned",
        "More than 3 of 10 callers gave up, of at least 10 that came in the last 15 minutes.",
        metric="queue_kpi.abandon_rate",
        above=0.3,
        clear=0.2,
        given={"metric": "queue.joins", "measure": "increase", "over": "15m", "above": 9},
        for_="1m",
        severity="warning",
        summary="{value:%} of the callers of {queue} of {pbx} give up",
        inhibited_by=EMPTY,
    ),
    rule(
        "mailbox_full",
        "A mailbox has 100 new messages, the most that it holds unless voicemail.conf says otherwise.",
        why_off="Asterisk does not tell how many messages a mailbox may hold: set `above` to one less than "
        "your `maxmsg`.",
        metric="mailbox.new",
        above=99,
        clear=95,
        severity="warning",
        summary="Mailbox {mailbox} of {pbx} is full: {value:.0f} new messages",
        repeat="1d",
        inhibited_by=UNREACHABLE,
    ),
)
