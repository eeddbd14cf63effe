"""Both Asterisks, started once for all live tests; each test leaves them without calls."""

import contextlib
from collections.abc import Iterator, Mapping

import pytest

from tests.live.asterisk import VERSIONS, Asterisk, asterisk


@pytest.fixture(scope="session")
def asterisks() -> Iterator[Mapping[str, Asterisk]]:
    """A running Asterisk of each version."""
    with contextlib.ExitStack() as stack:
        yield {version: stack.enter_context(asterisk(version)) for version in VERSIONS}


@pytest.fixture(params=VERSIONS)
def pbx(request: pytest.FixtureRequest, asterisks: Mapping[str, Asterisk]) -> Iterator[Asterisk]:
    """One of them, then the other, without calls."""
    instance = asterisks[request.param]
    instance.hang_up()
    yield instance
    instance.hang_up()
