"""Settings as they come from outside: read from all places, checked as a whole, and shown again.

Every fault is found in one reading and names the variable or the TOML key to change; a secret is never shown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bridge.errors import Fault, SettingsError
from bridge.log import get_logger
from bridge.settings import Settings
from bridge.settings.alerts import guess, overruled, shipped_tables
from bridge.settings.layers import Layer, from_alerts, from_environment, from_secret_folders, from_toml
from bridge.settings.types import ConflictError
from bridge.settings.values import one_line, without_password
from bridge.settings.variables import SECTIONS, VARIABLES, KeyPath, Variable, pattern, spelled

SHOWN = 80
"""Characters of a wrong value that a fault repeats."""
LINE = 500
"""Characters of each part of a fault: names of variables and files come from outside too."""
RULES = ("alerts", "rule")
"""Where the rules of alerts are."""

Made = TypeVar("Made")

log = get_logger(component="settings")


class Outside(Settings, BaseSettings):
    """Settings from layers; what an earlier layer says goes over the later ones."""

    model_config = cast("SettingsConfigDict", Settings.model_config)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """One source per layer, instead of those that pydantic-settings would bring."""
        layers = cast("InitSettingsSource", init_settings).init_kwargs["layers"]
        return tuple(InitSettingsSource(settings_cls, layer) for layer in layers)


from_layers: Callable[..., Settings] = Outside
"""Makes settings from `layers`, a list of nested dicts, the first above the others."""


class Loaded(NamedTuple):
    """Settings, where each value was found, and what is not wrong but not good either."""

    settings: Settings
    origins: Mapping[KeyPath, str]
    warnings: tuple[str, ...] = ()


def read(environ: Mapping[str, str]) -> Loaded:
    """Read and check all settings.

    Raises:
        SettingsError: with every fault, each naming the variable or TOML key.
    """
    above, below, alerts = Layer(), Layer(), Layer()
    above.fill(from_environment(environ))
    above.fill(from_secret_folders(environ))
    below.fill(from_toml(environ))
    alerts.fill(from_alerts([above, below]))
    layers = [above, below, alerts]
    shipped = Layer({"alerts": {"rule": shipped_tables()}})
    _settle_rules([*layers, shipped])
    origins = {**alerts.origins, **below.origins, **above.origins}
    faults = [fault for layer in layers for fault in layer.faults]
    try:
        settings = from_layers(layers=[each.values for each in (*layers, shipped)])
    except ValidationError as error:
        told = {fault.where for fault in faults}
        found = _faults(error, lambda path: _where(path, origins))
        faults += [fault for fault in found if fault.where not in told]
    if faults:
        raise readable(faults)
    warnings = [*(warning for layer in layers for warning in layer.warnings), *settings.warnings()]
    return Loaded(settings, origins, tuple(one_line(warning, LINE) for warning in warnings))


def _settle_rules(layers: Sequence[Layer]) -> None:
    """Take from the tables of each rule, and from their origins, what layers above leave no room for."""
    tables = [_rules_of(layer) for layer in layers]
    for name in dict.fromkeys(name for each in tables for name in each if isinstance(each[name], dict)):
        holders = [each for each in tables if isinstance(each.get(name), dict)]
        for held, settled in zip(holders, overruled([each[name] for each in holders]), strict=True):
            held[name] = settled
    for layer, held in zip(layers, tables, strict=True):
        layer.origins = {path: where for path, where in layer.origins.items() if _still_holds(held, path)}


def _rules_of(layer: Layer) -> dict[str, Any]:
    """The tables of rules; empty where there are none, and where something else has their place."""
    folder: Any = layer.values
    for part in RULES:
        folder = folder.get(part) if isinstance(folder, dict) else None
    return folder if isinstance(folder, dict) else {}


def _still_holds(rules: Any, path: KeyPath) -> bool:
    """Whether a path, if it is one of a rule, is still there."""
    if path[: len(RULES)] != RULES:
        return True
    for part in path[len(RULES) :]:
        if not isinstance(rules, dict) or part not in rules:
            return False
        rules = rules[part]
    return True


def readable(faults: Iterable[Fault]) -> SettingsError:
    """All faults, each once and as one line that can be shown anywhere."""
    lines = (
        Fault(*(one_line(part, LINE) for part in (fault.where, fault.what, fault.hint))) for fault in faults
    )
    return SettingsError([*dict.fromkeys(lines)])


def load(environ: Mapping[str, str]) -> Settings:
    """Read and check all settings; what is not good is logged.

    Raises:
        SettingsError: with every fault, each naming the variable or TOML key.
    """
    loaded = read(environ)
    for warning in loaded.warnings:
        log.warning(warning)
    return loaded.settings


# --- what is wrong, in words

WORDS = {
    "missing": "is not set",
    "extra_forbidden": "is not known",
    "literal_error": "is not one of {expected}",
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "bool_parsing": "is not true or false",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "value_error": "{error}",
}
"""Pydantic's kinds of errors in our words; of the others its own are used."""


