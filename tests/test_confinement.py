"""The program where it may do next to nothing: it writes only into its own folder, and needs no more rights.

As config/Containerfile runs it: a user without a name, no capabilities, and a file system that is read-only
but for the folder of state. No container engine is needed for it: `unshare` and `setpriv` do the same.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.bridge import Bridge
from tests.servers.process import free_port, missing, program, running, wait_until

REPOSITORY = Path(__file__).parent.parent
NOBODY = 65532
WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
CALL = re.compile(r'(?:\d+ +)?(\w+)\((?:AT_FDCWD, )?"([^"]*)"(.*)\) += (-?\d+)')
CALLS = (
    "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,"
    "unlinkat,rmdir,link,linkat,symlink,symlinkat"
)
"""What makes, changes or removes a file by its name; `?` in front: not every machine has each of them."""
STATE = Path("/srv")
"""A folder that every Linux has, and that no test may write without a file system of its own."""
WORLD = """
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs {state}
chown {nobody}:{nobody} {state}
{reachable}
mount -o remount,bind,ro /
for place in /tmp /run /var /home; do mount -o bind,ro "$place" "$place" 2>/dev/null || true; done
cd /
exec setpriv --reuid {nobody} --regid {nobody} --clear-groups \\
    --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""
REACHABLE = """
mkdir {state}/base && mount --bind {base} {state}/base
mount -t tmpfs -o mode=755 tmpfs {closed} && mkdir -p {base} && mount --bind {state}/base {base}
umount {state}/base && rmdir {state}/base
"""
"""Python's own folder again, under a folder through which the user may not pass."""


FAILURES = ("asterisk_memory_failures_total", "bridge")
"""How often the state could not be saved."""


def settings(port: int, state: Path) -> dict[str, str]:
    """What a newcomer has: nothing set but where state goes, and ports of the test's own."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
        "BRIDGE_STATSD__LISTEN": f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}",
        "BRIDGE_HTTP__LISTEN": f"127.0.0.1:{port}",
        "BRIDGE_GRAPHITE__URL": f"tcp://127.0.0.1:{free_port()}",
        "BRIDGE_STATE_DIR": str(state),
        "BRIDGE_SELF_INTERVAL": "1s",
        "BRIDGE_STOP_TIMEOUT": "1s",
    }


@contextlib.contextmanager
def started(argv: list[str], env: dict[str, str], port: int, log: Path) -> Iterator[Bridge]:
    """The bridge under another program, once it says that it is ready."""
    with running([*argv, sys.executable, "-m", "bridge", "run"], log, env) as process:
        found = Bridge(process, port, log)
        wait_until(lambda: found.get("/livez")[0] == 200 or process.poll() is not None, "the bridge")
        assert process.poll() is None, log.read_text()
        yield found


def test_it_writes_nothing_but_state_and_spool(tmp_path: Path) -> None:
    """Watched over a whole run: start, samples that wait on disk, new settings, stop."""
    state, trace, port = tmp_path / "state", tmp_path / "trace", free_port()
    env = settings(port, state)
    argv = [
        program("strace"),
        "-f",
        "-qq",
        "-s",
        "4096",
        "-e",
        f"trace=?{CALLS.replace(',', ',?')}",
        "-o",
        str(trace),
    ]

    with started(argv, env, port, tmp_path / "log") as found:
        wait_until(lambda: any(state.rglob("spool/*/*")), "something to wait on disk")
        child = pid_of_child(found.process.pid)
        os.kill(child, signal.SIGHUP)
        wait_until(lambda: "new settings taken" in found.output.read_text(), "the new settings")
        os.kill(child, signal.SIGTERM)
        found.process.wait(30)

    written = {name for name in map(changed, trace.read_text().splitlines()) if name}
    assert {name for name in written if Path(name).is_relative_to(state)}
    assert {name for name in written if not Path(name).is_relative_to(state)} <= {"/dev/null"}


def changed(line: str) -> str:
    """The file that a call of a trace changed; empty if it changed none."""
    call = CALL.match(line)
    if not call or int(call[4]) < 0 or (call[1].startswith("open") and not WRITING.search(call[3])):
        return ""
    return call[2]


def pid_of_child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@pytest.fixture
def world(tmp_path: Path) -> list[str]:
    """A command that runs another as nobody, in a file system where it may write one folder."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a mount namespace and become somebody else")
    script = tmp_path / "world"
    base = Path(sys.base_prefix)
    closed = next((each for each in reversed([base, *base.parents]) if not each.stat().st_mode & 0o001), None)
    reachable = REACHABLE.format(state=STATE, base=base, closed=closed) if closed else ""
    script.write_text(WORLD.format(state=STATE, nobody=NOBODY, reachable=reachable))
    argv = [program("unshare"), "--mount", program("sh"), str(script)]
    tried = subprocess.run(
        [*argv, program("id"), "-u"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.stdout != f"{NOBODY}\n" or not shutil.which("setpriv"):
        missing(f"this kernel does not let a test confine a program: {tried.stderr.strip()}")
    return argv


def test_it_runs_as_nobody_without_any_right_on_a_file_system_that_is_read_only(
    world: list[str], tmp_path: Path
) -> None:
    port = free_port()

    with started(world, settings(port, STATE), port, tmp_path / "log") as found:
        status = Path(f"/proc/{found.process.pid}/status").read_text()
        mounts = Path(f"/proc/{found.process.pid}/mounts").read_text().splitlines()
        kept = Path(f"/proc/{found.process.pid}/root{STATE}")
        wait_until(lambda: any(kept.rglob("spool/*/*")), "something to wait on disk")
        wait_until(lambda: FAILURES in found.metrics(), "its own numbers")
        failures = found.metrics()[FAILURES]
        os.kill(found.process.pid, signal.SIGTERM)
        code = found.process.wait(30)

    assert code == 0, found.output.read_text()
    assert re.search(rf"^Uid:\t{NOBODY}\t{NOBODY}\t", status, re.MULTILINE)
    assert set(re.findall(r"^Cap\w+:\t(\w+)", status, re.MULTILINE)) == {"0" * 16}
    assert "NoNewPrivs:\t1" in status
    assert [line.split()[3].split(",")[0] for line in mounts if line.split()[1] == "/"] == ["ro"]
    assert failures == 0
    assert "Traceback" not in found.output.read_text()
