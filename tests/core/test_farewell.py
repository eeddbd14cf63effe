"""Farewell: what has vanished says 0 once."""

from bridge.core.farewell import Farewell


def test_what_has_vanished_says_0_once() -> None:
    farewell = Farewell()

    said = [dict(farewell.values(counts)) for counts in ({"a": 2, "b": 1}, {"b": 1}, {"b": 1})]

    assert said == [{"a": 2, "b": 1}, {"a": 0, "b": 1}, {"b": 1}]


def test_what_comes_again_is_said_again() -> None:
    farewell = Farewell()

    said = [dict(farewell.values(counts)) for counts in ({"a": 2}, {}, {"a": 1})]

    assert said == [{"a": 2}, {"a": 0}, {"a": 1}]
