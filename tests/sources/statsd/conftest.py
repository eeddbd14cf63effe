"""Tests on real sockets hold with the compiled StatsD core and without it."""

import pytest

from bridge.sources.statsd import lanes


@pytest.fixture(params=["compiled", "python"])
def core(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which of the two takes plain packets; without a compiler there is one only."""
    chosen: str = request.param
    if chosen == "python":
        monkeypatch.setattr(lanes, "COMPILED", None)
    elif not lanes.COMPILED:
        pytest.skip("there was no C compiler")
    return chosen
