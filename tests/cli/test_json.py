"""What `--json` prints has exactly the keys that the manual names, and is one object per line."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.program import NOTES
from bridge.demo.ami_server import AmiServer
from bridge.demo.traffic import Traffic
from tests.cli.calling import HQ, SECRET, Result, Run
from tests.servers.process import free_port


def objects(result: Result) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in result.out.splitlines()]
    assert found
    return found


def keys(words: str) -> set[str]:
    return set(NOTES[words].keys)


@pytest.fixture
def pbx() -> Iterator[dict[str, str]]:
    """Settings with the PBX of the demo, which runs in a thread."""
    loop = asyncio.new_event_loop()
    server = AmiServer(Traffic(1, 1_700_000_000.0).pbx, "bridge", SECRET)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    port = asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
    yield {**HQ, "BRIDGE_PBX__HQ__AMI__PORT": str(port)}
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize("words", ["show", "env", "mqtt-acl", "version", "check"])
def test_a_command_that_asks_nobody(run: Run, words: str) -> None:
    result = run(words, "--json", **HQ)

    assert (result.code, result.err) == (0, "")
    assert all(set(each) == keys(words) for each in objects(result))


class TestCheck:
    def test_faults_are_told_in_the_same_object_with_code_2(self, run: Run) -> None:
        result = run("check", "--json", BRIDGE_MQTT__QOS="7")

        (found,) = objects(result)
        assert (result.code, result.err) == (2, "")
        assert set(found) == keys("check")
        assert not found["ok"]
        assert found["faults"] == [
            {"where": "BRIDGE_MQTT__QOS", "what": "7 is not one of 0 or 1", "hint": ""}
        ]

    def test_peers_are_told_each_with_its_outcome_and_time(self, run: Run, pbx: dict[str, str]) -> None:
        gone = f"tcp://127.0.0.1:{free_port()}"

        result = run("check", "--connect", "--json", **pbx, BRIDGE_GRAPHITE__URL=gone)

        (found,) = objects(result)
        ami, graphite = found["peers"]
        assert (result.code, found["ok"], found["faults"]) == (1, False, [])
        assert set(ami) == set(graphite) == {"peer", "ok", "error", "samples", "seconds", "how"}
        assert (ami["peer"], ami["ok"], ami["error"]) == ("hq ami", True, "")
        assert ami["samples"] > 10
        assert ami["seconds"] > 0
        assert (graphite["peer"], graphite["ok"]) == ("graphite", False)
        assert "connection refused" in graphite["error"]

    def test_warnings_are_among_them(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "secret"
        file.write_text(SECRET)
        file.chmod(0o644)

        result = run("check", "--json", BRIDGE_MQTT__PASSWORD_FILE=str(file))

        (found,) = objects(result)
        assert (result.code, result.err, found["ok"]) == (0, "", True)
        assert found["warnings"][0].startswith("BRIDGE_MQTT__PASSWORD_FILE: ")


def test_poll(run: Run, pbx: dict[str, str]) -> None:
    result = run("poll", "HQ", "--json", **pbx)

    found = objects(result)
    assert result.code == 0
    assert all(set(each) == keys("poll") for each in found)
    assert {each["labels"]["pbx"] for each in found} == {"hq"}
    assert "channels.active" in {each["metric"] for each in found}


def test_listen(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The datagram is there, and read, before Ctrl-C."""
    port = free_port(socket.SOCK_DGRAM)

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not ended.wait(0.02):
                sender.sendto(b"shop.orders:2|c|#site:x\nbad", ("127.0.0.1", port))

    def interrupted(*things: object) -> None:
        said.extend(map(str, things))
        if len(said) >= 3:
            raise KeyboardInterrupt

    ended, said = threading.Event(), list[str]()
    monkeypatch.setattr("bridge.cli.output.say", interrupted)
    sender = threading.Thread(target=send)
    sender.start()

    result = run("listen", "--json", "--at", f"udp://127.0.0.1:{port}")

    ended.set()
    sender.join()
    assert result.code == 130
    good, bad = (json.loads(line) for line in said[:2])
    refused = {"refused", "line"}
    assert set(good) == keys("listen") - refused
    assert (good["name"], good["value"], good["labels"]["site"]) == ("shop.orders", 2, "x")
    assert set(bad) == {"sender", *refused}
