"""Where secrets come from: no two places at once, and no file that others may open without a word."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.environment import read
from bridge.errors import SettingsError
from bridge.settings.variables import KeyPath
from tests.servers.failing import CANARIES, CANARY, PATHS, Environ, named

Form = Callable[[KeyPath, Path], Environ]


def by_variable(path: KeyPath, _: Path) -> Environ:
    return {f"BRIDGE_{named(path)}": CANARIES[path]}


def by_file(path: KeyPath, folder: Path) -> Environ:
    return {f"BRIDGE_{named(path)}_FILE": str(written(folder / "secret", CANARIES[path]))}


def by_secrets_folder(path: KeyPath, folder: Path) -> Environ:
    written(folder / "folder" / f"bridge_{named(path).lower()}", CANARIES[path])
    return {"BRIDGE_SECRETS_DIR": str(folder / "folder")}


def by_systemd(path: KeyPath, folder: Path) -> Environ:
    written(folder / "credentials" / f"bridge_{named(path).lower()}", CANARIES[path])
    return {"CREDENTIALS_DIRECTORY": str(folder / "credentials")}


def written(file: Path, text: str, mode: int = 0o600) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{text}\n")
    file.chmod(mode)
    return file


NEEDED = {
    "BRIDGE_PBX__HQ__SNMP__HOST": "10.0.0.5",
    "BRIDGE_PBX__HQ__AMI__HOST": "10.0.0.5",
    "BRIDGE_PBX__HQ__AMI__USERNAME": "bridge",
}
PAIRS = list(itertools.combinations((by_variable, by_file, by_secrets_folder, by_systemd), 2))


def with_the_others(path: KeyPath) -> Environ:
    return NEEDED | ({} if path[-1] == "secret" else {"BRIDGE_PBX__HQ__AMI__SECRET": f"{CANARY}-other"})


@pytest.mark.parametrize("forms", PAIRS, ids=lambda forms: "-and-".join(form.__name__ for form in forms))
@pytest.mark.parametrize("path", PATHS, ids=named)
def test_a_secret_that_comes_twice_is_a_fault_that_names_both_places(
    path: KeyPath, forms: tuple[Form, Form], tmp_path: Path
) -> None:
    environ = with_the_others(path) | forms[0](path, tmp_path) | forms[1](path, tmp_path)

    with pytest.raises(SettingsError) as caught:
        read(environ)

    (fault,) = caught.value.faults
    assert "keep one of them" in fault.hint
    assert fault.where != re.findall(r"is set by (\S+) too", fault.what)[0]
    assert CANARY not in str(fault)


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o660, 0o604, 0o777])
@pytest.mark.parametrize("path", PATHS, ids=named)
def test_a_file_that_others_may_open_is_warned_of(path: KeyPath, mode: int, tmp_path: Path) -> None:
    environ = with_the_others(path) | by_file(path, tmp_path)
    (tmp_path / "secret").chmod(mode)

    loaded = read(environ)

    assert len(loaded.warnings) == (mode != 0o640)
    assert CANARY not in "".join(loaded.warnings)
