"""The simplified E-model: what people would say of a line, from its delay and loss (ITU-T G.107, G.113).

All parameters but delay, loss and codec are at the defaults of G.107.
"""

from dataclasses import dataclass

BEST_RATING = 93.2
"""R of a line without delay or loss, all parameters at their defaults."""
WORST_SCORE, BEST_SCORE = 1.0, 4.5
TOLERATED_DELAY = 177.3
"""Milliseconds of one-way delay above which people begin to talk into each other's words."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How a codec sounds, and how well it stands loss (G.113, Appendix I).

    Attributes:
        impairment: Ie, what it takes from the rating without any loss.
        robustness: Bpl, in percent: with so much random loss, half of what is left of the rating is gone.
    """

    impairment: float
    robustness: float


G711_CONCEALED = Codec(0, 25.1)
"""G.711 with packet loss concealment."""


def rating(delay: float, loss: float, codec: Codec = G711_CONCEALED) -> float:
    """The rating R, 93.2 at best.

    Args:
        delay: from mouth to ear, in seconds.
        loss: share of packets lost at random, 0..1.
        codec: what the speech was coded with.
    """
    milliseconds = delay * 1000
    delayed = 0.024 * milliseconds + 0.11 * max(0.0, milliseconds - TOLERATED_DELAY)
    percent = loss * 100
    lossy = codec.impairment + (95 - codec.impairment) * percent / (percent + codec.robustness)
    return BEST_RATING - delayed - lossy


def opinion(rating: float) -> float:
    """The mean opinion score of a rating: 1 is bad, 4.41 the best that a telephone line reaches.

    The cubic of G.107 falls a little below 1 for ratings under 6.5, and is cut off there.
    """
    if rating >= 100:
        return BEST_SCORE
    cubic = 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating)
    return max(WORST_SCORE, cubic) if rating > 0 else WORST_SCORE
