"""Commands about alerts: they ask the bridge that runs here, but for the last."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge import control, report
from bridge.cli.output import say, say_json
from bridge.cli.program import FAILED, Notes, command
from bridge.cli.settings import AsJson, pbxs, rules
from bridge.environment import load
from bridge.errors import BridgeError
from bridge.protocols.requests import RequestError

UNASKED = {FAILED: "no bridge runs here, or it cannot do what it is asked"}
ALERT = {
    "state": "firing, pending or inactive",
    "severity": "critical, warning or info",
    "since": "seconds since 1970",
    "value": "what is watched, as it was seen last; null for nothing",
    "threshold": "beyond which it is bad; null for none",
    "summary": "a text",
    "acknowledged": "whether somebody cares for it",
    "silenced_until": "seconds since 1970, or null",
    "inhibited": "whether an alert explains it",
    "flapping": "whether it came and went too often",
    "labels": "an object, `pbx` among them",
    "rule": "the name of the rule",
    "id": "of the alert and what was told of it last",
    "silence": "alone in an object, after all alerts: `{id, until, comment, matcher}`",
    "more": "alone in the last object: how many alerts are left out",
}
ACKNOWLEDGED = {"acknowledged": "how many", "alerts": "their ids, at most 100"}
SILENCED = {"id": "of the silence", "until": "seconds since 1970", "alerts": "how many there are of them now"}
UNSILENCED = {"id": "of the silence", "alerts": "how many there are of them now"}
TESTED = {"test": "its name", "ok": "whether all was as expected", "faults": "what was not, as texts"}

Socket = Annotated[
    Path | None, typer.Option("--socket", metavar="FILE", help="Default: that of BRIDGE_STATE_DIR.")
]
RuleGlob = Annotated[
    str | None,
    typer.Argument(metavar="RULE", help="Name of the rule; `*` stands for any text.", autocompletion=rules),
]
Pbx = Annotated[
    str | None, typer.Option(metavar="PBX", help="Short for --label pbx=...", autocompletion=pbxs)
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="NAME=GLOB", help="Again for more, of one name for either."),
]
AlertId = Annotated[
    str | None, typer.Option("--id", metavar="ID", help="Of an alert, as `alerts list` shows it.")
]
All = Annotated[bool, typer.Option("--all", help="All alerts.")]


@command("list", Notes(UNASKED, ALERT, ("alerts list", "alerts list --all --json | jq .rule")), "alerts")
def list_alerts(
    everything: Annotated[bool, typer.Option("--all", help="Those that are inactive, too.")] = False,
    as_json: AsJson = False,
    socket: Socket = None,
) -> None:
    """List alerts that fire or are pending, and silences."""
    data = _ask("list", {"state": "all"} if everything else {}, socket)
    if as_json:
        say_json(*report.alerts_json(data))
    else:
        say(*report.alerts(data))


@command(
    "ack",
    Notes(UNASKED, ACKNOWLEDGED, ("alerts ack trunk_down --pbx hq", "alerts ack --id 3f2a9c01d4e5-7")),
    "alerts",
)
def ack(
    *,
    rule: RuleGlob = None,
    pbx: Pbx = None,
    label: Labels = None,
    id_: AlertId = None,
    every: All = False,
    as_json: AsJson = False,
    socket: Socket = None,
) -> None:
    """Acknowledge alerts that fire.

    You care for them, and nobody is reminded.
    """
    meant = {"rule": rule, "pbx": pbx, "labels": label, "id": id_, "all": every}
    _do("ack", meant, socket, as_json)


@command(
    "silence",
    Notes(UNASKED, SILENCED, ("alerts silence 'trunk_*' --pbx hq --for 2h --comment 'the carrier works'",)),
    "alerts",
)
def silence(
    *,
    duration: Annotated[str, typer.Option("--for", metavar="TIME", help="Such as 30m, 2h or 1d.")],
    rule: RuleGlob = None,
    pbx: Pbx = None,
    label: Labels = None,
    id_: AlertId = None,
    every: All = False,
    comment: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; everyone who sees the alerts sees it.")
    ] = "",
    as_json: AsJson = False,
    socket: Socket = None,
) -> None:
    """Have nobody told of some alerts for a while."""
    meant = {"rule": rule, "pbx": pbx, "labels": label, "id": id_, "all": every}
    _do("silence", {**meant, "duration": duration, "comment": comment}, socket, as_json)


@command("unsilence", Notes(UNASKED, UNSILENCED, ("alerts unsilence 0123456789ab",)), "alerts")
def unsilence(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Of the silence, as `alerts list` shows it.")],
    as_json: AsJson = False,
    socket: Socket = None,
) -> None:
    """End a silence."""
    _do("unsilence", {"id": id_}, socket, as_json)


@command(
    "test",
    Notes({FAILED: "something was not as expected"}, TESTED, ("alerts test my-rules.toml",)),
    "alerts",
)
def try_rules(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What comes, and which alerts there must be then, as TOML.")
    ],
    as_json: AsJson = False,
) -> None:
    """Test the rules of the settings with what a file says.

    That needs no bridge.
    """
    from bridge import alerttest  # noqa: PLC0415 - brings all network libraries, which few commands need

    outcomes = alerttest.run_tests(file, load(os.environ).alerts)
    if as_json:
        say_json(*({"test": name, "ok": not faults, "faults": faults} for name, faults in outcomes))
    else:
        say(alerttest.report(file, outcomes))
    if any(outcome.faults for outcome in outcomes):
        sys.exit(FAILED)


def _do(verb: str, given: Mapping[str, Any], socket: Path | None, as_json: bool) -> None:
    data = _ask(verb, given, socket)
    if as_json:
        say_json(data)
    else:
        say(report.done(verb, data))


def _ask(verb: str, given: Mapping[str, Any], socket: Path | None) -> Mapping[str, Any]:
    """What the running bridge answers to a request."""
    try:
        request = control.request(verb, given)
    except RequestError as error:
        raise typer.BadParameter(str(error)) from error
    response = asyncio.run(control.ask(socket or _socket(), request))
    if response.error:
        raise BridgeError(response.error)
    return response.data


def _socket() -> Path:
    """The socket of a bridge with the settings of the environment."""
    from bridge.app import state_folder  # noqa: PLC0415 - as above

    return control.socket_in(state_folder(load(os.environ)))
