"""The compiled StatsD core: whatever comes in, it is the same number as without it, to the last digit.

The datagrams of an input are parted by a zero byte. They come twice, since the core takes nothing that Python
has not read before, with a flush between and one behind.
"""

from bridge.sources.statsd.source import HAS_CORE
from tests.sources.statsd.twins import twins


def one(data: bytes) -> None:
    """Take the datagrams, and compare what comes of them."""
    if not HAS_CORE:
        return
    with twins(max_series=8, max_set=3, max_timer=4) as both:
        for _ in range(2):
            both.hear(data.split(b"\0"))
            both.flush()
