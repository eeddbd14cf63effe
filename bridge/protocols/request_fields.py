"""The fields of requests: small JSON objects that say each thing once, and what people may write in them."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from math import isfinite
from typing import NoReturn

from bridge.core.alert import ID_LENGTH, State
from bridge.core.printable import printable
from bridge.core.silence import Selector
from bridge.core.state import Json

GLOBS_LIMIT = 8
"""Globs for labels: every alert is held against every one of them."""
TEXT_LIMIT = 200
"""Characters of a glob, and of a comment: a label of an alert is hardly longer."""
NAME_LIMIT = 64
"""Characters of the name of a label, and of a transaction that is text."""
LARGEST_NUMBER = 2**53
"""Of a transaction: every reader of JSON keeps whole numbers up to here."""
LONGEST = 30 * 86_400.0
"""Seconds of a silence: what is to be silent for good needs another rule, not a silence."""
SHOWN = 60
"""Characters that an error repeats of what is wrong."""
ALIKE = 0.65
"""How much of a wrong name must be that of a right one, for which it is taken then."""
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
DURATION = re.compile(r"([0-9]{1,10}(?:\.[0-9]{1,10})?) ?(ms|s|m|h|d)?")
ALERT_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}(?:-[0-9]{{1,15}})?")
SILENCE_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")
SELECTING = ("rule", "labels", "pbx", "id", "all")
"""The fields that say which alerts are meant."""
SHOWN_STATES = frozenset({State.FIRING, State.PENDING})
"""What is listed if nobody says otherwise."""

Transaction = str | int | float
"""What a client tells its responses apart by; it comes back as it was given."""
Given = Mapping[str, Json]
"""The fields as they came."""


class Reason(StrEnum):
    """Why a request is refused: the word under which it is counted.

    MISSING: it does not say enough. CONFLICT: what it says cannot all be meant. NOTHING: there is nothing of
    the kind. FULL: there is no room for more. RETAINED: it may be of any age. LIMITED: too many came. DEFECT:
    the bridge has failed.
    """

    TOO_LONG = "too_long"
    ENCODING = "encoding"
    MALFORMED = "malformed"
    TOO_DEEP = "too_deep"
    DUPLICATE = "duplicate"
    VERB = "unknown_verb"
    FIELD = "unknown_field"
    VALUE = "bad_value"
    MISSING = "missing"
    CONFLICT = "conflict"
    NOTHING = "nothing_meant"
    FULL = "full"
    RETAINED = "retained"
    LIMITED = "limited"
    DEFECT = "defect"


class RequestError(ValueError):
    """A request is refused; the message tells people why.

    Attributes:
        reason: why.
        transaction: that of the request, as far as it could be read.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.transaction: Transaction | None = None


# --- JSON that says each thing once


def object_in(data: bytes, size: int, depth: int) -> dict[str, Json]:
    """The JSON object in `data`, of at most `size` bytes and `depth` levels; {} for blanks.

    Every key must be there once, also if it says the same twice: readers differ in which of them they take,
    and a sender who does that is mistaken.

    Raises:
        RequestError: it holds something else.
    """
    if len(data) > size:
        raise RequestError(Reason.TOO_LONG, f"it has {len(data)} bytes; the most is {size}")
    try:
        found = _read(data.decode()) if data.strip() else {}
    except UnicodeDecodeError as error:
        raise RequestError(Reason.ENCODING, "it is not UTF-8") from error
    except RecursionError as error:
        raise _too_deep(depth) from error
    if not isinstance(found, dict):
        raise RequestError(Reason.MALFORMED, "it is not a JSON object; write {...}")
    if _is_deeper(found, depth):
        raise _too_deep(depth)
    return found


def _read(text: str) -> Json:
    try:
        found: Json = json.loads(text, object_pairs_hook=_once, parse_float=_finite, parse_constant=_finite)
    except RequestError:
        raise
    except ValueError as error:
        raise RequestError(Reason.MALFORMED, f"it is not JSON: {error}") from error
    return found


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RequestError(Reason.DUPLICATE, f"it says {quoted(twice)} more than once")
    return found


def _finite(text: str) -> float:
    if not isfinite(number := float(text)):
        raise RequestError(Reason.VALUE, f"{text[:SHOWN]} is not a number that can be used")
    return number


def _too_deep(depth: int) -> RequestError:
    return RequestError(Reason.TOO_DEEP, f"it is nested deeper than {depth} levels")


def _is_deeper(found: Json, depth: int) -> bool:
    if not isinstance(found, dict | list):
        return False
    inner: Iterable[Json] = found.values() if isinstance(found, dict) else found
    return depth < 1 or any(_is_deeper(each, depth - 1) for each in inner)


# --- what is told of a fault


def quoted(value: Json) -> str:
    """A value as JSON, shortened, in characters that do nothing to a terminal or a log."""
    shown = printable(json.dumps(value, ensure_ascii=False))
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 3] + "..."


def refuse(what: str, value: Json, why: str) -> NoReturn:
    """Refuse the value of the field `what`."""
    raise RequestError(Reason.VALUE, f"{what} {quoted(value)} {why}")


