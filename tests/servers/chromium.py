"""A headless Chromium from Debian, driven over the DevTools protocol: what one sees who opens the page."""

import asyncio
import base64
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from tests.servers.process import PATIENCE, cache, missing, program, running, wait_until

FLAGS = (
    "--headless",
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
LARGEST = 64 * 1024 * 1024
"""Bytes of a message: a picture of a long page."""
DESKTOP, PHONE = (1280, 900), (390, 844)


class Tab:
    """One tab.

    Attributes:
        errors: what the console has complained of, and exceptions of scripts.
        requests: the URLs that were asked for.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self.session = ""
        self.errors: list[str] = []
        self.requests: list[str] = []

    async def listen(self) -> None:
        """Take what the browser says, until it ends."""
        async for message in self._socket:
            told = json.loads(message.data)
            if future := self._waiting.pop(told.get("id", 0), None):
                future.set_result(told)
            else:
                self._hear(told.get("method", ""), told.get("params", {}))

    def _hear(self, method: str, told: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if told["type"] in {"error", "warning", "assert"}:
                self.errors.append(json.dumps(told["args"]))
            case "Log.entryAdded" if told["entry"]["level"] in {"error", "warning"}:
                self.errors.append(json.dumps(told["entry"]))

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Have the browser do something.

        Raises:
            AssertionError: it refuses.
        """
        number = next(self._numbers)
        self._waiting[number] = future = asyncio.get_running_loop().create_future()
        request = {"id": number, "method": method, "params": params}
        await self._socket.send_json(request | ({"sessionId": self.session} if self.session else {}))
        async with asyncio.timeout(PATIENCE):
            told = await future
        assert "error" not in told, f"{method}: {told['error']}"
        result: dict[str, Any] = told["result"]
        return result

    async def open(self, url: str) -> None:
        """Go to a page, and wait until it is loaded."""
        self._loaded.clear()
        await self.call("Page.navigate", url=url)
        await self.loaded()

    async def loaded(self) -> None:
        """Wait until a page is loaded that was not when it was last gone to one."""
        async with asyncio.timeout(PATIENCE):
            await self._loaded.wait()
        self._loaded.clear()

    async def run(self, script: str) -> Any:
        """The value of an expression, or of the promise that it is, in the page."""
        told = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def until(self, script: str, patience: float = PATIENCE) -> float:
        """Wait until an expression holds; return how many seconds that took.

        Raises:
            TimeoutError: it did not.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not await self.run(f"Boolean({script})"):
            if loop.time() - began > patience:
                raise TimeoutError(f"gave up waiting for {script}")
            await asyncio.sleep(0.02)
        return loop.time() - began

    async def press(self, key: str) -> None:
        """Press a key, such as Tab or Enter."""
        text = {"Enter": "\r", "Space": " "}.get(key, "")
        code = {"Tab": 9, "Enter": 13, "Space": 32}[key]
        for kind in ("keyDown", "keyUp"):
            said = {"text": text} if text and kind == "keyDown" else {}
            await self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=" " if key == "Space" else key,
                code=key,
                windowsVirtualKeyCode=code,
                **said,
            )

    async def look(self, size: tuple[int, int], *, dark: bool = False) -> None:
        """Be a screen of this size, on which somebody likes it light or dark."""
        width, height = size
        mobile = width < 600
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=mobile,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self, path: Path, *, whole: bool = False) -> None:
        """Write what is to be seen, or all of the page, as PNG."""
        shot = await self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextlib.asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Tab]:
    """A tab of a browser of its own, with nothing in its profile.

    Args:
        folder: where the profile goes.
    """
    profile = folder / "profile"
    door = profile / "DevToolsActivePort"
    argv = [program("chromium"), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    with running(argv, folder / "chromium.log"):
        await asyncio.to_thread(wait_until, lambda: door.exists() and "\n/" in door.read_text(), "Chromium")
        port, path = door.read_text().split()
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(f"ws://127.0.0.1:{port}{path}", max_msg_size=LARGEST) as socket,
        ):
            tab = Tab(socket)
            listening = asyncio.create_task(tab.listen())
            try:
                target = await tab.call("Target.createTarget", url="about:blank")
                attached = await tab.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
                tab.session = attached["sessionId"]
                for domain in ("Page", "Network", "Runtime", "Log"):
                    await tab.call(f"{domain}.enable")
                yield tab
            finally:
                listening.cancel()


def axe() -> str:
    """The script of axe-core; the test is skipped where it is missing, but fails on CI."""
    found = [*cache().glob("axe-core-*/node_modules/axe-core/axe.min.js")]
    if not found:
        missing("axe-core is not installed: run tests/install")
    return found[-1].read_text()
