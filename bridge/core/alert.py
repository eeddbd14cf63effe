"""Alert: what is said of something that is watched.

An alert is a rule and the labels of what it watches, `pbx` first. It is inactive, pending (the condition is
met, but not for long enough yet) or firing. Whatever happens to it is told in a Notice.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import chain
from typing import Any, NamedTuple

from bridge.core.sample import Labels, Sample, Series
from bridge.core.state import Json, mapping, number, pbx_series_in, text

ID_LENGTH = 12
"""Hexadecimal characters of an alert's id: among 10,000 alerts two are alike once in five million bridges."""
NOTICE = "alert.notice"
"""The name of the series by which a notice travels to its sink."""


class Moment(NamedTuple):
    """Now, by both clocks.

    Attributes:
        time: Unix time in seconds, for people and for schedules.
        monotonic: seconds that never jump, for durations.
    """

    time: float
    monotonic: float


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class State(StrEnum):
    """How an alert stands."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class Happening(StrEnum):
    """What has happened to an alert.

    WATCHED: it is known from now on. GONE: what it watches is not there any more. INHIBITED, RELEASED: a
    graver alert explains it, or does so no more. The others are events that people want to hear of.
    """

    PENDING = "pending"
    FIRING = "firing"
    INACTIVE = "inactive"
    REMINDER = "reminder"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"
    WATCHED = "watched"
    GONE = "gone"
    INHIBITED = "inhibited"
    RELEASED = "released"


QUIET = frozenset({Happening.WATCHED, Happening.GONE, Happening.INHIBITED, Happening.RELEASED})
"""What changes the state that is shown, and is no event."""
TRANSITIONS = frozenset({Happening.PENDING, Happening.FIRING, Happening.INACTIVE})
"""What brings an alert into another state."""
EVENTS = tuple(each for each in Happening if each not in QUIET)
"""What is told as an event."""


class Key(NamedTuple):
    """Which alert: the name of its rule, and the labels of what is watched, `pbx` first."""

    rule: str
    labels: Labels

    @property
    def pbx(self) -> str:
        """The PBX that it is about; `bridge` for the bridge itself."""
        return self.labels[0][1]

    @property
    def id(self) -> str:
        """The same for the same alert, always and everywhere."""
        words = json.dumps([self.rule, *self.labels], ensure_ascii=True)
        return sha256(words.encode()).hexdigest()[:ID_LENGTH]


def of_key(key: Key) -> Json:
    """A key as `[rule, label, value, label, value ...]`."""
    return [key.rule, *chain.from_iterable(key.labels)]


def key_in(value: Json) -> Key | None:
    """The key that `of_key` wrote; None if it is something else."""
    series = pbx_series_in(value)
    return Key(series.name, series.labels) if series else None


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that happened to an alert, and how it stands since.

    Attributes:
        key: which alert.
        happening: what happened.
        time: when, in Unix seconds.
        number: counts what happened to this alert; a notice that comes twice has the same number.
        state: how the alert stands.
        severity: how bad that is.
        since: when it came into this state, in Unix seconds.
        value: what is watched, as it was then; None if it is not known.
        threshold: what it was compared with.
        summary: a sentence for people.
        acknowledged: somebody cares for it.
        silenced_until: nobody is told of it before that, in Unix seconds; None if people are.
        inhibited: a graver alert explains it; of what is inactive there is nothing to explain.
        flapping: it comes and goes, so that it is over only when it has been calm for a while.
    """

    key: Key
    happening: Happening
    time: float
    number: int
    state: State
    severity: Severity
    since: float
    value: float | None = None
    threshold: float | None = None
    summary: str = ""
    acknowledged: bool = False
    silenced_until: float | None = None
    inhibited: bool = False
    flapping: bool = False

    @property
    def id(self) -> str:
        """Which of all notices: the same for one that is sent twice."""
        return f"{self.key.id}-{self.number}"

    @property
    def is_event(self) -> bool:
        """Whether people are to be told of it, and not only shown."""
        if self.happening in QUIET or (self.state is State.INACTIVE and self.happening not in TRANSITIONS):
            return False
        return self.silenced_until is None or self.happening is Happening.SILENCED

    @property
    def is_transition(self) -> bool:
        """Whether the alert has come into another state."""
        return self.happening in TRANSITIONS

    def shown(self) -> dict[str, Any]:
        """How the alert stands, as the JSON object that people see."""
        return {
            **_standing(self),
            "labels": dict(self.key.labels),
            "rule": self.key.rule,
            "id": self.id,
        }


def _standing(notice: Notice) -> dict[str, Any]:
    return {
        "state": notice.state.value,
        "severity": notice.severity.value,
        "since": notice.since,
        "value": notice.value,
        "threshold": notice.threshold,
        "summary": notice.summary,
        "acknowledged": notice.acknowledged,
        "silenced_until": notice.silenced_until,
        "inhibited": notice.inhibited,
        "flapping": notice.flapping,
    }


class Words(str):
    """A notice as text, which knows the notice that it says.

    Attributes:
        notice: so that it need not be read again, unless it came from a disk.
    """

    __slots__ = ("notice",)
    notice: Notice


def sample_of(notice: Notice) -> Sample:
    """A notice as a sample, since only those travel: a label holds its words, the value how it stands."""
    happened = {"happening": notice.happening.value, "time": notice.time, "number": notice.number}
    words = happened | _standing(notice)
    said = Words(json.dumps(words))
    said.notice = notice
    labels = (*notice.key.labels, ("rule", notice.key.rule), ("notice", said))
    level = (State.INACTIVE, State.PENDING, State.FIRING).index(notice.state)
    return Sample(Series(NOTICE, labels), float(level), notice.time)


def notice_in(sample: Sample) -> Notice:
    """The notice that a sample carries.

    Raises:
        ValueError: it was not made by `sample_of`.
    """
    *labels, (named, rule), (told, notice) = _UNTOLD + sample.series.labels
    if sample.series.name != NOTICE or (named, told) != ("rule", "notice") or len(labels) <= len(_UNTOLD):
        raise ValueError("is not a notice")
    if isinstance(notice, Words):
        return notice.notice
    try:
        words = mapping(json.loads(notice))
        return Notice(
            key=Key(rule, tuple(labels[len(_UNTOLD) :])),
            happening=Happening(text(words.get("happening"))),
            time=_float(words.get("time")),
            number=int(_float(words.get("number"))),
            state=State(text(words.get("state"))),
            severity=Severity(text(words.get("severity"))),
            since=_float(words.get("since")),
            value=number(words.get("value")),
            threshold=number(words.get("threshold")),
            summary=text(words.get("summary")),
            acknowledged=words.get("acknowledged") is True,
            silenced_until=number(words.get("silenced_until")),
            inhibited=words.get("inhibited") is True,
            flapping=words.get("flapping") is True,
        )
    except (RecursionError, TypeError) as error:
        raise ValueError("is not a notice") from error


_UNTOLD: Labels = (("", ""), ("", ""))


def _float(value: Any) -> float:
    found = number(value)
    if found is None:
        raise ValueError("is not a notice")
    return found
