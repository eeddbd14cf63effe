"""The command line: the only place that prints or exits.

Exit codes: 0 done, 1 a peer failed, 2 the settings or the command are wrong, 130 interrupted.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.table import Table

from bridge import __version__, control, documents, log, report
from bridge.core.endpoint import Endpoint, parse
from bridge.environment import Loaded, effective, load, read, readable
from bridge.errors import BridgeError, Fault, SettingsError
from bridge.protocols.requests import RequestError
from bridge.protocols.statsd import Parsed
from bridge.settings import Settings
from bridge.settings.variables import spelled

PIPED_WIDTH = 10_000
"""Columns of a table that nobody looks at: nothing is cut or folded."""


class StatsdType(StrEnum):
    """Types that `send` can send."""

    COUNTER = "c"
    GAUGE = "g"
    TIMER = "ms"
    SET = "s"


app = typer.Typer(
    name="asterisk-bridge",
    help="Reads Asterisk PBXs over SNMP, AMI and StatsD and republishes one truth to Graphite, MQTT and "
    "Prometheus. Settings come from BRIDGE_ variables: `asterisk-bridge env` lists them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
)

alerts = typer.Typer(
    help="See, acknowledge and silence alerts of the bridge that runs here.", no_args_is_help=True
)
app.add_typer(alerts, name="alerts")


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; errors that are expected end it without a traceback."""
    log.configure()
    try:
        app(args, prog_name="asterisk-bridge")
    except SettingsError as error:
        _say(*report.faults(error.faults), to_errors=True)
        sys.exit(2)
    except BridgeError as error:
        _say(f"asterisk-bridge: {error}", to_errors=True)
        sys.exit(1)
    except Exception:  # noqa: BLE001 - the last one who can tell of it
        # Python's own traceback would say what the exception says, which may quote a secret or a caller.
        log.get_logger(component="cli").exception("a defect of the bridge: please report it")
        sys.exit(1)


