"""Access: who may ask, and from where a browser may bring something."""

import base64
import binascii
import hmac
import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bridge.settings import HttpSettings

OPEN = frozenset({"/livez", "/readyz"})
"""What needs no token: probes of a service manager have none, and it tells nothing of a PBX."""
ASK = {"WWW-Authenticate": 'Basic realm="asterisk-bridge", charset="UTF-8"'}
"""Makes browsers ask: the token is the password, and any name will do."""

Count = Callable[[str], None]
"""Is told why a request was refused."""


def guard(settings: HttpSettings, count: Count) -> Middleware:
    """A middleware that answers only who may ask.

    With a token, who does not know it is refused. Something that a browser brings must come from a page of
    ours: it tells by `Origin`. Without a token the name by which it asked must be known to be ours, too:
    else a page elsewhere whose name comes to lead to this machine passes for one (DNS rebinding).
    """
    token = settings.token.get_secret_value()
    names = {"localhost", socket.gethostname().lower(), *(name.lower() for name in settings.hosts)}

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if token and request.path not in OPEN and not _knows(token, request.headers.get("Authorization", "")):
            count("token")
            return web.Response(status=401, text="this needs the token (BRIDGE_HTTP__TOKEN)\n", headers=ASK)
        if request.method == "POST" and (why := _foreign(request, None if token else names)):
            count("origin")
            return web.Response(status=403, text=why + "\n")
        return await handler(request)

    return middleware


def _knows(token: str, said: str) -> bool:
    """Whether `Authorization` holds the token: as Bearer, or as the password of Basic."""
    scheme, _, value = said.partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(value.strip().encode(), token.encode())


def _foreign(request: web.Request, names: set[str] | None) -> str:
    """Why what a browser brings is not taken; empty if it is, or if no browser brings it."""
    origin = request.headers.get("Origin")
    if origin is None:
        return ""
    host = request.headers.get("Host", "")
    if urlsplit(origin).netloc.lower() != host.lower():
        return "a page of another site may not do this"
    name = urlsplit(f"//{host}").hostname or ""
    if names is None or name in names or _is_address(name):
        return ""
    return (
        f"{name!r} is no known name of this bridge: add it to BRIDGE_HTTP__HOSTS, or set BRIDGE_HTTP__TOKEN"
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
