"""The places where values of settings are found, and what is wrong with them before they are checked.

There are four: the environment, files that hold one secret each, a TOML file, and another one for alerts.
"""

import os
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from bridge.errors import Fault, SettingsError
from bridge.settings.values import readable_file
from bridge.settings.variables import (
    ANY,
    NAMED,
    NESTING,
    PREFIX,
    SECTIONS,
    TWIN,
    VARIABLES,
    KeyPath,
    named,
    pattern,
    spelled,
)

CONFIG = "BRIDGE_CONFIG"
SECRETS_DIR = "BRIDGE_SECRETS_DIR"
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd puts what LoadCredential= names."""
META = {
    CONFIG: "TOML file with settings; the environment goes over it",
    SECRETS_DIR: "Folder with one file per secret, each named like its variable",
}
"""Variables that say where settings are."""

SECRET_LIMIT = 64 * 1024
"""Bytes of a file with a secret: more is not a secret but a mistake."""
TOML_LIMIT = 1024 * 1024
"""Bytes of a TOML file: a thousand PBXs have room in it."""
DEEPEST = 8
"""Levels of a TOML file that are looked into: a setting is at most five levels down."""
ALERTS = ("alerts",)
"""Where the tables of the file for alerts belong."""
GUESSED = 200
"""Characters of a wrong name for which the nearest right one is looked for: it takes the square of them."""
FOR_OTHERS = 0o027
"""Bits of a file mode that are wider than 0640."""


class Given(NamedTuple):
    """One value as it was found; `where` is the variable, the TOML file and key, or the secret's file."""

    path: KeyPath
    value: object
    where: str
    spell: Callable[[KeyPath], str] = spelled


