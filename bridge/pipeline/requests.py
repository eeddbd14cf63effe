"""Requests: what people ask of the alerts is carried out, and answered.

They may be anybody who reaches the broker. So what comes from there is counted and limited, by number and by
the time that it takes; and nothing here can do more than look, acknowledge, silence and end a silence.
"""

from collections.abc import Callable, Mapping, Sequence
from heapq import nsmallest
from typing import Any

from bridge.core import own
from bridge.core.alert import Key, Moment, Notice, Severity, State
from bridge.core.rules import Rules
from bridge.core.sample import BRIDGE
from bridge.core.silence import Selector, Silence
from bridge.log import get_logger
from bridge.pipeline.alerts import Alerts
from bridge.pipeline.health import Health
from bridge.pipeline.interfaces import Clock
from bridge.protocols.request_fields import NAME_LIMIT
from bridge.protocols.requests import (
    Ack,
    Ask,
    AskHealth,
    ListAlerts,
    Reason,
    RequestError,
    Response,
    SilenceFor,
    Transaction,
    Unsilence,
    encode,
    parse,
)

RATE = 10.0
"""Requests a second, in the long run."""
BURST = 20.0
"""Requests at once: a person who presses every button of a page."""
COST = 0.01
"""Seconds of work that count as a request, so that strangers take a tenth of the time at most."""
GLOBS_LIMIT = 128
"""Globs of all silences in force, one for the rule of each included. Every alert is held against all of them
whenever a silence comes or goes: with 1,000 alerts that takes a tenth of a second."""
SHOWN_ALERTS = 500
"""Alerts in a list: some 200 kB."""
SHOWN_IDS = 100
"""Alerts named in the response to `ack`."""

Outcome = tuple[Sequence[Notice], dict[str, Any]]
"""What came of a request for everyone, and for the one who asked."""
Report = Callable[[], Mapping[str, object]]
"""Says how the bridge is."""

log = get_logger(component="requests")


class Allowance:
    """How much may be asked now: it grows with time, up to a burst.

    Args:
        now: the present, in monotonic seconds.
    """

    def __init__(self, now: float) -> None:
        self._left = BURST
        self._at = now

    def admits(self, now: float) -> bool:
        """Whether one more request may be carried out; `spend` says what it was."""
        self._left = min(BURST, self._left + RATE * (now - self._at))
        self._at = now
        return self._left >= 1.0

    @property
    def is_rested(self) -> bool:
        """Whether it has been calm for a while, by the look of the last `admits`."""
        return self._left >= BURST / 2

    def spend(self, seconds: float) -> None:
        """A request was carried out, and took so long."""
        self._left -= max(1.0, seconds / COST)


