"""Commands that hear and send StatsD."""

import asyncio
import os
from enum import StrEnum
from typing import Annotated

import typer

from bridge import report
from bridge.cli.output import say, say_json
from bridge.cli.program import FAILED, Notes, command
from bridge.cli.settings import AsJson
from bridge.core.endpoint import Endpoint, parse
from bridge.environment import load
from bridge.errors import Fault, SettingsError
from bridge.protocols.statsd import Parsed

At = Annotated[
    str,
    typer.Option(
        "--at",
        metavar="URL",
        help="udp://HOST:PORT; default: what BRIDGE_STATSD__LISTEN says.",
        show_default=False,
    ),
]
HEARD = {
    "sender": "HOST:PORT",
    "kind": "counter, gauge, gauge delta, timer or set",
    "name": "the bucket",
    "labels": "an object with its tags",
    "value": "a number; of a set a text",
    "rate": "the share that was sent",
    "refused": "instead of all these but the sender: the reason",
    "line": "and the line",
}


class StatsdType(StrEnum):
    """Types that `send` can send."""

    COUNTER = "c"
    GAUGE = "g"
    TIMER = "ms"
    SET = "s"


@command(
    "listen",
    Notes(
        {FAILED: "the address cannot be listened on"},
        HEARD,
        ("listen", "listen --at udp://0.0.0.0:8125 --json"),
    ),
)
def listen(at: At = "", as_json: AsJson = False) -> None:
    """Print what arrives on StatsD, decoded, until Ctrl-C.

    The bridge itself must not be running on the same port.
    """
    from bridge import probe  # noqa: PLC0415 - brings all network libraries, which few commands need

    def tell(sender: str, parsed: Parsed) -> None:
        if as_json:
            say_json(*report.datagram_json(sender, parsed))
        else:
            say(*report.datagram(sender, parsed))

    address = _udp_address(at)
    say(f"listening on {address}, until Ctrl-C", to_errors=True)
    asyncio.run(probe.hear(address, tell))


@command(
    "send",
    Notes(examples=("send shop.orders 1", "send --type ms shop.checkout 320 --at udp://10.0.0.5:8125")),
    context_settings={"ignore_unknown_options": True},  # `-1` is a value
)
def send(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Bucket, such as shop.orders.")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="A number; +1 or -1 changes a gauge; any text for a set.")
    ],
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