@dataclass
class Layer:
    """What one place gives: values as nested dicts, and for each path where it was found."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[KeyPath, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def fill(self, found: Iterable[Given]) -> None:
        """Take all values of one place, or note why the place cannot be read."""
        try:
            for given in found:
                self.add(given)
        except SettingsError as error:
            self.faults += error.faults

    def add(self, given: Given) -> None:
        """Take one value, or note why it cannot be taken."""
        path, value = given.path, given.value
        if _has_twin(path):
            path = (*path[:-1], path[-1].removesuffix(TWIN))
            value = self._secret(str(value), given.where)
        elif not _is_known(path, value):
            self.faults.append(_unknown(given))
            return
        if path in self.origins:
            fault = Fault(given.where, f"is set by {self.origins[path]} too", "keep one of them")
            self.faults.append(fault)
            return
        if value == "" and pattern(path) in VARIABLES and not VARIABLES[pattern(path)].form.empty:
            return
        self.origins[path] = given.where
        self._put(path, value)

    def _secret(self, file: str, where: str) -> str | None:
        """What a file holds, without the newline at its end; None when it cannot be used."""
        try:
            with Path(file).open("rb") as opened:
                mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
                text = opened.read(SECRET_LIMIT + 1).decode()
        except OSError as error:
            self.faults.append(_unreadable(where, file, error))
            return None
        except ValueError:
            self.faults.append(Fault(where, f"{file!r} does not hold UTF-8 text"))
            return None
        if len(text) > SECRET_LIMIT:
            self.faults.append(Fault(where, f"{file!r} is too long for a secret"))
            return None
        if mode & FOR_OTHERS:
            self.warnings.append(f"{where}: {file} has mode {mode:04o}; 0640 or less keeps others out")
        return text.rstrip("\r\n")

    def _put(self, path: KeyPath, value: object) -> None:
        folder = self.values
        for part in path[:-1]:
            folder = folder.setdefault(part, {})
        if value is not None:
            folder[path[-1]] = value


def _has_twin(path: KeyPath) -> bool:
    base = VARIABLES.get(pattern((*path[:-1], path[-1].removesuffix(TWIN))))
    return path[-1].endswith(TWIN) and base is not None and base.secret


def _is_known(path: KeyPath, value: object) -> bool:
    return pattern(path) in VARIABLES or (value == {} and pattern(path) in SECTIONS)


def _unknown(given: Given) -> Fault:
    """A fault that names the nearest settings; the value is not shown, since it may be a secret."""
    known = {".".join(named(path, given.path)): named(path, given.path, ANY) for path in VARIABLES}
    wanted = ".".join(given.path)[:GUESSED]
    close = [key for key in known if key.startswith(wanted + ".")] or get_close_matches(wanted, known, n=1)
    meant = given.spell(known[close[0]]) if close else ""
    hint = f"did you mean {meant}?" if meant else "`asterisk-bridge env` lists all settings"
    return Fault(given.where, "is not a setting", hint)


def from_environment(environ: Mapping[str, str]) -> Iterator[Given]:
    """Every `BRIDGE_` variable."""
    for name, value in sorted(environ.items()):
        if name.startswith(PREFIX) and name not in META:
            yield Given(tuple(name.removeprefix(PREFIX).lower().split(NESTING)), value, name)


def from_secret_folders(environ: Mapping[str, str]) -> Iterator[Given]:
    """Every `bridge_...` file in the folders of secrets, as if a `_FILE` variable named it.

    Raises:
        SettingsError: a folder cannot be read.
    """
    for name in (SECRETS_DIR, CREDENTIALS):
        if not environ.get(name):
            continue
        try:
            files = sorted(Path(environ[name]).iterdir())
        except OSError as error:
            raise SettingsError([_unreadable(name, environ[name], error)]) from error
        for file in files:
            if file.name.upper().startswith(PREFIX):
                *sections, last = file.name[len(PREFIX) :].lower().split(NESTING)
                yield Given((*sections, last + TWIN), str(file), str(file))


def from_toml(environ: Mapping[str, str]) -> Iterator[Given]:
    """Every key of the TOML file, if there is one.

    Raises:
        SettingsError: it cannot be read or is not TOML.
    """
    file = environ.get(CONFIG)
    if not file:
        return
    for path, value in _leaves(_toml(file, CONFIG)):
        yield Given(path, value, f"{file}: {'.'.join(path)}", ".".join)


def from_alerts(above: Iterable[Layer]) -> Iterator[Given]:
    """Every key of the TOML file for alerts, if a layer names one that can be used; the first decides.

    Raises:
        SettingsError: it is not TOML.
    """
    named_by = next((layer for layer in above if (*ALERTS, "file") in layer.origins), None)
    file = str(named_by.values[ALERTS[0]]["file"]) if named_by else ""
    try:
        readable_file(Path(file))
    except ValueError:
        return  # there is none, or the settings are wrong, which is told with the others
    where = named_by.origins[*ALERTS, "file"] if named_by else ""
    for path, value in _leaves(_toml(file, where), ALERTS):
        name = ".".join(path[1:])
        yield Given(path if _is_of_alerts(path) else ("", *path), value, f"{file}: {name}", _key_of_alerts)


def _is_of_alerts(path: KeyPath) -> bool:
    """Whether the file for alerts has room for it: only for what has names."""
    return any(path[: len(each)] == each for each in NAMED if each[:1] == ALERTS)


def _key_of_alerts(path: KeyPath) -> str:
    """How the file for alerts spells a path; empty if it has no room for it."""
    return ".".join(path[1:]) if _is_of_alerts(path) else ""


def _toml(file: str, where: str) -> dict[str, object]:
    """What a TOML file holds.

    Raises:
        SettingsError: it cannot be read or is not TOML; `where` is what names it.
    """
    try:
        return tomllib.loads(_start_of(file))
    except OSError as error:
        raise SettingsError([_unreadable(where, file, error)]) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError([Fault(where, f"{file!r} is not TOML: {error}")]) from error


def _start_of(file: str) -> str:
    with Path(file).open("rb") as opened:
        data = opened.read(TOML_LIMIT + 1)
    if len(data) > TOML_LIMIT:
        raise ValueError(f"it is longer than {TOML_LIMIT} bytes")
    return data.decode()


def _unreadable(where: str, file: str, error: OSError) -> Fault:
    return Fault(where, f"cannot read {file!r}: {error.strerror}")


def _leaves(table: Mapping[str, object], path: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    for key, value in table.items():
        here = (*path, key)
        if not isinstance(value, dict):
            yield here, value
        elif pattern(here) in VARIABLES and VARIABLES[pattern(here)].form.table:
            yield here, tuple(value.items())  # as a whole: what lies below does not shine through
        elif value and len(path) < DEEPEST:
            yield from _leaves(value, here)
        else:
            yield here, value