def refuse_name(reason: Reason, what: str, name: str, known: Collection[str]) -> NoReturn:
    """Refuse a name, with what may be meant by it; `what` it is the name of."""
    close = get_close_matches(name[:NAME_LIMIT].lower(), known, n=1, cutoff=ALIKE)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    raise RequestError(reason, f"there is no {what} {quoted(name)} ({hint})")


# --- single fields; each raises RequestError


def text(what: str, value: Json, limit: int = TEXT_LIMIT) -> str:
    """Text that is not empty, not too long, and does nothing to a terminal or a log."""
    if not isinstance(value, str):
        refuse(what, value, "is not text")
    if not 0 < len(value) <= limit:
        refuse(what, value, f"does not have 1 to {limit} characters")
    if not value.isprintable():
        refuse(what, value, "holds a character that is not to be seen")
    return value


def comment(given: Given) -> str:
    """What is said of a silence; may be empty."""
    return text("comment", given["comment"]) if given.get("comment", "") != "" else ""


def alert_id(given: Given) -> str:
    """The id of an alert, or of something that was told of one."""
    return _id(given, ALERT_ID, "an id as alerts have it")


def silence_id(given: Given) -> str:
    """The id of a silence."""
    return _id(given, SILENCE_ID, "the id of a silence; `list` shows them")


def _id(given: Given, form: re.Pattern[str], what: str) -> str:
    value = given.get("id")
    if value is None:
        raise RequestError(Reason.MISSING, f"it has no id: {what}")
    if not isinstance(value, str) or not form.fullmatch(value):
        refuse("id", value, f"is not {what}")
    return value


def transaction(value: Json) -> Transaction:
    """What comes back with the response."""
    if isinstance(value, str):
        return text("transaction", value, NAME_LIMIT)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST_NUMBER:
        refuse("transaction", value, "is neither text nor a number that any reader of JSON keeps")
    return value


def duration(given: Given) -> float:
    """Seconds, written `30m` or as a number."""
    value = given.get("duration")
    if value is None:
        raise RequestError(Reason.MISSING, 'it has no duration; write "duration":"2h"')
    number = _seconds(value)
    if number is None:
        refuse("duration", value, "is not a duration; write it as 30m, 2h, 1d or in seconds")
    if not 0 < number <= LONGEST:
        refuse("duration", value, "is not more than 0 and at most 30d")
    return float(number)


def _seconds(value: Json) -> float | None:
    if isinstance(value, str):
        match = DURATION.fullmatch(value.strip())
        return float(match[1]) * UNITS[match[2] or "s"] if match else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def states(given: Given) -> frozenset[State]:
    """One state, several, or `all`."""
    if "state" not in given:
        return SHOWN_STATES
    value = given["state"]
    names = value if isinstance(value, list) else [value]
    if names == ["all"]:
        return frozenset(State)
    known = frozenset(State(each) for each in names if isinstance(each, str) and each in set(State))
    if not names or len(known) < len(names):
        refuse("state", value, f"is neither all nor of {', '.join(State)}")
    return known


def selector(given: Given) -> Selector:
    """Which alerts are meant: nobody means all of them by saying nothing."""
    chosen = [name for name in SELECTING if name in given and (name != "all" or given[name] is not False)]
    if not chosen:
        raise RequestError(
            Reason.MISSING, 'it does not say which alerts: give rule, labels, pbx or id, or "all":true'
        )
    if "all" in chosen and given["all"] is not True:
        refuse("all", given["all"], "is neither true nor false")
    if "all" in chosen and len(chosen) > 1:
        raise RequestError(Reason.CONFLICT, f"it means all alerts, and those of some {chosen[0]}")
    return Selector(
        rule=text("rule", given["rule"]) if "rule" in given else "*",
        labels=_labels(given),
        id=alert_id(given) if "id" in given else "",
    )


def _labels(given: Given) -> dict[str, tuple[str, ...]]:
    labels = given.get("labels", {})
    if not isinstance(labels, dict) or ("labels" in given and not labels):
        refuse("labels", labels, 'is not an object; write "labels":{"trunk":"provider*"}')
    if "pbx" in given and "pbx" in labels:
        raise RequestError(Reason.CONFLICT, "it gives pbx, and pbx among the labels: one of them is enough")
    wanted = {**({"pbx": given["pbx"]} if "pbx" in given else {}), **labels}
    found = {text("label", name, NAME_LIMIT): _globs(name, value) for name, value in wanted.items()}
    if sum(map(len, found.values())) > GLOBS_LIMIT:
        raise RequestError(Reason.VALUE, f"it has more than {GLOBS_LIMIT} globs for labels")
    return found


def _globs(name: str, value: Json) -> tuple[str, ...]:
    globs = value if isinstance(value, list) else [value]
    if not globs:
        refuse(name, value, "names nothing")
    return tuple(text(name, each) for each in globs[: GLOBS_LIMIT + 1])


def selecting(chosen: Selector) -> dict[str, Json]:
    """The fields that `selector` reads as this one."""
    if chosen == Selector():
        return {"all": True}
    fields: dict[str, Json] = {} if chosen.rule == "*" else {"rule": chosen.rule}
    if chosen.labels:
        fields["labels"] = {name: list(globs) for name, globs in chosen.labels.items()}
    return {**fields, "id": chosen.id} if chosen.id else fields
