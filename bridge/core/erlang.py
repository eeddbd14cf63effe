"""Erlang's formula for lines that are all taken (ITU-T E.520)."""

NEVER = 1e-12
"""A probability below which no further line makes a difference."""


def erlang_b(traffic: float, lines: int) -> float:
    """The share of calls that find all lines taken.

    Args:
        traffic: offered traffic in Erlangs: how many lines would be taken on average.
        lines: how many there are.
    """
    blocked = 1.0
    for line in range(1, lines + 1):
        blocked = traffic * blocked / (line + traffic * blocked)
        if blocked < NEVER:
            return 0.0
    return blocked
