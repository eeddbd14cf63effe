"""Moments that are kept over a restart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.recall import OLDEST, recall_from
from bridge.core.state import Json


def test_a_moment_is_as_long_ago_as_it_was_when_it_was_written_down() -> None:
    recall = recall_from(5000.0, 30.0)

    assert recall(5000.0) == 30.0
    assert recall(4990.0) == 20.0


def test_nothing_is_later_than_now() -> None:
    assert recall_from(5000.0, 30.0)(5001.0) == 30.0


def test_if_it_is_not_known_when_it_was_written_down_it_is_of_this_run() -> None:
    assert recall_from(None, 30.0)(10.0) == 10.0


@pytest.mark.parametrize("moment", [None, "5", True, [5.0], {}, float("nan"), 10**400])
def test_what_is_no_moment_is_none(moment: Json) -> None:
    assert recall_from(5000.0, 30.0)(moment) is None


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(anything, anything)
def test_whatever_was_written_is_a_moment_within_reach_or_none(kept: Json, moment: Json) -> None:
    recalled = recall_from(kept, 30.0)(moment)

    assert recalled is None or 30.0 - OLDEST <= recalled <= 30.0
