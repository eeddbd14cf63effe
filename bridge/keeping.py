"""How the local store keeps each series: by the rules that `graphite-schemas` gives to carbon."""

import re
from collections.abc import Iterable

from bridge.core.archives import Retention, seconds
from bridge.errors import Fault, SettingsError
from bridge.retention.aggregation import aggregation
from bridge.retention.rules import Rule
from bridge.retention.schemas import schemas
from bridge.settings import Settings
from bridge.sinks.store import Recipe, Recipes

USUAL_STEP = "10s"
"""Of a series that no rule knows, since its name was demanded by somebody else."""


def recipes(settings: Settings) -> Recipes:
    """What gives each series its archives, and the way in which its values become one.

    Raises:
        SettingsError: the retention does not fit one of the intervals.
    """
    store = settings.store
    names = {"prefix": store.prefix, "layout": store.layout}
    named = settings.model_copy(update={"graphite": settings.graphite.model_copy(update=names)})
    retention = Retention.parse(store.retention)
    try:
        kept = _compiled(schemas(named, retention))
    except ValueError as error:
        hint = "keep values for longer, or ask for them more often"
        raise SettingsError(
            [Fault("BRIDGE_STORE__RETENTION", f"{store.retention!r} {error}", hint)]
        ) from error
    rolled_up = _compiled(aggregation(named))

    def recipe(name: str) -> Recipe:
        step, _, _ = _first(kept, name, "retentions", USUAL_STEP).partition(":")
        archives = retention.archives(seconds(step))
        return Recipe(tuple(archives), _first(rolled_up, name, "aggregationMethod", "average"))

    return recipe


def _compiled(rules: Iterable[Rule]) -> list[tuple[re.Pattern[str], Rule]]:
    return [(re.compile(rule.pattern), rule) for rule in rules]


def _first(rules: Iterable[tuple[re.Pattern[str], Rule]], name: str, term: str, default: str) -> str:
    """A term of the first rule that fits."""
    return next((rule.terms[term] for pattern, rule in rules if pattern.search(name)), default)
