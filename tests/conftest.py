"""What holds for every test: no setting and no state of the developer's own, and a log as it is anywhere."""

import itertools
import os
from collections.abc import Iterator

import pytest
import structlog

_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def _clean_surroundings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / f"state-{next(_NUMBERS)}"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    for name in os.environ:
        if name.startswith("BRIDGE_"):
            monkeypatch.delenv(name)
    yield
    structlog.reset_defaults()
