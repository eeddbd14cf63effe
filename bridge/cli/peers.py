"""Commands that try whether peers answer, and what they say."""

import asyncio
import os
import sys
from typing import Annotated

import typer

from bridge import report
from bridge.cli.output import Trial, say, say_json, shown
from bridge.cli.program import FAILED, WRONG, Notes, command
from bridge.cli.settings import AsJson, checked, pbxs
from bridge.environment import load
from bridge.errors import Fault, SettingsError
from bridge.settings import Settings
from bridge.settings.variables import spelled

CHECKED = {
    "ok": "whether nothing is wrong",
    "faults": "of the settings, each `{where, what, hint}`",
    "warnings": "what is not wrong but not good either, as texts",
    "peers": "those tried, each `{peer, ok, error, samples, seconds, how}`; empty without --connect",
}
POLLED = {
    "metric": "its name",
    "labels": "an object, `pbx` among them",
    "value": "a number",
    "time": "seconds since 1970",
    "source": "ami or snmp",
}


@command(
    "check",
    Notes({FAILED: "a peer failed"}, CHECKED, ("check", "check --connect", "check --json | jq .faults")),
)
def check(
    connect: Annotated[bool, typer.Option("--connect", help="Try every peer, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check the settings and report every fault at once."""
    try:
        settings, _, warnings = checked()
    except SettingsError as error:
        if not as_json:
            raise
        say_json(report.check_json(error.faults, (), ()))
        sys.exit(WRONG)
    if not as_json:
        say(*(f"warning: {warning}" for warning in warnings), to_errors=True)
        say(report.summary(settings))
    peers = _try_peers(settings) if connect else []
    if as_json:
        say_json(report.check_json((), warnings, peers))
    else:
        say(*(report.peer(each, timed=sys.stdout.isatty()) for each in peers))
    if not all(each["ok"] for each in peers):
        sys.exit(FAILED)


def _try_peers(settings: Settings) -> list[report.Json]:
    """How it went with each, first those that we read."""
    from bridge import probe  # noqa: PLC0415 - brings all network libraries, which few commands need

    async def all_of_them(trial: Trial) -> list[probe.Outcome]:
        return [*await probe.poll(settings, watch=trial), *await probe.connect(settings, trial)]

    with shown() as trial:
        outcomes = asyncio.run(all_of_them(trial))
    return [
        report.peer_json(each.peer, each.error, len(each.samples), trial.seconds[each.peer], each.how)
        for each in outcomes
    ]


@command(
    "poll",
    Notes(
        {FAILED: "a source of the PBX failed; what the others said is printed"},
        POLLED,
        ("poll hq", "poll hq --json | jq 'select(.metric == \"channels.active\").value'"),
    ),
)
def poll(
    pbx: Annotated[
        str,
        typer.Argument(metavar="PBX", help="Its name, as in `BRIDGE_PBX__<NAME>__...`", autocompletion=pbxs),
    ],
    as_json: AsJson = False,
) -> None:
    """Poll everything of one PBX once and print it."""
    from bridge import probe  # noqa: PLC0415 - as above

    settings = load(os.environ)
    if pbx.lower() not in settings.pbx:
        known = ", ".join(settings.pbx) or "none"
        raise SettingsError([Fault(spelled(("pbx", pbx)), "no such PBX", f"known: {known}")])
    with shown() as trial:
        outcomes = asyncio.run(probe.poll(settings, pbx.lower(), trial))
    found = [(each.name, sample) for each in outcomes for sample in each.samples]
    if as_json:
        say_json(*report.samples_json(found))
    else:
        say(report.samples(found))
    failed = [each for each in outcomes if each.error]
    say(*(report.outcome(each.peer, each.error) for each in failed), to_errors=True)
    if failed:
        sys.exit(FAILED)
