"""The page of the real bridge in a real browser: alive, calm, harmless, and open to everybody."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from bridge.demo.ami_server import AmiServer
from bridge.demo.traffic import Traffic
from tests.servers.bridge import Bridge, bridge
from tests.servers.chromium import DESKTOP, PHONE, Tab, axe, chromium
from tests.servers.process import free_port

pytestmark = pytest.mark.live

STEP = 0.1
"""Seconds between two looks at what has happened on the simulated PBX."""
WARM_UP = 900.0
LATEST = 2.0
"""Seconds after a sample within which it is to be seen."""
EVIL = "<img src=x onerror=document.title='taken'>"
RULES = {"FIRST": f"the first {EVIL}", "SECOND": "the second"}
"""Rules that always fire, and their summaries."""


class Scene(NamedTuple):
    """A bridge with a simulated PBX, and a browser."""

    bridge: Bridge
    tab: Tab
    statsd: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.bridge.port}/"

    def send(self, line: str) -> None:
        """Send a line of StatsD."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(line.encode(), ("127.0.0.1", self.statsd))


@contextlib.asynccontextmanager
async def scene(folder: Path, **settings: str) -> AsyncIterator[Scene]:
    traffic = Traffic(7, time.time() - WARM_UP)
    traffic.step(time.time())
    manager = AmiServer(traffic.pbx, "bridge", "secret")
    port, statsd = await manager.start(), free_port(socket.SOCK_DGRAM)
    own = {
        "PBX__HQ__AMI__HOST": "127.0.0.1",
        "PBX__HQ__AMI__PORT": str(port),
        "PBX__HQ__AMI__USERNAME": "bridge",
        "PBX__HQ__AMI__SECRET": "secret",
        "PBX__HQ__AMI__INTERVAL": "1s",
        "STATSD__ENABLED": "true",
        "STATSD__LISTEN": f"udp://127.0.0.1:{statsd}",
        "STATSD__FLUSH_INTERVAL": "1s",
        "SELF_INTERVAL": "1s",
        **{f"ALERTS__RULE__{rule}__METRIC": "channels.active" for rule in RULES},
        **{f"ALERTS__RULE__{rule}__ABOVE": "-1" for rule in RULES},
        **{f"ALERTS__RULE__{rule}__SUMMARY": summary for rule, summary in RULES.items()},
    }
    life = asyncio.create_task(_live(traffic, manager))
    try:
        with bridge({**own, **settings}, folder) as started:
            await asyncio.to_thread(started.wait_ready)
            async with chromium(folder) as tab:
                yield Scene(started, tab, statsd)
    finally:
        life.cancel()
        await manager.stop()


async def _live(traffic: Traffic, manager: AmiServer) -> None:
    while True:
        manager.publish(traffic.step(time.time()))
        await asyncio.sleep(STEP)


Look = Callable[[Callable[[Scene], Coroutine[None, None, None]]], None]
"""Has somebody look at a page."""


