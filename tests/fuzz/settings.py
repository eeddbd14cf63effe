"""Settings: any environment and any TOML file is read, or told to be wrong in lines that harm no terminal."""

import os
from functools import cache

from bridge.environment import LINE, effective, masked, read
from bridge.errors import SettingsError
from tests.fuzz.words import texts

SECRET = "correct-horse-battery"
NAMED = {"BRIDGE_SECRETS_DIR", "CREDENTIALS_DIRECTORY", "BRIDGE_CONFIG"}
"""What a fuzzer finds on the machine by chance is not the same elsewhere."""


def one(data: bytes) -> None:
    """Take `NAME=VALUE` with NULs between, or behind a `#` a TOML file."""
    if data.startswith(b"#"):
        _check({"BRIDGE_CONFIG": _file(data[1:])})
        return
    pairs = (each.partition("=") for each in texts(data))
    environ = {f"BRIDGE_{name}": value for name, _, value in pairs}
    _check({name: value for name, value in environ.items() if _is_ours(name)})


def _is_ours(name: str) -> bool:
    return name not in NAMED and not name.upper().endswith("_FILE")


def _check(environ: dict[str, str]) -> None:
    environ["BRIDGE_PRIVACY__KEY"] = SECRET
    try:
        loaded = read(environ)
    except SettingsError as error:
        told = [str(fault) for fault in error.faults]
        assert told
        assert all(line.isprintable() and len(line) < 4 * LINE for line in told)
        assert SECRET not in "".join(told)
        return
    shown = f"{masked(loaded.settings)} {[*effective(loaded)]} {loaded}"
    assert SECRET not in shown


def _file(content: bytes) -> str:
    descriptor = _memory()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, content, 0)
    return f"/proc/self/fd/{descriptor}"


@cache
def _memory() -> int:
    return os.memfd_create("bridge.toml")
