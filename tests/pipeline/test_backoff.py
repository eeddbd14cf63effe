"""Back-off grows, is bounded, and begins anew after a success."""

from bridge.pipeline.backoff import Backoff


def upper(_: float, bound: float) -> float:
    return bound


def test_the_bound_doubles_up_to_the_longest() -> None:
    backoff = Backoff(first=1, longest=30, uniform=upper)

    assert [backoff.wait() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_success_makes_it_short_again() -> None:
    backoff = Backoff(uniform=upper)
    backoff.wait()
    backoff.wait()

    backoff.reset()

    assert backoff.wait() == 1


def test_the_jitter_is_full() -> None:
    backoff = Backoff(first=1, longest=30, uniform=lambda low, _: low)

    assert [backoff.wait() for _ in range(3)] == [0, 0, 0]


def test_a_thousand_failures_do_no_harm() -> None:
    backoff = Backoff(uniform=upper)

    assert max(backoff.wait() for _ in range(1000)) == 30
