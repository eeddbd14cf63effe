"""LineStream: whole lines out of a stream of bytes that is cut anywhere, up to a length."""


class LineStream:
    """Collects what is no whole line yet, which is never more than `limit` bytes.

    A line that is longer ends the stream: it is handed out as far as it shows that it is too long, and
    nothing behind it is, wherever the stream was cut.

    Args:
        limit: the most bytes of a line, without its line feed.

    Attributes:
        is_over: whether a line was too long.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self.is_over = False

    def feed(self, data: bytes) -> bytes:
        """Take bytes; return the lines that are whole now, each with its line feed, or nothing."""
        if self.is_over:
            return b""
        data = self._rest + data
        end = self._end_of_lines(data)
        self._rest = b"" if self.is_over else data[end:]
        return data[:end]

    def _end_of_lines(self, data: bytes) -> int:
        """Where the last whole line ends, or where the first one that is too long shows that it is."""
        start = 0
        while len(data) - start > self._limit:
            # Not line by line: one step for all the lines that fit the limit together.
            start, before = data.rfind(b"\n", start, start + self._limit + 1) + 1, start
            if not start:
                self.is_over = True
                return before + self._limit + 1
        return data.rfind(b"\n") + 1

    def end(self) -> bytes:
        """What is left when the stream has ended, and no line feed will come."""
        rest, self._rest = self._rest, b""
        return rest
