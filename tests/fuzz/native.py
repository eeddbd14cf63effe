"""Plain StatsD lines, in C: they come to what the grammar makes of them, to the last digit.

The datagrams of an input are parted by a zero byte. They come twice, since no line is plain whose name the
grammar has not read before, with a flush between and one behind.
"""

from tests.sources.statsd.twins import twins


def one(data: bytes) -> None:
    """Take the datagrams, and compare what comes of them."""
    with twins(max_series=8, max_set=3, max_timer=4) as both:
        for _ in range(2):
            both.hear(data.split(b"\0"))
            both.flush()
