"""What is wrong with a query, in words for the user."""

from bridge.errors import BridgeError


class QueryError(BridgeError):
    """A query cannot be answered. The message says why, and where in which target.

    Attributes:
        placed: whether the message names the function in which it came up.
    """

    def __init__(self, message: str, *, placed: bool = False) -> None:
        super().__init__(message)
        self.placed = placed
