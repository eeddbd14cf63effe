"""Single values of settings: taken, or refused with a message for people; what is shown reads back."""

import contextlib
from collections.abc import Mapping
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from bridge.core.endpoint import parse
from bridge.core.number import text as number_text
from bridge.settings import GRAPHITE_SCHEMES, MQTT_SCHEMES, STATSD_OUT_SCHEMES, STATSD_SCHEMES, types, values
from tests.fuzz.words import number, text

TYPES: list[TypeAdapter[Any]] = [
    TypeAdapter(cast("Any", each))
    for each in (
        types.Duration,
        types.Words,
        types.Networks,
        types.Percentiles,
        types.Host,
        types.FileMode,
        types.PbxName,
        types.StatsdPrefix,
        types.Topic,
        types.ListenUrls,
        types.GraphiteUrls,
        types.MqttUrl,
        types.StatsdOutUrl,
        types.HttpListen,
        types.Qos,
        types.Port,
        types.Amount,
    )
]
SCHEMES: tuple[Mapping[str, int | None], ...] = (
    GRAPHITE_SCHEMES,
    MQTT_SCHEMES,
    STATSD_OUT_SCHEMES,
    STATSD_SCHEMES,
)
SECRET = "correct-horse-battery"


def one(data: bytes) -> None:
    """Take any text as every value, and any eight bytes as a number."""
    given = text(data)
    for adapter in TYPES:
        with contextlib.suppress(ValidationError):
            adapter.validate_python(given)
    for schemes in SCHEMES:
        _check_endpoint(given, schemes)
    _check_shown(given)
    assert float(number_text(number(data))) == number(data)


def _check_endpoint(url: str, schemes: Mapping[str, int | None]) -> None:
    try:
        endpoint = parse(url, schemes)
    except ValueError:
        return
    assert endpoint.scheme in schemes
    assert bool(endpoint.host) != (schemes[endpoint.scheme] is None)
    assert 0 <= endpoint.port <= 65535
    assert str(endpoint) == str(endpoint._replace(password=SECRET)), "what is shown depends on the password"
    assert SECRET not in str(endpoint._replace(password=SECRET)) or SECRET in url


def _check_shown(given: str) -> None:
    line = values.one_line(given, 40)
    assert line.isprintable()
    assert len(line) <= 40
    assert SECRET not in values.without_password(f"mqtt://user:{given}{SECRET}@broker")
