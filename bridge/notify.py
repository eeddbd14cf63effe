"""Telling systemd how the service is: the sd_notify protocol, one datagram to $NOTIFY_SOCKET."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable

SHARE = 2
"""How many times the service manager hears from us in the time after which it would take us for dead."""


def notify(state: str) -> None:
    """Send `state`, such as `READY=1`; nothing happens where no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)
        channel.sendto(state.encode(), address)


def reloading() -> None:
    """Tell that new settings come into force, from now until `READY=1`; sd_notify(3) wants the time too."""
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def watchdog_period() -> float:
    """Seconds of silence after which the service manager takes us for dead; 0 if it does not watch us."""
    asked, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not asked.isdecimal() or process not in {"", str(os.getpid())}:
        return 0.0
    return int(asked) / 1e6


async def keep_alive(beats: Callable[[], bool]) -> None:
    """Tell the service manager, if it watches us, that we live, as long as `beats` says so.

    This runs in the event loop and nowhere else: a loop that is blocked must be found dead.
    """
    period = watchdog_period()
    while period:
        if beats():
            notify("WATCHDOG=1")
        await asyncio.sleep(period / SHARE)
