"""Telling systemd how the service is: the sd_notify protocol, one datagram to $NOTIFY_SOCKET."""

import contextlib
import os
import socket


def notify(state: str) -> None:
    """Send `state`, such as `READY=1`; nothing happens where no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(state.encode(), address)
