"""The demo: a simulated PBX, an embedded broker, and the bridge as it is between the two."""

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from rich.console import Console

from bridge import terminal
from bridge.app import App
from bridge.demo.ami_server import AmiServer
from bridge.demo.broker import broker
from bridge.demo.screen import Board, Doors, instructions, show
from bridge.demo.snmp_agent import COMMUNITY, SnmpAgent
from bridge.demo.statsd import StatsdSender
from bridge.demo.traffic import Traffic
from bridge.log import configure
from bridge.settings import (
    AmiSettings,
    HttpSettings,
    MqttSettings,
    PbxSettings,
    PbxStatsdSettings,
    Settings,
    SnmpSettings,
    StatsdSettings,
)

LOOPBACK = "127.0.0.1"
PBX = "demo"
USERNAME, SECRET = "bridge", "demo"
INTERVAL = 2.0
"""Seconds between polls, and between flushes: a newcomer does not wait."""
STEP = 0.2
"""Seconds between two looks at what has happened on the PBX."""
WARM_UP = 900.0
"""Seconds for which the PBX has run already when the demo starts, so that calls are up at once."""
STOP_TIMEOUT = 1.0


async def run(duration: float | None = None, plain: bool = False) -> None:
    """Run the demo until Ctrl-C.

    Args:
        duration: seconds after which it ends by itself.
        plain: lines instead of a page, also on a terminal.

    Raises:
        BridgeError: the embedded broker cannot run.
    """
    configure("error")
    ignored = sorted(name for name in os.environ if name.startswith("BRIDGE_"))
    board = Board()
    async with contextlib.AsyncExitStack() as stack:
        settings, doors = await stack.enter_async_context(simulation())
        store = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asterisk-bridge-")))
        app = App(settings, lambda: settings, taps=[board.tap], store=store)
        app.signals.listen()
        as_lines = plain or not terminal.is_live(sys.stdout)
        console = Console(force_terminal=False) if as_lines else terminal.console(sys.stdout)
        async with asyncio.TaskGroup() as group:
            screen = group.create_task(show(board, instructions(doors, ignored), console), name="screen")
            if duration is not None:
                asyncio.get_running_loop().call_later(duration, app.signals.stop)
            await app.run()
            screen.cancel()


@contextlib.asynccontextmanager
async def simulation() -> AsyncIterator[tuple[Settings, Doors]]:
    """A PBX with traffic and a broker, all on loopback, and the settings with which the bridge finds them."""
    traffic = Traffic(secrets.randbits(32), time.time() - WARM_UP)
    traffic.step(time.time())
    doors = Doors(
        mqtt=port(1883, socket.SOCK_STREAM),
        http=port(8080, socket.SOCK_STREAM),
        statsd=port(8125, socket.SOCK_DGRAM),
        page=True,
        graphite=True,
    )
    manager, agent = AmiServer(traffic.pbx, USERNAME, SECRET), SnmpAgent(traffic.pbx)
    sender = StatsdSender(traffic.pbx, doors.statsd)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(broker(doors.mqtt))
        stack.callback(sender.close)
        stack.push_async_callback(manager.stop)
        stack.callback(agent.stop)
        settings = bridge_settings(doors, ami=await manager.start(), snmp=agent.start())
        group = await stack.enter_async_context(asyncio.TaskGroup())
        life = group.create_task(_live(traffic, manager, sender), name="simulated PBX")
        stack.callback(life.cancel)
        yield settings, doors


async def _live(traffic: Traffic, manager: AmiServer, sender: StatsdSender) -> None:
    """Let time pass on the PBX, and tell what happens."""
    while True:
        happenings = traffic.step(time.time())
        manager.publish(happenings)
        sender.publish(happenings)
        await asyncio.sleep(STEP)


def bridge_settings(doors: Doors, ami: int, snmp: int) -> Settings:
    """The settings of the bridge; those of the environment play no part."""
    pbx = PbxSettings(
        ami=AmiSettings(host=LOOPBACK, port=ami, username=USERNAME, secret=SECRET, interval=INTERVAL),
        snmp=SnmpSettings(host=LOOPBACK, port=snmp, community=COMMUNITY, interval=INTERVAL),
        statsd=PbxStatsdSettings(senders=(LOOPBACK,)),
    )
    return Settings(
        pbx={PBX: pbx},
        statsd=StatsdSettings(listen=(f"udp://{LOOPBACK}:{doors.statsd}",), flush_interval=INTERVAL),
        mqtt=MqttSettings(url=f"mqtt://{LOOPBACK}:{doors.mqtt}", version="3.1.1"),
        http=HttpSettings(listen=f"{LOOPBACK}:{doors.http}"),
        self_interval=INTERVAL,
        stop_timeout=STOP_TIMEOUT,
    )


def port(usual: int, kind: socket.SocketKind) -> int:
    """The usual port if it is free on loopback, else one that the system chooses."""
    for wanted in (usual, 0):
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            if kind == socket.SOCK_STREAM:  # as servers do, so that a demo just ended is not in the way
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, wanted))
            found: int = probe.getsockname()[1]
            return found
    raise OSError("no free port on 127.0.0.1")
