"""Where a series is shown: the topics of values, and the fields of their JSON objects.

<prefix>/<pbx>/<group>[/<label values>]   layout entity: {"waiting":3,"members":5}
.../<what>                                layout metric: 3
"""

import json
import re
from typing import NamedTuple

from bridge.core.naming import STATSD, place
from bridge.core.sample import Series
from bridge.protocols.mqtt import escape

STATISTIC = re.compile(r"(?:count|rate|sum|sum_squares|lower|upper|mean|median|std)(?:_(?:top)?[0-9_]+)?")
"""The last word of a StatsD bucket's derived series, as in `web.requests.upper_90`."""


class Cell(NamedTuple):
    """Where a series is shown: a topic, and in layout `entity` the field of its JSON object.

    Attributes:
        topic: the whole topic.
        field: encoded as JSON; empty in layout `metric`.
        words: the text of an INFO metric, encoded for its layout; it stands in place of the value.
    """

    topic: str
    field: str = ""
    words: str | None = None


def entity_cell(prefix: str, series: Series, info: bool) -> Cell:
    """Where layout `entity` shows a series: a field of the JSON object of its entity."""
    if info:
        series, key, words = _text_of(series)
        return Cell(_topic(prefix, *place(series, escape).entity), _json(key), _json(words))
    entity = place(series, escape).entity
    _, _, what = series.name.partition(".")
    if entity[1] == STATSD:
        bucket, what = _statistic(what)
        entity = (*entity, escape(bucket))
    return Cell(_topic(prefix, *entity), _json(what))


def metric_cell(prefix: str, series: Series, info: bool) -> Cell:
    """Where layout `metric` shows a series: a topic of its own."""
    if info:
        series, key, words = _text_of(series)
        return Cell(_topic(prefix, *place(series, escape).entity, escape(key)), words=_utf8(words))
    entity, what = place(series, escape)
    return Cell(_topic(prefix, *entity, what))


def _text_of(info: Series) -> tuple[Series, str, str]:
    """An INFO series without its text, and the text with its key."""
    *labels, (key, words) = info.labels
    return info._replace(labels=tuple(labels)), key, words


def _statistic(name: str) -> tuple[str, str]:
    """A StatsD bucket and which of its numbers it is; a gauge has but one, its `value`."""
    bucket, _, last = name.rpartition(".")
    return (bucket, last) if bucket and STATISTIC.fullmatch(last) else (name, "value")


def _topic(*components: str) -> str:
    return "/".join(components)


def _utf8(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


def _json(value: str) -> str:
    return json.dumps(_utf8(value), ensure_ascii=False)
