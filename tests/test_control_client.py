"""What the command line says to a bridge, and what it says to people when there is none."""

import asyncio
import socket
from pathlib import Path

import pytest

from bridge import control
from bridge.control import CONTROL, ask, request, socket_in
from bridge.core.silence import Selector
from bridge.errors import BridgeError, SettingsError
from bridge.protocols.requests import (
    Ack,
    ListAlerts,
    Reason,
    Request,
    RequestError,
    SilenceFor,
)

LIST = Request(ListAlerts(), 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / CONTROL


class TestClient:
    def told(self, path: Path) -> str:
        with pytest.raises(BridgeError) as caught:
            asyncio.run(ask(path, LIST))
        return str(caught.value)

    def test_without_a_socket_it_says_how_to_start_a_bridge(self, path: Path) -> None:
        assert self.told(path).startswith(
            f"{path} is not there: no bridge runs with this state folder; start one"
        )

    def test_where_nobody_listens_it_says_so(self, path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))

        assert self.told(path).startswith(f"nobody listens on {path}: the bridge that made it has ended")

    def test_without_permission_it_says_as_whom_to_ask(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The tests may run as root, whom nobody refuses."""

        async def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(asyncio, "open_unix_connection", refuse)

        assert (
            self.told(path)
            == f"this user may not use {path}: ask as the user of the bridge, with `sudo -u USER`"
        )

    def test_what_is_no_socket_and_what_has_too_long_a_name_is_told(self, path: Path) -> None:
        path.write_text("")

        assert str(path) in self.told(path)
        assert "path too long" in self.told(path / ("x" * 100))

    @pytest.mark.parametrize(
        "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n", b"{}\n", b"\xff\n", b"x" * 10_000]
    )
    def test_who_is_no_bridge_is_told_apart(
        self, path: Path, answer: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(control, "RESPONSE_LIMIT", 1000)

        def stranger(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)
            writer.close()

        async def main() -> None:
            async with await asyncio.start_unix_server(stranger, path):
                await ask(path, LIST)

        with pytest.raises(BridgeError, match="does not answer as a bridge does"):
            asyncio.run(main())

    def test_a_bridge_that_hangs_is_not_waited_for_without_end(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(control, "PATIENCE", 0.05)
        with socket.socket(socket.AF_UNIX) as hanging:
            hanging.bind(str(path))
            hanging.listen()

            assert self.told(path).startswith(f"the bridge did not answer on {path} within 0.05 s")

    def test_without_a_folder_there_is_no_socket(self, tmp_path: Path) -> None:
        assert socket_in(tmp_path) == tmp_path / "control.sock"
        with pytest.raises(SettingsError, match="BRIDGE_STATE_DIR: is off"):
            socket_in(None)


def test_what_is_said_on_the_command_line_is_a_request() -> None:
    given = {"rule": "x", "pbx": None, "labels": ["a=1", "b=x=y", "a=2"], "id": None, "all": False}

    assert request("ack", given) == Request(Ack(Selector("x", {"a": ("1", "2"), "b": ("x=y",)})))
    assert request("silence", {"all": True, "duration": "90", "comment": ""}) == Request(
        SilenceFor(Selector(), 90.0)
    )
    with pytest.raises(RequestError, match="label 'pbx' is not NAME=GLOB") as caught:
        request("ack", {"labels": ["pbx"]})
    assert caught.value.reason is Reason.VALUE
