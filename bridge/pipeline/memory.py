"""Memory: what components know over a restart of the bridge, and over new settings.

A counter must go on where it was, and a gauge of which only changes are told must know its value. Each
component keeps one small JSON value under a key of its own. All of them are in one file, which is replaced as
a whole, so that it is never found half written. No fault of the file stops the bridge: it begins afresh.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bridge.core.state import Hides, Json, mapping, nothing
from bridge.log import get_logger
from bridge.pipeline.health import Part
from bridge.pipeline.interfaces import Clock
from bridge.pipeline.ticker import ticks

INTERVAL = 10.0
"""Seconds between saves: what a crash may take from the counters."""
VERSION = 1
"""The shape of the file; another one is not understood."""
BAD = ".bad"
"""Added to the name of a file that cannot be used: it is kept for a look, and never read again."""
SIZE_LIMIT = 256 * 1024 * 1024
"""Bytes of a file that is read: some 200 times what 20,000 series need, so more is not ours."""

Give = Callable[[], Json]
"""Says what a component wants to know again; asked in the event loop at every save."""

log = get_logger(component="memory")


class Memory:
    """What was known, and who knows it now.

    Components call `recall` and `keep` when they are built, and nothing later.

    Args:
        path: the file; None to remember over new settings only.

    Attributes:
        hides: whether a series names people and must not be written down; asked by those who keep series. Set
            before they are built.
        failures: how often the file could not be written, or a component could not tell its state.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: dict[str, Json] = {}
        self._givers: dict[str, tuple[Part | None, Give]] = {}
        self._built: Part | None = None
        self._written = b""
        self._fault = ""
        self.hides: Hides = nothing
        self.failures = 0

    def recall(self, key: str) -> Json | None:
        """What was last kept under `key`, None if nothing was; its shape is for the caller to check."""
        return self._known.get(key)

    def keep(self, key: str, give: Give) -> None:
        """Keep what `give` returns, under `key`, such as `ami/hq`, at every save from now on."""
        self._givers[key] = self._built, give

    @contextmanager
    def building(self, part: Part) -> Iterator[None]:
        """What is kept from within belongs to the part."""
        self._built = part
        try:
            yield
        finally:
            self._built = None

    def turn_over(self, part: Part | None = None) -> None:
        """Let what follows a part, or all of them, recall what it knew at its end; it is asked no more."""
        self._known = self._state()
        self._givers = {key: giver for key, giver in self._givers.items() if part and giver[0] != part}

    def load(self) -> None:
        """Read the file, if there is one; without it, or if it cannot be used, nothing is known."""
        if self._path is None:
            return
        try:
            self._known = _state_in(self._path)
        except FileNotFoundError:
            log.info("no state yet: counters begin at 0", file=str(self._path))
        except OSError as error:
            log.warning("state cannot be read: counters begin at 0", file=str(self._path), error=str(error))
        except ValueError as error:
            aside = self._path.with_name(self._path.name + BAD)
            log.warning(
                "state cannot be used: counters begin at 0",
                file=str(self._path),
                error=str(error),
                kept_as=str(aside),
            )
            _set_aside(self._path, aside)

    def save(self) -> None:
        """Write the file now, and wait for the disk."""
        self.write(self.snapshot())

    def snapshot(self) -> Json:
        """What the file has to hold now: the part of a save that must run in the event loop."""
        return {"version": VERSION, "state": self._state()}

    def write(self, snapshot: Json) -> None:
        """Put a snapshot into the file: the part of a save that waits for the disk; never raises."""
        if self._path is None:
            return
        data = json.dumps(snapshot, separators=(",", ":")).encode()
        if data == self._written:
            return
        try:
            _replace(self._path, data)
        except OSError as error:
            self.failures += 1
            self._complain(f"{error.strerror}: {error.filename or self._path}")
        else:
            self._written = data
            self._complain("")

    async def run(self, clock: Clock) -> None:
        """Save now and then until cancelled; a write that has begun is waited for."""
        writing = asyncio.ensure_future(asyncio.sleep(0))
        try:
            async for _ in ticks(clock, INTERVAL):
                writing = asyncio.ensure_future(asyncio.to_thread(self.write, self.snapshot()))
                await asyncio.shield(writing)
        finally:
            await writing

    def _complain(self, fault: str) -> None:
        """One line per change: a disk that stays full says nothing new."""
        before, self._fault = self._fault, fault
        if fault and fault != before:
            log.warning("state not saved: after a restart counters go on from the last save", error=fault)
        elif before and not fault:
            log.info("state saved again", file=str(self._path))

    def _state(self) -> dict[str, Json]:
        """What is known of components that are not there now stays: their PBX may come back."""
        state = dict(self._known)
        for key, (_, give) in self._givers.items():
            try:
                state[key] = give()
            except Exception:
                self.failures += 1
                log.exception("a defect: its state is not kept, that of the others is", key=key)
        return state


@contextmanager
def claimed(folder: Path | None) -> Iterator[Path | None]:
    """The folder, as long as no other bridge has it; then None, for what two have written nobody understands.

    A folder that cannot be made or locked is left to those who write there, and complain.
    """
    if folder is None:
        yield None
        return
    descriptor = -1
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.error(
            "another bridge works in this folder: nothing is kept over a restart of this one; "
            "give each its own BRIDGE_STATE_DIR",
            folder=str(folder),
        )
        yield None
    except OSError:
        yield folder
    else:
        yield folder
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _state_in(path: Path) -> dict[str, Json]:
    """The state in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it does not hold what a bridge of this version writes.
    """
    with path.open("rb") as file:
        data = file.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise ValueError("is too large")
    try:
        content = json.loads(data)
    except RecursionError as error:
        raise ValueError("is nested too deep") from error
    if not isinstance(content, Mapping) or not isinstance(content.get("state"), Mapping):
        raise ValueError("is not the state of a bridge")  # noqa: TRY004 - the content is wrong, not a type of ours
    if content.get("version") != VERSION:
        raise ValueError(f"has version {content.get('version')!r}, not {VERSION}")
    return dict(mapping(content["state"]))


def _set_aside(path: Path, aside: Path) -> None:
    try:
        path.replace(aside)
    except OSError as error:
        log.warning("bad state stays where it is, until the next save", error=str(error))


def _replace(path: Path, data: bytes) -> None:
    """Replace a file so that at every moment, a loss of power included, it is the old one or the new one.

    Raises:
        OSError: the disk is full, read-only or not ours.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
