"""A share of the time, some of which can be saved up."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.budget import Budget


def test_what_comes_now_and_then_never_waits() -> None:
    budget = Budget(share=0.1, most=0.05)
    for turn in range(100):
        assert budget.wait(float(turn)) == 0
        budget.spend(0.04, float(turn))


def test_what_was_overspent_is_waited_for_at_the_rate_of_the_share() -> None:
    budget = Budget(share=0.1, most=0.05)
    budget.wait(0.0)
    budget.spend(0.06, 0.0)

    assert round(budget.wait(0.0), 6) == 0.1
    assert round(budget.wait(0.04), 6) == 0.06
    assert budget.wait(0.2) == 0


def test_no_more_is_saved_up_than_the_most() -> None:
    budget = Budget(share=0.1, most=0.05)
    budget.wait(1000.0)
    budget.spend(0.07, 1000.0)

    assert round(budget.wait(1000.0), 6) == 0.2


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.5)), min_size=1, max_size=50))
def test_who_waits_as_told_takes_no_more_than_the_share_and_what_was_saved(
    work: list[tuple[float, float]],
) -> None:
    budget, now, spent = Budget(share=0.2, most=0.1), 0.0, 0.0
    for pause, seconds in work:
        now += pause + budget.wait(now + pause)
        assert spent <= 0.2 * now + 0.1 + 1e-6
        budget.spend(seconds, now)
        spent += seconds
