"""The types of settings: each checks its values, and says how documents name it and how they are written."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    model_validator,
)

from bridge.core.endpoint import Endpoint, parse
from bridge.core.sample import BRIDGE
from bridge.core.schedule import Hours
from bridge.settings import values
from bridge.settings.values import Form

HOST = re.compile(r"[A-Za-z0-9._-]+")
MODE = re.compile(r"0?[0-7]{3}")
STATSD_PREFIX = re.compile(r"[^\s:|;,=#\[\]]{0,40}")
"""Asterisk cuts the `prefix` of its statsd.conf after 40 characters; the others would end a name."""
TOPIC_PREFIX_LIMIT = 1000
"""Characters in front of every topic, which has room for 65,535 bytes."""
PBX_NAME = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
PBX_NAME_LIMIT = 64
"""Characters of a PBX name: it is part of every path and topic."""
RULE_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
RULE_NAME_LIMIT = 64
"""Characters of the name of a rule or a schedule: it is part of topics."""

STATSD_SCHEMES = {"udp": 8125, "tcp": 8125, "unixgram": None, "unix": None}
GRAPHITE_SCHEMES = {"tcp": 2003, "tls": 0, "udp": 2003, "pickle": 2004}
MQTT_SCHEMES = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
STATSD_OUT_SCHEMES = {"udp": 8125, "tcp": 8125}
WITH_PATH = {"ws", "wss"}
SOCKET_PATH_LIMIT = 107
"""Bytes of the path of a unix socket (unix(7), with the NUL behind it)."""


def _url(schemes: Mapping[str, int | None], *, user: bool = False) -> Callable[[str], str]:
    """A check of one URL; empty is allowed, and stands for none."""

    def check(text: str) -> str:
        if text:
            _check_endpoint(parse(text, schemes), user=user)
        return text

    return check


def _check_endpoint(endpoint: Endpoint, *, user: bool) -> None:
    if endpoint.password:
        raise ValueError("must not hold a password; it has a setting of its own")
    if endpoint.username and not user:
        raise ValueError("must not hold a user name")
    if endpoint.host and not _may_follow(endpoint.path, endpoint.scheme):
        raise ValueError("must end with the host and the port; a password has a setting of its own")
    if not endpoint.host and len(endpoint.path.encode()) > SOCKET_PATH_LIMIT:
        raise ValueError(f"has a longer path than a socket may have: {SOCKET_PATH_LIMIT} bytes")


def _may_follow(path: str, scheme: str) -> bool:
    """Whether a path may stand behind a host; the end of a password looks like one when a slash is in it."""
    return path in {"", "/"} or (scheme in WITH_PATH and "@" not in path)


def _listen(text: str) -> str:
    try:
        plain = text == "off" or not parse(f"http://{text}", {"http": 0}).path
    except ValueError:
        plain = False
    if not plain:
        raise ValueError("is not HOST:PORT; an IPv6 address is written [::1]:PORT")
    return text


def _not_empty(items: tuple[str, ...]) -> tuple[str, ...]:
    if not items:
        raise ValueError("names nothing")
    return items


def _host(text: str) -> str:
    if not HOST.fullmatch(text) and not values.is_ipv6(text):
        raise ValueError("is not a host name or address; a port has a setting of its own")
    return text


def _mode(text: str) -> str:
    if not MODE.fullmatch(text):
        raise ValueError("is not a file mode; write it as 0660")
    return text


def _pbx_name(name: str) -> str:
    if name == BRIDGE:
        raise ValueError("is reserved for the bridge's own numbers; name the PBX otherwise")
    if not PBX_NAME.fullmatch(name) or len(name) > PBX_NAME_LIMIT:
        raise ValueError("is not a PBX name: lower-case letters and digits, with single - or _ between them")
    return name


def _rule_name(name: str) -> str:
    if not RULE_NAME.fullmatch(name) or len(name) > RULE_NAME_LIMIT:
        raise ValueError("is not a name: lower-case letters and digits, with single _ between them")
    return name


def _hours(text: str) -> str:
    if text:
        Hours.parse(text)
    return text


def _statsd_prefix(prefix: str) -> str:
    if prefix.endswith("."):
        raise ValueError("must not end with a dot: Asterisk adds one")
    if not STATSD_PREFIX.fullmatch(prefix):
        raise ValueError("is not a StatsD prefix: up to 40 characters, no blanks and none of :|;,=#[]")
    return prefix


def _sparkplug_id(name: str) -> str:
    if set(name) & set("+/#") or not (name.isprintable() or not name):
        raise ValueError("must have none of + / # and only characters that can be seen")
    return name


def _topic(prefix: str) -> str:
    if not prefix or set(prefix) & set("+#\0") or prefix.startswith(("$", "/")) or prefix.endswith("/"):
        raise ValueError("is not a topic: no +, #, NUL, no $ in front, no / at its ends")
    if len(prefix) > TOPIC_PREFIX_LIMIT:
        raise ValueError(f"is longer than {TOPIC_PREFIX_LIMIT} characters")
    return prefix


LIST = Form("list", values.show_list, empty=True)
Duration = Annotated[
    float,
    BeforeValidator(values.duration),
    Field(gt=0, le=86400 * 365),
    Form("duration", values.show_duration),
]
"""Seconds; written `500ms`, `10s`, `5m`, `1h`, or a plain number of seconds."""
Pause = Annotated[
    float,
    BeforeValidator(values.duration),
    Field(ge=0, le=86400 * 365),
    Form("duration", values.show_duration),
]
"""Seconds like a Duration, or 0 for none."""
Words = Annotated[tuple[str, ...], BeforeValidator(values.listed), LIST]
"""A list of words; written `a,b` or as JSON."""
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(values.network)], ...], BeforeValidator(values.listed), LIST
]
"""A list of addresses or networks."""
Percentiles = Annotated[
    tuple[Annotated[float, AfterValidator(values.percentile)], ...],
    BeforeValidator(values.listed),
    LIST,
]
"""A list of numbers in -100..100 without 0; written `90,99` or as JSON."""
Globs = Annotated[
    dict[str, tuple[str, ...]],
    BeforeValidator(values.table),
    Form("table", values.show_table, empty=True, table=True),
]
"""For each label the globs of which one must match; written `label=glob,label=glob` or as JSON."""
Secret = SecretStr
"""Text that is never shown; its variable has a `_FILE` twin."""
File = Annotated[Path, AfterValidator(values.readable_file)]
Folder = Annotated[Path, AfterValidator(values.readable_folder)]
Limit = Annotated[float, Field(allow_inf_nan=False), Form("number", "{:.15g}".format)]
"""Any finite number."""
Amount = Annotated[int, Field(ge=1, le=2**30)]
"""Of bytes, or of what takes as many: more is a mistake, and a socket would not take it."""
Port = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[str, AfterValidator(_host)]
FileMode = Annotated[str, AfterValidator(_mode)]
PbxName = Annotated[str, AfterValidator(_pbx_name)]
RuleName = Annotated[str, AfterValidator(_rule_name)]
TimeZone = Annotated[str, AfterValidator(values.time_zone)]
WeeklyHours = Annotated[str, AfterValidator(_hours)]
CalendarSources = Annotated[
    tuple[Annotated[str, AfterValidator(values.calendar)], ...],
    BeforeValidator(values.listed),
    LIST,
    PlainSerializer(lambda sources: [*map(values.without_path, sources)], when_used="json"),
]
"""Calendars: paths of .ics files, or URLs, whose paths are not shown to others."""
StatsdPrefix = Annotated[str, AfterValidator(_statsd_prefix)]
SparkplugId = Annotated[str, AfterValidator(_sparkplug_id)]
Topic = Annotated[str, AfterValidator(_topic)]
ListenUrls = Annotated[
    tuple[Annotated[str, AfterValidator(_url(STATSD_SCHEMES))], ...],
    BeforeValidator(values.listed),
    AfterValidator(_not_empty),
    LIST,
]
GraphiteUrls = Annotated[
    tuple[Annotated[str, AfterValidator(_url(GRAPHITE_SCHEMES))], ...],
    BeforeValidator(values.listed),
    LIST,
]
MqttUrl = Annotated[str, AfterValidator(_url(MQTT_SCHEMES, user=True))]
StatsdOutUrl = Annotated[str, AfterValidator(_url(STATSD_OUT_SCHEMES))]
HttpListen = Annotated[str, AfterValidator(_listen)]
Qos = Annotated[Literal[0, 1], BeforeValidator(values.whole)]


def _plain(value: object) -> str:
    """What of a setting is text, a secret included."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, str | Path) else ""


class ConflictError(ValueError):
    """Single values that are right, but not together.

    Attributes:
        conflicts: the field, and what is wrong with it, for each.
    """

    def __init__(self, conflicts: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field} {what}" for field, what in conflicts))
        self.conflicts = conflicts


class Section(BaseModel):
    """The manners of every section: frozen, no key that is not known, no values in errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """(field, what is wrong with it) for everything that only the whole section shows."""
        return iter(())

    @model_validator(mode="after")
    def _is_without_conflicts(self) -> Self:
        if conflicts := [*self._control_characters(), *self.conflicts()]:
            raise ConflictError(conflicts)
        return self

    def _control_characters(self) -> Iterator[tuple[str, str]]:
        """No text of ours goes to a peer, a log or a terminal with them."""
        for name, value in self:
            items = value if isinstance(value, tuple) else (value,)
            if any(values.CONTROL.search(_plain(each)) for each in items):
                yield name, "holds a control character, or bytes that are not UTF-8"
