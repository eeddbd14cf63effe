"""StatsD traffic from a client that nobody here wrote."""

import threading
from typing import Self

from statsd import StatsClient


class Load(threading.Thread):
    """Sends StatsD as fast as some busy PBXs do, one packet per line, and counts what it sent.

    Attributes:
        bucket: the name of a counter that no other load has.
        sent: how often it was incremented.
    """

    OTHERS = 100

    def __init__(self, port: int) -> None:
        super().__init__(name="load")
        self.bucket = f"load.{port}"
        self.sent = 0
        self._client = StatsClient("127.0.0.1", port)
        self._over = threading.Event()

    def run(self) -> None:
        """Send until stopped."""
        number = 0
        while not self._over.wait(0.01):
            for _ in range(5):
                number += 1
                self._client.incr(f"other.{number % self.OTHERS}")
                self._client.incr(self.bucket)
                self.sent += 1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send no more; what was sent is then known."""
        self._over.set()
        self.join()
        self._client.close()
