"""Sockets to listen on; what cannot be opened says which address, which setting, and what to do."""

import asyncio
import contextlib
import errno
import ipaddress
import os
import socket
import struct
import sys
from pathlib import Path

from bridge.core.endpoint import Endpoint
from bridge.errors import SourceError

SETTING = "BRIDGE_STATSD__LISTEN"
BACKLOG = 128
ALIVE = 60
"""Seconds of silence after which the kernel asks a peer whether it is still there, and between questions."""
SO_RCVBUFFORCE, SO_MEMINFO = 33, 55
"""Linux's numbers (asm-generic/socket.h); Python has no names for them."""
MEMINFO = struct.Struct("9I")
"""The values of SO_MEMINFO (linux/sock_diag.h); the last one counts drops."""
HINTS = {
    errno.EADDRINUSE: "another program listens there: stop it, or choose another port",
    errno.EADDRNOTAVAIL: "this machine has no such address: choose one of its own, or 0.0.0.0 for all",
    errno.EACCES: "this user may not: choose a port from 1024 on, or a folder that the user may write",
    errno.EAFNOSUPPORT: "this machine has no IPv6: choose an IPv4 address",
    errno.ENOENT: "the folder does not exist: create it, or choose another",
}


async def open_network(endpoint: Endpoint, kind: socket.SocketKind, buffer: int = 0) -> socket.socket:
    """A bound socket for UDP or TCP.

    Args:
        endpoint: host, by name or address, and port.
        kind: SOCK_DGRAM or SOCK_STREAM.
        buffer: bytes of receive buffer to ask for; 0 leaves it as it is.

    Raises:
        SourceError: the address cannot be listened on.
    """
    try:
        loop = asyncio.get_running_loop()
        family, _, protocol, _, address = (
            await loop.getaddrinfo(endpoint.host, endpoint.port, type=kind, flags=socket.AI_PASSIVE)
        )[0]
        opened = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _source_error(endpoint, error) from error
    try:
        if kind == socket.SOCK_STREAM:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address[0] != "::"))
        _enlarge(opened, buffer)
        opened.bind(address)
        _listen(opened, kind)
    except OSError as error:
        opened.close()
        raise _source_error(endpoint, error) from error
    opened.setblocking(False)
    return opened


def open_unix(endpoint: Endpoint, kind: socket.SocketKind, mode: int, buffer: int = 0) -> socket.socket:
    """A bound unix socket; one that nobody listens on any more is replaced.

    Args:
        endpoint: its path.
        kind: SOCK_DGRAM or SOCK_STREAM.
        mode: permissions of the file.
        buffer: bytes of receive buffer to ask for; 0 leaves it as it is.

    Raises:
        SourceError: the path is in use, is not a socket, or may not be written.
    """
    opened = socket.socket(socket.AF_UNIX, kind)
    try:
        _clear(endpoint.path, kind)
        _enlarge(opened, buffer)
        before = os.umask(0o777 & ~mode)
        try:
            opened.bind(endpoint.path)
        finally:
            os.umask(before)
        _listen(opened, kind)
    except OSError as error:
        opened.close()
        raise _source_error(endpoint, error) from error
    opened.setblocking(False)
    return opened


def _clear(path: str, kind: socket.SocketKind) -> None:
    """Remove a socket that nobody listens on."""
    if not Path(path).exists():
        return
    if not Path(path).is_socket():
        raise OSError(errno.EEXIST, "a file that is not a socket is there")
    with socket.socket(socket.AF_UNIX, kind) as probe, contextlib.suppress(ConnectionRefusedError):
        probe.connect(path)
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    Path(path).unlink()


def _listen(opened: socket.socket, kind: socket.SocketKind) -> None:
    if kind == socket.SOCK_STREAM:
        if opened.family != socket.AF_UNIX:
            _look_after(opened)
        opened.listen(BACKLOG)


def _look_after(opened: socket.socket) -> None:
    """Have the kernel end connections whose peer is gone without a word: there is room for so many only.

    Connections inherit it from the socket that listens.
    """
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in {"TCP_KEEPIDLE": ALIVE, "TCP_KEEPINTVL": ALIVE, "TCP_KEEPCNT": 3}.items():
        if option := getattr(socket, name, None):
            opened.setsockopt(socket.IPPROTO_TCP, option, value)


def adjust(opened: socket.socket, mode: int, buffer: int) -> None:
    """Give an open socket the permissions, if it has a path, and the receive buffer of a new one."""
    if opened.family == socket.AF_UNIX:
        Path(opened.getsockname()).chmod(mode)
    _enlarge(opened, buffer)


def close(opened: socket.socket) -> None:
    """Close a socket, and remove the file of one that has a path."""
    if opened.family == socket.AF_UNIX:
        with contextlib.suppress(FileNotFoundError):
            Path(opened.getsockname()).unlink()
    opened.close()


def _enlarge(opened: socket.socket, buffer: int) -> None:
    """Ask for a receive buffer, if the process may beyond the system's limit."""
    if buffer:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        if sys.platform == "linux":
            with contextlib.suppress(PermissionError):
                opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, buffer)


def granted_buffer(opened: socket.socket) -> int:
    """Bytes of receive buffer that the kernel gave. Linux says twice as much, for its book-keeping."""
    size = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    return size // 2 if sys.platform == "linux" else size


def kernel_drops(opened: socket.socket) -> int:
    """Datagrams that the kernel has dropped, modulo 2**32; 0 where it does not say."""
    return _memory(opened)[-1] if _says(opened) else 0


def filled(opened: socket.socket) -> float:
    """The share of its receive buffer that a socket uses; 1 where the kernel does not say."""
    if not _says(opened):
        return 1.0
    used, room, *_ = _memory(opened)
    return used / room


def _says(opened: socket.socket) -> bool:
    return sys.platform == "linux" and opened.family != socket.AF_UNIX


def _memory(opened: socket.socket) -> tuple[int, ...]:
    return MEMINFO.unpack(opened.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, MEMINFO.size))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a listener on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _source_error(endpoint: Endpoint, error: OSError) -> SourceError:
    hint = HINTS.get(error.errno or 0, "check the address")
    return SourceError(f"cannot listen on {endpoint}: {error.strerror or error}; {hint} ({SETTING})")
