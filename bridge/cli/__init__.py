"""The command line: the only place that prints or exits.

Each module holds some commands; `program` says what they have in common, and what the exit codes mean.
"""

import sys
from collections.abc import Sequence

from bridge import log, report
from bridge.cli import alerts, pages, peers, running, settings, statsd
from bridge.cli.output import say
from bridge.cli.program import FAILED, NAME, WRONG, app
from bridge.errors import BridgeError, SettingsError

__all__ = ["alerts", "app", "main", "pages", "peers", "running", "settings", "statsd"]


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; errors that are expected end it without a traceback."""
    log.configure()
    try:
        app(args, prog_name=NAME)
    except SettingsError as error:
        say(*report.faults(error.faults), to_errors=True)
        sys.exit(WRONG)
    except BridgeError as error:
        say(f"{NAME}: {error}", to_errors=True)
        sys.exit(FAILED)
    except Exception:  # noqa: BLE001 - the last one who can tell of it
        # Python's own traceback would say what the exception says, which may quote a secret or a caller.
        log.get_logger(component="cli").exception("a defect of the bridge: please report it")
        sys.exit(FAILED)
