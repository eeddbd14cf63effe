"""The simplified E-model against the values of ITU-T G.107 and G.113, and the laws of any such model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.emodel import BEST_RATING, G711_CONCEALED, Codec, opinion, rating

G711_PLAIN = Codec(0, 4.3)
G729 = Codec(11, 19.0)
DELAYS = st.floats(0, 10)
LOSSES = st.floats(0, 1)


def test_a_line_without_fault_scores_4_41() -> None:
    assert rating(0, 0) == BEST_RATING
    assert opinion(BEST_RATING) == pytest.approx(4.41, abs=0.005)


def test_one_percent_of_loss_and_100_ms_score_4_26() -> None:
    assert rating(0.100, 0.01) == pytest.approx(87.16, abs=0.005)
    assert opinion(rating(0.100, 0.01)) == pytest.approx(4.26, abs=0.005)


def test_delay_begins_to_hurt_at_177_ms() -> None:
    assert rating(0.1773, 0) == pytest.approx(BEST_RATING - 0.024 * 177.3)
    assert rating(0.2773, 0) == pytest.approx(BEST_RATING - 0.024 * 277.3 - 11)


def test_a_codec_that_conceals_loss_stands_more_of_it() -> None:
    assert rating(0, 0.02, G711_CONCEALED) > rating(0, 0.02, G711_PLAIN)
    assert rating(0, 0, G729) == pytest.approx(BEST_RATING - 11)


@pytest.mark.parametrize(("good", "score"), [(-5, 1), (0, 1), (3, 1), (100, 4.5), (120, 4.5)])
def test_scores_lie_between_1_and_4_5(good: float, score: float) -> None:
    assert opinion(good) == score


@given(DELAYS, DELAYS, LOSSES)
def test_more_delay_never_sounds_better(one: float, other: float, loss: float) -> None:
    low, high = sorted((one, other))

    assert opinion(rating(high, loss)) <= opinion(rating(low, loss))


@given(DELAYS, LOSSES, LOSSES)
def test_more_loss_never_sounds_better(delay: float, one: float, other: float) -> None:
    low, high = sorted((one, other))

    assert opinion(rating(delay, high)) <= opinion(rating(delay, low))


@given(DELAYS, LOSSES)
def test_every_line_has_a_score(delay: float, loss: float) -> None:
    assert 1 <= opinion(rating(delay, loss)) <= 4.5
