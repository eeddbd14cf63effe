"""What the benchmark asks the kernel for: sockets and CPU time of others, and how busy the machine is."""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from bridge.sources.statsd.sockets import SO_RCVBUFFORCE

HERE = Path(__file__).parent
PIDFD_GETFD = 438
"""The number of the system call; it is the same on every machine."""
TICKS = os.sysconf("SC_CLK_TCK")
BUFFER = 8 << 20
"""Bytes of receive buffer that every receiver is given; the kernel doubles it."""


def compiled(name: str, folder: Path) -> Path:
    """A program made from `<name>.c` and what belongs to it.

    Raises:
        FileNotFoundError: there is no C compiler.
    """
    compiler = shutil.which("cc")
    if not compiler:
        raise FileNotFoundError(
            "there is no C compiler (cc): install gcc, or run TEST_BENCHMARKS=1 tests/install"
        )
    made = folder / name
    parts = {"generator": ("generator.c", "load.c"), "sink": ("sink.c",)}[name]
    subprocess.run([compiler, "-O2", "-o", made, *(HERE / part for part in parts), "-lm"], check=True)
    return made


def is_bound(port: int) -> bool:
    """Whether a UDP socket is bound to the port."""
    return bool(_inode(port))


def _inode(port: int) -> str:
    rows = (row.split() for row in Path("/proc/net/udp").read_text(encoding="ascii").splitlines())
    return next((row[9] for row in rows if row[1].endswith(f":{port:04X}")), "")


def borrowed(pid: int, port: int) -> socket.socket:
    """The UDP socket of a child of ours, with as much buffer as all have, to look at its queue.

    Raises:
        PermissionError: this user may not.
    """
    inode = _inode(port)
    links = Path(f"/proc/{pid}/fd").iterdir()
    number_there = next(int(link.name) for link in links if str(link.readlink()) == f"socket:[{inode}]")
    process = os.pidfd_open(pid)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        number_here = libc.syscall(PIDFD_GETFD, process, number_there, 0)
    finally:
        os.close(process)
    if number_here < 0:
        raise PermissionError(ctypes.get_errno(), f"the socket of process {pid} cannot be watched; be root")
    opened = socket.socket(fileno=number_here)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    with contextlib.suppress(PermissionError):
        opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    return opened


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used, all threads."""
    return time.clock_gettime(~pid << 3 | 2)  # the clock of a process, as clock_getcpuclockid(3) makes it


def busy() -> float:
    """Seconds of CPU that all processors together were not idle, what a hypervisor took included."""
    words = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _waiting, interrupts, softirqs, stolen = map(int, words)
    return (user + nice + system + interrupts + softirqs + stolen) / TICKS