class Requests:
    """Carries out requests.

    Args:
        alerts: of which they are.
        health: where they are counted.
        clock: where time comes from.
        report: what `health` is answered with. Default: states, counts and gauges.
    """

    def __init__(self, alerts: Alerts, health: Health, clock: Clock, report: Report | None = None) -> None:
        self._alerts = alerts
        self._health = health
        self._clock = clock
        self._report = report or health.report
        self._allowance = Allowance(clock.monotonic())
        self._quiet = False

    def hear(self, verb: str, payload: bytes, retained: bool) -> bytes | None:
        """Take a request of anybody who reaches the broker; never raises.

        Args:
            verb: the last level of the topic.
            payload: whatever came.
            retained: the broker has kept it: it was asked for long ago, maybe, and answered.

        Returns:
            The response as JSON; None if nobody is answered: the request was retained, or its verb would
            make a topic beyond measure, or too many came. One of those is told, and then no other until
            they have been few for a while.
        """
        began = self._clock.monotonic()
        if retained:
            self._refused(Reason.RETAINED)
            return None
        if not self._allowance.admits(began):
            return self._limited(verb, payload)
        self._quiet = self._quiet and not self._allowance.is_rested
        response = encode(self.answer(verb, payload))
        self._allowance.spend(self._clock.monotonic() - began)
        return response if len(verb) <= NAME_LIMIT else None

    def answer(self, verb: str, payload: bytes) -> Response:
        """Carry out a request of somebody who may ask as often as he likes; never raises."""
        transaction: Transaction | None = None
        try:
            ask, transaction = parse(verb, payload)
            data = self._do(ask)
        except RequestError as error:
            self._refused(error.reason)
            given = transaction if error.transaction is None else error.transaction
            return Response(verb, {}, str(error), given)
        except Exception:
            log.exception("a defect: a request is not carried out")
            self._refused(Reason.DEFECT)
            return Response(verb, {}, "the bridge has failed at it: its log says where", transaction)
        self._health.count(own.REQUESTS_DONE.series(BRIDGE, ask.verb.value))
        return Response(verb, data, transaction=transaction)

    def _limited(self, verb: str, payload: bytes) -> bytes | None:
        """What is said once to those who ask too much."""
        self._refused(Reason.LIMITED)
        told, self._quiet = self._quiet, True
        if told or len(verb) > NAME_LIMIT:
            return None
        try:
            transaction = parse(verb, payload).transaction
        except RequestError as error:
            transaction = error.transaction
        return encode(Response(verb, {}, "too many requests: ask again in a few seconds", transaction))

    def _do(self, ask: Ask) -> Mapping[str, Any]:
        if isinstance(ask, AskHealth):
            return self._report()
        found: dict[str, Any] = {}

        def say(rules: Rules, now: Moment) -> list[Notice]:
            notices, data = carry_out(ask, rules, now)
            found.update(data)
            return [*notices]

        self._alerts.say(say)
        if not isinstance(ask, ListAlerts):
            silence = {"silence": found["id"]} if "id" in found else {}
            log.info("request", verb=ask.verb.value, alerts=_amount(found["alerts"]), **silence)
        return found

    def _refused(self, reason: Reason) -> None:
        self._health.count(own.REQUESTS_REFUSED.series(BRIDGE, reason.value))


def _amount(alerts: object) -> object:
    return len(alerts) if isinstance(alerts, list) else alerts


# --- what is done


def carry_out(ask: Ack | SilenceFor | Unsilence | ListAlerts, rules: Rules, now: Moment) -> Outcome:
    """Do what is asked for.

    Raises:
        RequestError: it cannot be done, and nothing was.
    """
    match ask:
        case Ack():
            return _acknowledge(ask, rules, now)
        case SilenceFor():
            return _silence(ask, rules, now)
        case Unsilence():
            return _unsilence(ask, rules, now)
        case ListAlerts():
            return (), _listed(ask, rules, now)


def _acknowledge(ask: Ack, rules: Rules, now: Moment) -> Outcome:
    """To acknowledge twice is no mistake: a request may come twice."""
    meant = _known(ask.selector, rules)
    if State.FIRING not in meant.values():
        raise RequestError(
            Reason.NOTHING,
            f"none of the {len(meant)} alerts that are meant fires" if meant else "no alert is meant",
        )
    _check_is_not_over(ask.selector, meant, rules)
    notices = rules.acknowledge(ask.selector, now)
    ids = [notice.id for notice in notices]
    return notices, {"acknowledged": len(ids), "alerts": ids[:SHOWN_IDS]}


def _check_is_not_over(selector: Selector, meant: Mapping[Key, State], rules: Rules) -> None:
    """Refuse to care for what has begun since somebody saw what is over by now."""
    number = selector.id.partition("-")[2]
    for key in meant if number else ():
        standing = rules.standing(key)
        if standing and int(number) < rules.begun(key):
            raise RequestError(
                Reason.NOTHING, f"what {selector.id} tells of is over; what there is now is {standing.id}"
            )


