"""The direction of imports, the purity of the pure folders, and one place for each outside package."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "bridge"
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = {
    "core": {"errors"},
    "protocols": {"core", "errors"},
    "asterisk": {"core", "protocols", "errors"},
    "render": {"core", "errors"},
    "page": {"core", "protocols", "asterisk", "errors"},
    "dashboards": {"core", "protocols", "asterisk", "errors"},
    "pipeline": {"core", "protocols", "errors", "log"},
    "sources": {"core", "protocols", "asterisk", "pipeline", "settings", "errors", "log"},
    "sinks": {"core", "protocols", "asterisk", "render", "page", "pipeline", "settings", "errors", "log"},
    "settings": {"core", "asterisk", "errors"},
    "environment": {"core", "settings", "errors", "log"},
    "log": {"core", "terminal"},
    "terminal": set[str](),
    "errors": set[str](),
    "notify": set[str](),
}
"""What a part may import besides itself; a part that is not listed may import all of them."""

PURE = ("core", "protocols", "asterisk", "render", "page", "dashboards")
IMPURE = {"asyncio", "socket", "ssl", "os", "time", "random", "threading", "logging", "subprocess"}

HOMES = {
    "pysnmp": {"sources/snmp", "demo/snmp_agent.py"},
    "pysmi": {"sources/snmp"},
    "cryptography": {"sources/snmp/crypto.py"},
    "aiomqtt": {"sinks/mqtt"},
    "paho": {"sinks/mqtt"},
    "aiohttp": {"sinks/http", "fetch.py"},
    "whisper": {"sinks/store/files.py"},
    "icalendar": {"calendars.py"},
    "recurring_ical_events": {"calendars.py"},
    "statsd": {"sinks/statsd.py"},
    "amqtt": {"demo/broker.py"},
    "structlog": {"log.py"},
    "uvloop": {"app.py"},
    "platformdirs": {"app.py"},
    "pydantic": {"settings", "environment.py"},
    "pydantic_settings": {"environment.py"},
    "typer": {"cli"},
}
"""The one module or small folder behind which each outside package stands."""


@cache
def imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return found


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def within(path: Path, homes: set[str]) -> bool:
    relative = path.relative_to(PACKAGE).as_posix()
    return any(relative == home or relative.startswith(home + "/") for home in homes)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_only_point_down(path: Path) -> None:
    allowed = LAYERS.get(part(path))
    if allowed is None:
        return
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("bridge.")}

    assert ours <= allowed | {part(path)}


SHARED = {"wire"}
"""What is no plugin but a tool of several: bytes to a peer that never answers."""


@pytest.mark.parametrize("folder", ["sources", "sinks"])
def test_no_plugin_knows_another(folder: str) -> None:
    for path in (PACKAGE / folder).rglob("*.py"):
        own = path.relative_to(PACKAGE / folder).parts[0].removesuffix(".py")
        others = {
            name.split(".")[2]
            for name in imports(path)
            if name.startswith(f"bridge.{folder}.") and name.count(".") >= 2
        }

        assert others <= {own} | SHARED, path


@pytest.mark.parametrize("folder", PURE)
def test_pure_folders_touch_nothing_of_the_world(folder: str) -> None:
    for path in (PACKAGE / folder).rglob("*.py"):
        tops = {name.split(".")[0] for name in imports(path)} - {"bridge"}

        assert not tops & IMPURE, path
        assert tops <= sys.stdlib_module_names, path


@pytest.mark.parametrize("package", sorted(HOMES))
def test_each_outside_package_has_one_home(package: str) -> None:
    strangers = [
        path
        for path in MODULES
        if package in {name.split(".")[0] for name in imports(path)} and not within(path, HOMES[package])
    ]

    assert not strangers


def test_only_the_command_line_prints_or_exits() -> None:
    speakers = {"cli", "__main__"}
    for path in MODULES:
        names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}

        assert part(path) in speakers or not names & {"print", "exit"}, path
