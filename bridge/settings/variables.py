"""Every variable that can be set, as the models define it: for reading, for `show` and for documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from bridge.settings.models import Settings
from bridge.settings.types import Secret, Section
from bridge.settings.values import Form

PREFIX = "BRIDGE_"
NESTING = "__"
TWIN = "_file"
"""A secret `password` can also be given as the name of a file, with `password_file`."""
ANY = "<NAME>"
"""Stands for the name of a PBX, a rule or a schedule where no particular one is meant."""
MASK = "********"

KeyPath = tuple[str, ...]
"""Where a value is in the settings, such as `("pbx", "hq", "ami", "host")`."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting.

    Attributes:
        path: where it is in the settings; `ANY` in place of a free name.
        default: its default as the environment would write it; None when a value must be given.
        help: one sentence for people.
        secret: never shown, and may be given as a file.
        form: its type in words, and how its values are written.
    """

    path: KeyPath
    default: str | None
    help: str
    secret: bool
    form: Form

    @property
    def name(self) -> str:
        """The environment variable."""
        return spelled(self.path)

    def shown(self, value: object) -> str:
        """A value as the environment would write it; a secret is masked."""
        text = _written(value, self.form)
        return MASK if self.secret and text else text


def _written(value: object, form: Form) -> str:
    return "" if value is None else form.show(value)


def spelled(path: KeyPath) -> str:
    """The environment variable of a path."""
    return PREFIX + NESTING.join(part if part == ANY else part.upper() for part in path)


def pattern(path: KeyPath) -> KeyPath:
    """The path with `ANY` in place of a free name."""
    for above in NAMED:
        if len(path) > len(above) and path[: len(above)] == above:
            return (*above, ANY, *path[len(above) + 1 :])
    return path


def named(path: KeyPath, like: KeyPath, other: str = "") -> KeyPath:
    """The path of a setting with the free name of a path that it may be meant by, or else an `other` one."""
    place = path.index(ANY) if ANY in path else 0
    known = path[:place] == like[:place] and len(like) > place
    return tuple((like[place] if known else other) if part == ANY else part for part in path)


def _of(model: type[Section], path: KeyPath = ()) -> Iterator[Variable | tuple[KeyPath, str]]:
    for name, field in model.model_fields.items():
        here = (*path, field.alias or name)
        section = _section(field.annotation)
        if section:
            here = (*here, ANY) if get_origin(field.annotation) is dict else here
            yield here, " ".join((section.__doc__ or "").split())
            yield from _of(section, here)
        else:
            form = _form(Annotated[field.annotation, None, *field.metadata])
            yield Variable(
                path=here,
                default=None
                if field.is_required()
                else _written(field.get_default(call_default_factory=True), form),
                help=field.description or "",
                secret=field.annotation is Secret,
                form=form,
            )


def _section(annotation: Any) -> type[Section] | None:
    """The section inside `X`, `X | None` or `dict[str, X]`, if it is one."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, Section):
            return candidate
    return None


def _form(annotation: Any) -> Form:
    """How values of a type are named and written."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        forms = [item for item in args[1:] if isinstance(item, Form)]
        return forms[0] if forms else _form(args[0])
    if origin is Literal:
        return Form(" | ".join(map(str, args)))
    if args:
        return _form(args[0])
    return FORMS[annotation]


FORMS: dict[type, Form] = {
    bool: Form("true or false", lambda value: str(value).lower()),
    int: Form("number"),
    float: Form("number", "{:g}".format),
    str: Form("text", empty=True),
    Path: Form("path"),
    Secret: Form("secret", Secret.get_secret_value, empty=True),
}

_ALL = list(_of(Settings))
VARIABLES: dict[KeyPath, Variable] = {each.path: each for each in _ALL if isinstance(each, Variable)}
"""Every setting by its path, in the order of the models."""
SECTIONS: dict[KeyPath, str] = dict(each for each in _ALL if not isinstance(each, Variable))
"""The help of every section by its path."""
NAMED: tuple[KeyPath, ...] = tuple(path[:-1] for path in SECTIONS if path[-1] == ANY)
"""Where a free name follows: that of a PBX, a rule or a schedule."""
