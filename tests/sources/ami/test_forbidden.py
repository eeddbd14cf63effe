"""Whatever Asterisk says and whatever the settings hold: what is sent only reads, and says what is meant."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import islice

import pytest

from bridge.errors import SourceError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.protocols.ami import AmiMessage
from bridge.settings.types import Secret
from bridge.sources.ami import AmiSource
from bridge.sources.ami.connection import connected
from tests.asterisk.smuggling import FORBIDDEN, as_asterisk_reads, hostile_values
from tests.sources.ami.scripted import ScriptedAmi, recorded, value

NAMES = [
    name.replace("\r", " ").replace("\n", " ").encode("utf-8", "surrogateescape")
    for name in islice(hostile_values(3), 500)
]
"""What can stand in a header of Asterisk's: no line ends of its own."""
MOMENTS = (b"2026-11-23,,%s)}${SHELL(id)}", b"\x0b2026-11-23")


def boxes() -> bytes:
    """Events that tell of mailboxes."""
    event = b"Event: MessageWaiting\r\nPrivilege: call,all\r\nMailbox: %s\r\nNew: 1\r\nOld: 0\r\n\r\n"
    return b"".join(event % name for name in NAMES)


def endpoints() -> bytes:
    """An answer that lists endpoints."""
    item = b"Event: EndpointList\r\nActionID: ?\r\nObjectName: %s\r\nDeviceState: Not in use\r\n\r\n"
    begin = b"Response: Success\r\nActionID: ?\r\nEventList: start\r\nMessage: Follows\r\n\r\n"
    end = b"Event: EndpointListComplete\r\nActionID: ?\r\nEventList: Complete\r\nListItems: 1\r\n\r\n"
    return begin + b"".join(item % name for name in NAMES) + end


def status(moment: bytes) -> bytes:
    """When Asterisk says that it started."""
    return (
        b"Response: Success\r\nActionID: ?\r\nCoreStartupDate: %b\r\nCoreStartupTime: 19:12:27\r\n"
        b"CoreReloadDate: 2026-11-23\r\nCoreReloadTime: %b\r\n\r\n" % (moment, moment)
    )


@pytest.mark.parametrize("cli", [False, True])
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_asterisk_that_allows_everything_and_says_anything_is_only_asked(
    *, cli: bool, moment: bytes
) -> None:
    answers = {**recorded(), "PJSIPShowEndpoints": endpoints(), "CoreStatus": status(moment)}
    server = ScriptedAmi(answers | {"Getvar SYSINFO(numcalls)": value("")})
    server.logged_in += boxes()
    seen: list[object] = []

    async def scenario() -> None:
        async with server.running():
            clock = SystemClock()
            settings = server.settings(cli=cli, interval=0.02)
            source = AmiSource("hq", settings, Health(clock), clock)
            running = asyncio.create_task(source.run(seen.extend))
            async with asyncio.timeout(60):
                while server.asked("CoreStatus") < 5 and not running.done():
                    await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scenario())

    asked = Counter(action["Action"] for action in server.actions)
    assert asked["CoreStatus"] >= 5
    assert asked["MailboxCount"]
    assert asked["PJSIPShowEndpoint"]
    assert bool(asked["Command"]) == cli
    assert not FORBIDDEN & asked.keys()
    assert as_asterisk_reads(b"".join(server.heard)) == [[*action] for action in server.actions]
    assert seen


def test_no_account_adds_a_header_to_the_log_in() -> None:
    """Not even one that the settings would refuse."""
    server = ScriptedAmi()
    refused: list[str] = []

    async def scenario() -> None:
        async with server.running():
            fair = server.settings()
            for account in islice(hostile_values(4), 150):
                for update in ({"username": account}, {"secret": Secret(account), "auth": "plain"}):
                    try:
                        async with connected(fair.model_copy(update=update), unheard):
                            pass
                    except SourceError as error:
                        refused.append(str(error))

    asyncio.run(scenario())

    assert len(refused) == 300
    assert all(reason.isprintable() for reason in refused)
    assert any("no action can" in reason for reason in refused)
    assert {tuple(keys) for keys in as_asterisk_reads(b"".join(server.heard))} == {
        ("Action", "AuthType", "ActionID"),
        ("Action", "AuthType", "Username", "Key", "Events", "ActionID"),
        ("Action", "Username", "Secret", "Events", "ActionID"),
    }


def unheard(_: Sequence[AmiMessage]) -> None:
    """Whoever only logs in hears no events."""
