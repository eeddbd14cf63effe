"""Commands that run the bridge."""

import asyncio
from typing import Annotated

import typer

from bridge import log
from bridge.cli.program import FAILED, Notes, command
from bridge.cli.settings import checked
from bridge.settings import Settings


def _start() -> Settings:
    """The settings, with the log set up as they say."""
    loaded = checked()
    log.configure(loaded.settings.log.level, loaded.settings.log.format)
    for warning in loaded.warnings:
        log.get_logger(component="settings").warning(warning)
    return loaded.settings


@command("run", Notes({0: "stopped when asked to", FAILED: "a defect"}, examples=("run",)))
def run() -> None:
    """Run the bridge until SIGTERM or Ctrl-C.

    SIGHUP reads the files of settings again. What happens is logged to standard error; after an outage also,
    every half minute, how much a sink has yet to get, and how fast that goes.
    """
    settings = _start()
    from bridge.app import run_forever  # noqa: PLC0415 - brings all network libraries, which few commands need

    run_forever(settings, _start)


@command(
    "demo",
    Notes({FAILED: "an extra is not installed, or there is no free port"}, examples=("demo", "demo --plain")),
)
def demo(
    seconds: Annotated[float | None, typer.Option(metavar="SECONDS", help="End after this time.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of a page.")] = False,
) -> None:
    """Run everything at once; nothing needs to be installed.

    There is a simulated PBX and a broker; the settings of the environment play no part.
    """
    from bridge.demo import run  # noqa: PLC0415 - as above

    asyncio.run(run.run(seconds, plain))