Place = Callable[[KeyPath], str]
"""Says where a value was set."""


def checked(make: Callable[[], Made], place: Place) -> Made:
    """Make a section of what was found elsewhere than in the settings.

    Raises:
        SettingsError: with every fault that it has.
    """
    try:
        return make()
    except ValidationError as error:
        raise readable(_faults(error, place)) from None


def _faults(error: ValidationError, place: Place) -> Iterator[Fault]:
    for detail in error.errors(include_url=False):
        loc = tuple(map(str, detail["loc"]))
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, ConflictError):
            for name, what in cause.conflicts:
                yield Fault(place((*loc, *filter(None, name.split(".")))), what)
        else:
            yield Fault(place(loc), *_what(detail, _setting(loc)))


def _setting(path: KeyPath) -> KeyPath:
    """The path of the setting in which an error lies, without the place inside its value."""
    known = (path[:end] for end in range(len(path), 0, -1))
    return next((each for each in known if pattern(each) in VARIABLES or pattern(each) in SECTIONS), ())


def _where(loc: KeyPath, origins: Mapping[KeyPath, str]) -> str:
    path = _setting(loc)
    below = (where for at, where in origins.items() if at[: len(path)] == path)
    return origins.get(path) or next(below, spelled(path))


def _what(detail: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    """What is wrong, and a hint."""
    variable = VARIABLES.get(pattern(path))
    words = WORDS.get(detail["type"])
    message = words.format(**detail.get("ctx", {})) if words else detail["msg"].removeprefix("Input ")
    if detail["type"] in {"missing", "extra_forbidden"}:
        meant = guess(path[2]) if path[:2] == RULES else ""
        return message, meant or (variable.help if variable else "")
    secret = variable.secret if variable else isinstance(detail["input"], dict)
    return f"{_shown(detail['input'], secret=secret)} {message}", ""


def _shown(value: object, *, secret: bool) -> str:
    """A wrong value as a fault repeats it."""
    if secret:
        return "the value given" if value else "''"
    text = repr(without_password(value)) if isinstance(value, str) else without_password(repr(value))
    return text if len(text) <= SHOWN else text[: SHOWN - 4] + "...'"


# --- settings shown


def masked(settings: Settings) -> dict[str, Any]:
    """All settings as plain nested values that JSON can hold, secrets masked."""
    return settings.model_dump(mode="json", by_alias=True)


def effective(loaded: Loaded) -> Iterator[tuple[Variable, str, str]]:
    """(variable, value as the environment would write it, where it was set) for every setting in force.

    Of rules only what was set: what else there is of those that ship is in docs/alerts.md.
    """
    for path, value in _values(loaded.settings):
        if path[:2] != RULES or path in loaded.origins:
            variable = VARIABLES[pattern(path)]
            yield replace(variable, path=path), variable.shown(value), loaded.origins.get(path, "default")


def _values(section: Mapping[Any, Any] | BaseModel, path: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    for key, value in section.items() if isinstance(section, Mapping) else _fields(section):
        here = (*path, key)
        if pattern(here) in VARIABLES:
            yield here, value
        elif isinstance(value, Mapping | BaseModel):
            yield from _values(value, here)


def _fields(section: BaseModel) -> Iterator[tuple[str, object]]:
    """The fields of a section by the names that users know."""
    for name, field in type(section).model_fields.items():
        yield field.alias or name, getattr(section, name)
