"""Form: what a request asks for, in its URL and in the form that it may bring."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from aiohttp import web

from bridge.render.errors import QueryError

ENCODED = "application/x-www-form-urlencoded"
MOST_FIELDS = 1000


class Form:
    """Names and values, of which a name may have several.

    Args:
        pairs: in their order, those of the URL first.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._pairs)

    def text(self, name: str, default: str = "") -> str:
        """The last value of a name."""
        return next((value for key, value in reversed(self._pairs) if key == name), default)

    def texts(self, name: str) -> list[str]:
        """All values of a name, which some programs write with `[]` behind it."""
        plain = [value for key, value in self._pairs if key == name]
        return plain or [value for key, value in self._pairs if key == f"{name}[]"]

    def number(self, name: str, default: int) -> int:
        """A whole number.

        Raises:
            QueryError: it is none.
        """
        text = self.text(name)
        try:
            return int(text) if name in self else default
        except ValueError as error:
            raise QueryError(f"{name} is {text[:100]!r}, which is no whole number") from error

    def within(self, name: str) -> dict[str, str]:
        """The values of `name[key]`, by key."""
        begin = f"{name}["
        return {key[len(begin) : -1]: value for key, value in self._pairs if key.startswith(begin)}


async def form(request: web.Request) -> Form:
    """What a request asks for.

    Raises:
        QueryError: it brings something that is no form.
    """
    body = await request.read()
    if body and request.content_type != ENCODED:
        raise QueryError(f"the body is {request.content_type}; write it as {ENCODED}")
    try:
        brought = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise QueryError(f"the form cannot be read: {error}") from error
    return Form([*request.query.items(), *brought])
