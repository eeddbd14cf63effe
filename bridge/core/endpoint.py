"""Endpoint: a URL of the settings, taken apart and checked."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit


class Endpoint(NamedTuple):
    """Where a peer is, or where to listen.

    Attributes:
        scheme: in lower case, one of those that were allowed.
        host: name or address, an IPv6 address without brackets; empty where the URL has only a path.
        port: 0 where the scheme has none; a listener takes an explicit 0 as any free port.
        path: with its leading slash, %XX decoded; may be empty.
        username: %XX decoded; may be empty.
        password: %XX decoded; may be empty.
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    username: str = ""
    password: str = ""

    @property
    def address(self) -> str:
        """`HOST:PORT`, with brackets around an IPv6 address, or the path; never a secret."""
        if not self.host:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.address}" + (self.path if self.host else "")


def parse(url: str, schemes: Mapping[str, int | None]) -> Endpoint:
    """Take a URL apart.

    Args:
        url: `scheme://[USER[:PASSWORD]@]HOST[:PORT][/PATH]`, or `scheme:///PATH`.
        schemes: the schemes that are allowed, each with the port it has unless the URL gives one:
            0 demands that the URL gives one, None stands for a scheme that has a path instead of a host.

    Raises:
        ValueError: what is wrong with it, in words for the user. The URL itself is not repeated: it may
            hold a password.
    """
    scheme, found, _ = url.strip().partition("://")
    scheme = scheme.lower()
    if not found or scheme not in schemes:
        raise ValueError(f"must begin with {' or '.join(f'{name}://' for name in schemes)}")
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError("has no usable host or port; an IPv6 address is written [::1]:PORT") from error
    if parts.query or parts.fragment:
        raise ValueError("must not have ? or #; write them %3F and %23")
    default = schemes[scheme]
    if default is None:
        return _local(scheme, parts.netloc, unquote(parts.path))
    return _remote(parts, host, default if port is None else port, is_given=port is not None)


def _remote(parts: SplitResult, host: str, port: int, *, is_given: bool) -> Endpoint:
    if not host or any(char.isspace() for char in host):
        raise ValueError(f"names no host; write {parts.scheme}://HOST:{port or 'PORT'}")
    if not port and not is_given:
        raise ValueError(f"names no port; write {parts.scheme}://HOST:PORT")
    secrets = unquote(parts.username or ""), unquote(parts.password or "")
    return Endpoint(parts.scheme, host, port, unquote(parts.path), *secrets)


def _local(scheme: str, netloc: str, path: str) -> Endpoint:
    if netloc or len(path) < len("/x"):
        raise ValueError(f"names no path; write {scheme}:///PATH, with three slashes")
    return Endpoint(scheme, "", 0, path)