def _say(*things: RenderableType, to_errors: bool = False) -> None:
    console = Console(stderr=to_errors, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    for thing in things:
        console.print(thing, soft_wrap=not isinstance(thing, Table))


def _checked() -> Loaded:
    """The settings, after sources have had a look at them too."""
    loaded = read(os.environ)
    from bridge.plans import try_out  # noqa: PLC0415 - brings all network libraries, which few commands need

    try:
        try_out(loaded.settings)
    except SettingsError as error:
        raise readable(error.faults) from error
    return loaded


def _start() -> Settings:
    """The settings, with the log set up as they say."""
    loaded = _checked()
    log.configure(loaded.settings.log.level, loaded.settings.log.format)
    for warning in loaded.warnings:
        log.get_logger(component="settings").warning(warning)
    return loaded.settings


@app.command()
def run() -> None:
    """Run the bridge until SIGTERM or Ctrl-C; SIGHUP reads files of settings again."""
    settings = _start()
    from bridge.app import run_forever  # noqa: PLC0415 - as above

    run_forever(settings, _start)


@app.command()
def check(
    connect: Annotated[bool, typer.Option("--connect", help="Try every peer, too.")] = False,
) -> None:
    """Check the settings and report every fault at once."""
    settings, _, warnings = _checked()
    _say(*(f"warning: {warning}" for warning in warnings), to_errors=True)
    _say(report.summary(settings))
    if connect and not asyncio.run(_try_peers(settings)):
        sys.exit(1)


async def _try_peers(settings: Settings) -> bool:
    from bridge import probe  # noqa: PLC0415 - as above

    outcomes = [*await probe.poll(settings), *await probe.connect(settings)]
    for each in outcomes:
        found = f"{len(each.samples)} samples" if each.samples else ""
        _say(report.outcome(each.peer, each.error, found))
    return not any(each.error for each in outcomes)


@app.command()
def show() -> None:
    """Show the settings in force and where each comes from; secrets are masked."""
    _say(report.effective(effective(read(os.environ))))


@app.command()
def demo(
    seconds: Annotated[float | None, typer.Option(help="End after this time.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of a page.")] = False,
) -> None:
    """Run everything at once, with a simulated PBX and a broker: nothing needs to be installed."""
    from bridge.demo import run  # noqa: PLC0415 - as above

    asyncio.run(run.run(seconds, plain))


@app.command()
def poll(
    pbx: Annotated[str, typer.Argument(help="Name of the PBX, as in BRIDGE_PBX__<NAME>__...")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Poll everything of one PBX once and print it."""
    from bridge import probe  # noqa: PLC0415 - as above

    settings = load(os.environ)
    if pbx.lower() not in settings.pbx:
        known = ", ".join(settings.pbx) or "none"
        raise SettingsError([Fault(spelled(("pbx", pbx)), "no such PBX", f"known: {known}")])
    outcomes = asyncio.run(probe.poll(settings, pbx.lower()))
    found = [(each.name, sample) for each in outcomes for sample in each.samples]
    _say(*(report.samples_json(found) if as_json else [report.samples(found)]))
    failed = [each for each in outcomes if each.error]
    _say(*(report.outcome(each.peer, each.error) for each in failed), to_errors=True)
    if failed:
        sys.exit(1)


At = Annotated[str, typer.Option("--at", help="udp://HOST:PORT; default: what BRIDGE_STATSD__LISTEN says.")]


@app.command()
def listen(at: At = "") -> None:
    """Print what arrives on StatsD, decoded. The bridge itself must not be running on the same port."""
    from bridge import probe  # noqa: PLC0415 - as above

    def tell(sender: str, parsed: Parsed) -> None:
        _say(*report.datagram(sender, parsed))

    address = _udp_address(at)
    _say(f"listening on {address}, until Ctrl-C", to_errors=True)
    asyncio.run(probe.hear(address, tell))


@app.command(context_settings={"ignore_unknown_options": True})  # `-1` is a value
def send(
    name: Annotated[str, typer.Argument(help="Bucket, such as shop.orders.")],
    value: Annotated[str, typer.Argument(help="A number; +1 or -1 changes a gauge; any text for a set.")],
    kind: Annotated[StatsdType, typer.Option("--type", help="StatsD type.")] = StatsdType.COUNTER,
    at: At = "",
) -> None:
    """Send one StatsD metric over UDP."""
    address = _udp_address(at)
    from bridge.sinks.statsd import send_one  # noqa: PLC0415 - as above

    try:
        send_one(address.host, address.port, name, value, kind.value)
    except ValueError as error:
        raise typer.BadParameter(f"{value!r} is not a number", param_hint="VALUE") from error


def _udp_address(at: str) -> Endpoint:
    """What the user names, or else the first UDP address on which the bridge listens."""
    urls = (at,) if at else load(os.environ).statsd.listen
    where = "--at" if at else "BRIDGE_STATSD__LISTEN"
    try:
        return next(parse(url, {"udp": 8125}) for url in urls if at or url.startswith("udp:"))
    except ValueError as error:
        raise SettingsError([Fault(where, f"{at!r} {error}")]) from error
    except StopIteration:
        raise SettingsError([Fault(where, "has no udp:// address", "name one with --at")]) from None


@app.command()
def env(
    markdown: Annotated[bool, typer.Option("--markdown", help="As docs/configuration.md.")] = False,
) -> None:
    """List every variable with its type, default and help."""
    _say(documents.configuration() if markdown else report.variables())


@app.command()
def mqtt_acl(
    username: Annotated[str, typer.Option(help="User of the broker; default: that of the settings.")] = "",
) -> None:
    """Print the access list that the bridge needs on an MQTT broker, for mosquitto."""
    from bridge.access import access_list  # noqa: PLC0415 - as above

    _say(access_list(load(os.environ), username).rstrip())


Socket = Annotated[Path | None, typer.Option("--socket", help="Default: that of BRIDGE_STATE_DIR.")]
RuleGlob = Annotated[
    str | None, typer.Argument(metavar="RULE", help="Name of the rule; `*` stands for any text.")
]
Pbx = Annotated[str | None, typer.Option(help="Short for --label pbx=...")]
Labels = Annotated[
    list[str] | None, typer.Option("--label", help="NAME=GLOB; again for more, of one name for either.")
]
AlertId = Annotated[str | None, typer.Option("--id", help="Of an alert, as `alerts list` shows it.")]
All = Annotated[bool, typer.Option("--all", help="All alerts.")]


@alerts.command("list")
def list_alerts(
    everything: Annotated[bool, typer.Option("--all", help="Those that are inactive, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
    socket: Socket = None,
) -> None:
    """List alerts that fire or are pending, and silences."""
    data = _ask("list", {"state": "all"} if everything else {}, socket)
    _say(*(report.alerts_json(data) if as_json else report.alerts(data)))


@alerts.command()
def ack(
    *,
    rule: RuleGlob = None,
    pbx: Pbx = None,
    label: Labels = None,
    id_: AlertId = None,
    every: All = False,
    socket: Socket = None,
) -> None:
    """Acknowledge alerts that fire: you care for them, and nobody is reminded."""
    meant = {"rule": rule, "pbx": pbx, "labels": label, "id": id_, "all": every}
    _say(report.done("ack", _ask("ack", meant, socket)))


@alerts.command()
def silence(
    *,
    duration: Annotated[str, typer.Option("--for", help="Such as 30m, 2h or 1d.")],
    rule: RuleGlob = None,
    pbx: Pbx = None,
    label: Labels = None,
    id_: AlertId = None,
    every: All = False,
    comment: Annotated[str, typer.Option(help="Why; everyone who sees the alerts sees it.")] = "",
    socket: Socket = None,
) -> None:
    """Have nobody told of some alerts for a while."""
    meant = {"rule": rule, "pbx": pbx, "labels": label, "id": id_, "all": every}
    given = {**meant, "duration": duration, "comment": comment}
    _say(report.done("silence", _ask("silence", given, socket)))


@alerts.command()
def unsilence(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Of the silence, as `alerts list` shows it.")],
    socket: Socket = None,
) -> None:
    """End a silence."""
    _say(report.done("unsilence", _ask("unsilence", {"id": id_}, socket)))


@alerts.command()
def test(
    file: Annotated[Path, typer.Argument(help="What comes, and which alerts there must be then, as TOML.")],
) -> None:
    """Test the rules of the settings with what a file says; needs no bridge."""
    from bridge import alerttest  # noqa: PLC0415 - as above

    outcomes = alerttest.run_tests(file, load(os.environ).alerts)
    _say(alerttest.report(file, outcomes))
    if any(outcome.faults for outcome in outcomes):
        sys.exit(1)


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


@app.command()
def version() -> None:
    """Print the version."""
    _say(__version__)


@app.command(hidden=True)
def docs(
    check_only: Annotated[bool, typer.Option("--check", help="Only tell whether they are stale.")] = False,
    root: Annotated[Path, typer.Option(help="Root of the repository.")] = Path(),
) -> None:
    """Write the documents that come from the models and the catalogue."""
    stale = documents.stale(root)
    for path, text in stale.items():
        _say(f"{'stale' if check_only else 'wrote'} {path}")
        if not check_only:
            (root / path).write_text(text, encoding="utf-8")
    if stale and check_only:
        sys.exit(1)
