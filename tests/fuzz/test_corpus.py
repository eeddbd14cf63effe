"""Every input of the corpora keeps the law of its target: seeds of our own, and whatever once broke one."""

import importlib
from pathlib import Path

import pytest

from tests.fuzz.run import CORPUS, HERE, TARGETS

HELPERS = {"__init__", "__main__", "run", "words", "test_corpus"}
INPUTS = sorted(path for target in TARGETS for path in (CORPUS / target).iterdir())


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_input_keeps_the_law(path: Path) -> None:
    importlib.import_module(f"tests.fuzz.{path.parent.name}").one(path.read_bytes())


def test_every_target_has_a_corpus() -> None:
    assert {path.stem for path in HERE.glob("*.py")} - HELPERS == set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("data", [b"", b"\0", b"\n", b"\xff" * 100, bytes(range(256)), b"9" * 4096])
def test_what_any_fuzzer_begins_with_keeps_the_law(target: str, data: bytes) -> None:
    importlib.import_module(f"tests.fuzz.{target}").one(data)
