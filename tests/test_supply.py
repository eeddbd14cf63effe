"""What the bridge brings with it: pinned by hash, from no URL, without versions that are known to be weak.

`make audit` asks the advisory service about every version of the locks; here is what holds without a network.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-audit.lock")
MOST_DIRECT = 13

PINNED = re.compile(r"([a-z0-9-]+)==([0-9][0-9a-z.]*)(?: ; [^\\]+)?((?: --hash=sha256:[0-9a-f]{64})+)")

WEAK_BELOW = {
    "aiohttp": "3.14.3",  # GHSA-cq5v-8q36-5273, and many before it
    "certifi": "2024.7.4",  # CVE-2024-39689
    "cryptography": "50.0.0",  # CVE-2026-69247
    "idna": "3.7",  # CVE-2024-3651
    "jinja2": "3.1.6",  # CVE-2025-27516
    "pyasn1": "0.6.4",  # CVE-2026-59884, -59885, -59886: the decoder that SNMP replies reach
    "pygments": "2.20.0",  # CVE-2026-4539
    "requests": "2.32.4",  # CVE-2024-47081
    "setuptools": "78.1.1",  # CVE-2025-47273
    "urllib3": "2.6.3",  # CVE-2026-21441
}
"""The first version without the weaknesses that are known of a package."""


class Pin(NamedTuple):
    version: str
    hashes: frozenset[str]


def pins(name: str) -> Mapping[str, Pin]:
    """What a lock pins; every line of it that says anything is one pin."""
    text = re.sub(r"#.*", "", (ROOT / name).read_text())
    lines = [" ".join(line.split()) for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    found = [(line, PINNED.fullmatch(line)) for line in lines]
    assert not [line for line, match in found if not match]
    return {match[1]: Pin(match[2], frozenset(match[3].split())) for _, match in found if match}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def direct() -> dict[str, str]:
    """The packages that pyproject.toml asks for, each with the rest of its line."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = [re.fullmatch(r"([a-z0-9-]+)(.*)", line) for line in project["dependencies"]]
    return {match[1]: match[2] for match in found if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_one_version_with_hashes_and_no_url(lock: str) -> None:
    assert pins(lock)


@pytest.mark.parametrize("lock", LOCKS)
def test_no_version_is_known_to_be_weak(lock: str) -> None:
    weak = {name: pin.version for name, pin in pins(lock).items() if name in WEAK_BELOW}

    assert [name for name in weak if numbers(weak[name]) < numbers(WEAK_BELOW[name])] == []


def test_what_is_tested_is_what_is_shipped() -> None:
    shipped, tested = pins("requirements.lock"), pins("requirements-dev.lock")

    assert {name: tested.get(name) for name in shipped} == shipped


def test_direct_dependencies_are_few_and_all_of_them_locked() -> None:
    assert len(direct()) <= MOST_DIRECT
    assert direct().keys() <= pins("requirements.lock").keys()


@pytest.mark.parametrize("name", sorted(direct().keys() & WEAK_BELOW.keys()))
def test_who_installs_without_the_lock_gets_no_weak_version_either(name: str) -> None:
    floor = re.match(r">=([0-9.]+)", direct()[name])

    assert floor
    assert numbers(floor[1]) >= numbers(WEAK_BELOW[name])


def test_the_makefile_installs_nothing_without_hashes() -> None:
    """But the package itself, whose dependencies are there already."""
    installs = re.findall(r"pip install (.*)", (ROOT / "Makefile").read_text())

    assert installs
    assert [each for each in installs if "--require-hashes" not in each and "--no-deps" not in each] == []


def test_the_audit_fails_on_what_it_could_not_look_up() -> None:
    """A mirror that knows no advisories would else look like a clean answer."""
    assert re.search(r"pip-audit .*--strict", (ROOT / "Makefile").read_text())
