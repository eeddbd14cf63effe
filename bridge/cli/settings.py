"""Commands about the settings, and the settings for all other commands."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from bridge import documents, report
from bridge.cli.output import say, say_json
from bridge.cli.program import Notes, command
from bridge.environment import Loaded, effective, load, read, readable
from bridge.errors import BridgeError, SettingsError
from bridge.retention import DEFAULT as RETENTION
from bridge.retention import graphite_schemas as carbon_schemas

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
SHOWN = {
    "variable": "its name",
    "value": "as the environment would say it, secrets masked",
    "from": "its origin",
}
LISTED = {
    "variable": "its name",
    "type": "what it takes",
    "default": "null if it must be set",
    "help": "for what",
}
ALLOWED = {"user": "of the broker, or null", "access": "read, write or readwrite", "topic": "a topic filter"}


class Which(StrEnum):
    """Files that `graphite-schemas` prints."""

    SCHEMAS = "schemas"
    AGGREGATION = "aggregation"
    BOTH = "both"


def checked() -> Loaded:
    """The settings, after sources have had a look at them too.

    Raises:
        SettingsError: with every fault.
    """
    loaded = read(os.environ)
    from bridge.plans import try_out  # noqa: PLC0415 - brings all network libraries, which few commands need

    try:
        try_out(loaded.settings)
    except SettingsError as error:
        raise readable(error.faults) from error
    return loaded


def pbxs(incomplete: str) -> list[str]:
    """Names of PBXs that begin so, for the shell to complete."""
    try:
        return [name for name in read(os.environ).settings.pbx if name.startswith(incomplete.lower())]
    except BridgeError:
        return []


def rules(incomplete: str) -> list[str]:
    """Names of rules that begin so, for the shell to complete."""
    try:
        return [name for name in read(os.environ).settings.alerts.rule if name.startswith(incomplete)]
    except BridgeError:
        return []


@command("show", Notes(keys=SHOWN, examples=("show", "show --json | jq 'select(.from != \"default\")'")))
def show(as_json: AsJson = False) -> None:
    """Show the settings in force and where each comes from.

    Secrets are masked.
    """
    rows = effective(read(os.environ))
    if as_json:
        say_json(*report.effective_json(rows))
    else:
        say(report.effective(rows))


@command("env", Notes(keys=LISTED, examples=("env", "env --markdown")))
def env(
    markdown: Annotated[bool, typer.Option("--markdown", help="As docs/configuration.md.")] = False,
    as_json: AsJson = False,
) -> None:
    """List every variable with its type, default and help."""
    if as_json:
        say_json(*report.variables_json())
    else:
        say(documents.configuration() if markdown else report.variables())


@command(
    "mqtt-acl",
    Notes(keys=ALLOWED, examples=("mqtt-acl > /etc/mosquitto/acl", "mqtt-acl --username bridge --json")),
)
def mqtt_acl(
    username: Annotated[str, typer.Option(help="User of the broker; default: that of the settings.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print the least that an MQTT broker must allow us.

    That is an access list for mosquitto (`acl_file`), for exactly what the settings in force do.
    """
    from bridge.access import access_list  # noqa: PLC0415 - brings network libraries

    found = access_list(load(os.environ), username).rstrip()
    if as_json:
        say_json(*report.access_json(found))
    else:
        say(found)


@command(
    "graphite-schemas",
    Notes(
        examples=(
            "graphite-schemas --which schemas",
            "graphite-schemas --which aggregation",
            f"graphite-schemas --retention {RETENTION}",
        )
    ),
)
def graphite_schemas(
    which: Annotated[Which, typer.Option(help="Of the two files.")] = Which.BOTH,
    retention: Annotated[
        str, typer.Option(metavar="LIST", help="How long all values are kept, then coarser ones.")
    ] = RETENTION,
) -> None:
    """Print how carbon keeps our series well.

    That is storage-schemas.conf and storage-aggregation.conf, for the names and intervals of the settings in
    force. Their rules go above all others that fit.
    """
    say(carbon_schemas(load(os.environ), which.value, retention).rstrip())