@contextlib.contextmanager
def looking(folder: Path, **settings: str) -> Iterator[Look]:
    """A page; whatever somebody does who looks, no error is told and nothing is asked for elsewhere."""
    stage = scene(folder, **settings)
    with asyncio.Runner() as runner:
        here = runner.run(stage.__aenter__())

        async def look(how: Callable[[Scene], Coroutine[None, None, None]]) -> None:
            here.tab.errors.clear()
            here.tab.requests.clear()
            await how(here)
            assert here.tab.errors == []
            assert {urlsplit(each).netloc for each in here.tab.requests} == {urlsplit(here.url).netloc}

        try:
            yield lambda how: runner.run(look(how))
        finally:
            runner.run(stage.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """A page with commands."""
    folder = tmp_path_factory.mktemp("page")
    with looking(folder, ALERTS__COMMANDS="true", PRIVACY__STATSD_LINE="show") as somebody:
        yield somebody


def test_what_comes_is_seen_within_two_seconds(look: Look) -> None:
    """The flush is aligned to whole seconds, so a sample is as old as its second."""

    async def somebody(here: Scene) -> None:
        here.send("shop.till:1|g")
        await asyncio.to_thread(_wait_for, here.bridge, "shop.till")
        await here.tab.open(f"{here.url}?q=shop.till")
        await here.tab.until("document.body.classList.contains('live')")
        for value in (41, 42, 43):
            here.send(f"shop.till:{value}|g")
            flushed = time.time() // 1 + 1
            await here.tab.until(f"document.querySelector('#found td.number').textContent === '{value}'")
            assert time.time() - flushed <= LATEST
        await here.tab.until("document.querySelector('#pbx-hq .number').textContent !== '\\u2013'")
        assert "alert" in await here.tab.run("document.title")

    look(somebody)


def _wait_for(started: Bridge, name: str) -> None:
    deadline = time.monotonic() + 20
    while name not in started.get("/metrics")[1] and time.monotonic() < deadline:
        time.sleep(0.05)


def test_hostile_names_are_text(look: Look) -> None:
    """In a refused line, in a bucket, in a search, and in the summary of an alert."""

    async def somebody(here: Scene) -> None:
        await _until_there(here, "the second")
        here.send(f"shop{EVIL}")
        here.send(f"shop.a:1|c|#x:{EVIL}")
        here.send("shop\u202e.b:1|c")
        await here.tab.open(f"{here.url}?q=shop+%3Cscript%3Edocument.title%3D1%3C/script%3E")
        await here.tab.until("document.querySelector('#rejected-now').textContent.includes('onerror')")
        await here.tab.until("document.querySelector('#alerts-now').textContent.includes('onerror')")

        assert await here.tab.run("document.getElementById('q').value.includes('<script>')")
        await _is_harmless(here)
        await asyncio.to_thread(_wait_for, here.bridge, "shop.a.count")
        await here.tab.open(f"{here.url}?q=shop.a.count")
        assert EVIL in await here.tab.run("document.getElementById('found').textContent")
        await here.tab.until("document.body.classList.contains('live')")
        await _is_harmless(here)

    look(somebody)


def _alert(words: str) -> str:
    """A script that finds what is said of an alert."""
    return (
        f"[...document.querySelectorAll('#alerts-now li')].find((each) => each.innerText.includes('{words}'))"
    )


async def _is_harmless(here: Scene) -> None:
    assert await here.tab.run("document.querySelectorAll('img, main script, iframe').length") == 0
    assert await here.tab.run("document.title") == "2 alerts · asterisk-bridge"


def test_an_alert_is_acknowledged_and_silenced_with_a_button(look: Look) -> None:
    async def somebody(here: Scene) -> None:
        await _until_there(here, "the first")
        await here.tab.open(here.url)
        await here.tab.until("document.body.classList.contains('live')")

        await here.tab.run(f"{_alert('the first')}.querySelector('[id^=ack-]').click()")
        await here.tab.until("document.getElementById('said').textContent === 'Acknowledged: 1 alert.'")
        await here.tab.until(f"{_alert('the first')}.textContent.includes('acknowledged')")

        await here.tab.run(f"{_alert('the first')}.querySelector('[id^=silence-]').click()")
        await here.tab.until("document.getElementById('said').textContent.startsWith('Silenced until')")
        await here.tab.until("document.title === '1 alert · asterisk-bridge'")

        await here.tab.run("document.querySelector('[id^=unsilence-]').click()")
        await here.tab.until("document.getElementById('said').textContent.startsWith('The silence has')")
        await here.tab.until("document.title === '2 alerts · asterisk-bridge'")

    look(somebody)


def test_without_commands_there_is_no_button(tmp_path: Path) -> None:
    async def somebody(here: Scene) -> None:
        await here.tab.open(here.url)
        await here.tab.until("document.querySelector('#alerts-now li')")

        assert await here.tab.run("document.querySelectorAll('#alerts-now button').length") == 0

    with looking(tmp_path) as look:
        look(somebody)


def test_without_javascript_everything_is_there(look: Look) -> None:
    async def somebody(here: Scene) -> None:
        await _until_there(here, "the second")
        await here.tab.open(f"{here.url}?q=calls.peak")

        shown = await here.tab.run("document.body.innerText")
        assert "1 series found" in shown
        assert "Reload it" in shown
        assert "as of" in await here.tab.run("document.getElementById('link').textContent")

        await here.tab.run(f"{_alert('the second')}.querySelector('[id^=ack-]').click()")
        await here.tab.loaded()
        assert await here.tab.run("document.getElementById('said').textContent") == "Acknowledged: 1 alert."

    async def without_scripts(here: Scene) -> None:
        await here.tab.call("Emulation.setScriptExecutionDisabled", value=True)
        try:
            await somebody(here)
        finally:
            await here.tab.call("Emulation.setScriptExecutionDisabled", value=False)

    look(without_scripts)


async def _until_there(here: Scene, words: str) -> None:
    while words not in (await asyncio.to_thread(here.bridge.get, "/"))[1]:
        await asyncio.sleep(0.1)


def test_nobody_is_shut_out(look: Look) -> None:
    """axe-core finds nothing, in light and in dark, on a phone and on a desk, with all that can be opened."""

    async def somebody(here: Scene) -> None:
        script = axe()
        here.send("shop")
        await _until_there(here, "no value")
        for size in (DESKTOP, PHONE):
            for dark in (False, True):
                await here.tab.look(size, dark=dark)
                await here.tab.open(f"{here.url}?q=queue")
                await here.tab.until("document.body.classList.contains('live')")
                await here.tab.run(
                    "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
                )
                assert await here.tab.run("document.documentElement.scrollWidth <= window.innerWidth")
                await here.tab.run(script)
                found = await here.tab.run(
                    "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes[0].html]))"
                )
                assert found == []

    look(somebody)


def test_somebody_who_types_is_not_disturbed(look: Look) -> None:
    """The focus, what is typed and what is open outlive a newer part; the keyboard reaches all of it."""

    async def somebody(here: Scene) -> None:
        await here.tab.open(here.url)
        await here.tab.until("document.querySelector('[id^=comment-]')")
        await here.tab.press("Tab")
        assert await here.tab.run("document.activeElement.className") == "skip"

        await here.tab.run("document.querySelector('[id^=summary-]').focus()")
        await here.tab.press("Enter")
        await here.tab.press("Tab")
        await here.tab.press("Tab")
        await here.tab.call("Input.insertText", text="works")
        await here.tab.run("globalThis.before = document.getElementById('alerts-now')")
        await here.tab.run("replace('alerts-now', before.outerHTML)")

        assert await here.tab.run("before !== document.getElementById('alerts-now')")
        assert await here.tab.run("document.activeElement.value") == "works"
        assert await here.tab.run("document.activeElement.selectionStart") == 5
        assert await here.tab.run("document.activeElement.closest('details').open")

    look(somebody)


def test_it_says_when_it_is_not_connected(tmp_path: Path) -> None:
    async def somebody(here: Scene) -> None:
        await here.tab.open(here.url)
        await here.tab.until("document.body.classList.contains('live')")
        await asyncio.to_thread(here.bridge.stop)
        await here.tab.until("document.getElementById('link').textContent.startsWith('Not connected')")
        here.tab.errors.clear()  # the browser complains that nobody listens, as it should

    with looking(tmp_path) as look:
        look(somebody)