def _silence(ask: SilenceFor, rules: Rules, now: Moment) -> Outcome:
    """A silence takes the place of an earlier one for the same alerts; it need not mean any as yet."""
    meant = _known(ask.selector, rules)
    selector = _lasting(ask.selector)
    silence = Silence(selector, now.time + ask.duration, ask.comment)
    silences = _in_force(rules, now)
    before = [each.id for each in silences if each.selector == selector and each.id != silence.id]
    _check_room([each for each in silences if each.selector != selector], selector)
    notices = rules.silence(silence, now)
    for each in before:
        notices += rules.unsilence(each, now)
    return notices, {"id": silence.id, "until": silence.until, "alerts": len(meant)}


def _check_room(silences: Sequence[Silence], selector: Selector) -> None:
    """Refuse one more silence if there are too many."""
    globs = sum(_globs(each.selector) for each in silences)
    if globs + _globs(selector) > GLOBS_LIMIT:
        raise RequestError(
            Reason.FULL,
            f"{len(silences)} silences are in force, with {globs} globs; the most is {GLOBS_LIMIT}: end some",
        )


def _globs(selector: Selector) -> int:
    return 1 + sum(map(len, selector.labels.values()))


def _lasting(selector: Selector) -> Selector:
    """A silence by id is for the alert, whatever happens to it."""
    return Selector(selector.rule, selector.labels, selector.id.partition("-")[0])


def _unsilence(ask: Unsilence, rules: Rules, now: Moment) -> Outcome:
    silence = next((each for each in _in_force(rules, now) if each.id == ask.id), None)
    if silence is None:
        raise RequestError(Reason.NOTHING, f"no silence in force has the id {ask.id}; `list` shows them")
    meant = _meant(silence.selector, rules)
    return rules.unsilence(ask.id, now), {"id": ask.id, "alerts": len(meant)}


def _listed(ask: ListAlerts, rules: Rules, now: Moment) -> dict[str, Any]:
    """Those that fire come first, the gravest of them before the others."""
    wanted = [each for each in rules.states() if each[2] in ask.states]
    notices = [rules.standing(key) for key, _, _ in nsmallest(SHOWN_ALERTS, wanted, key=_rank)]
    data: dict[str, Any] = {
        "alerts": [notice.shown() for notice in notices if notice],
        "silences": [silence.shown() for silence in _in_force(rules, now)],
    }
    return data if len(wanted) <= SHOWN_ALERTS else {**data, "more": len(wanted) - SHOWN_ALERTS}


_GRAVEST_FIRST = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
_LOUDEST_FIRST = (State.FIRING, State.PENDING, State.INACTIVE)


def _rank(alert: tuple[Key, Severity, State]) -> tuple[int, int, Key]:
    key, severity, state = alert
    return _LOUDEST_FIRST.index(state), _GRAVEST_FIRST.index(severity), key


def _in_force(rules: Rules, now: Moment) -> list[Silence]:
    return [each for each in rules.silences if each.until > now.time]


def _meant(selector: Selector, rules: Rules) -> dict[Key, State]:
    """The alerts that are meant, and how they stand."""
    return {key: state for key, _, state in rules.states() if selector.means(key)}


def _known(selector: Selector, rules: Rules) -> dict[Key, State]:
    """As `_meant`; but the id, if there is one, must be known.

    It may be that of an alert, or of anything that was told of it: `3f2a9c01d4e5` or `3f2a9c01d4e5-7`. Both
    mean the alert as it stands now, since whoever saw the 7th notice may ask after the 8th was told, and
    cares for the alert that he knows. But what has a number that was never told is of another bridge, or
    made up.

    Raises:
        RequestError: no alert has the id.
    """
    meant = _meant(selector, rules)
    alert, _, number = selector.id.partition("-")
    if alert and not meant:
        raise RequestError(Reason.NOTHING, f"no alert that is meant has the id {alert}")
    for key in meant if number else ():
        standing = rules.standing(key)
        if standing and int(number) > standing.number:
            raise RequestError(
                Reason.NOTHING, f"nothing was told as {selector.id} yet: the last of it was {standing.id}"
            )
    return meant
