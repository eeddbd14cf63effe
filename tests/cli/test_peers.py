"""Peers are tried, and told of."""

import socket
from pathlib import Path

from tests.cli.calling import HQ, SECRET, Run
from tests.servers.process import free_port


class TestCheck:
    def test_good_settings_are_summed_up(self, run: Run) -> None:
        result = run("check", **HQ)

        assert (result.code, result.err) == (0, "")
        assert result.out.startswith("settings are good: PBXs hq (ami)")

    def test_every_fault_is_one_line_of_standard_error(self, run: Run) -> None:
        result = run("check", BRIDGE_MQTT__QOS="7", BRIDGE_MQTT__ULR="x")

        assert (result.code, result.out) == (2, "")
        assert result.err.splitlines() == [
            "BRIDGE_MQTT__ULR: is not a setting (did you mean BRIDGE_MQTT__URL?)",
            "BRIDGE_MQTT__QOS: 7 is not one of 0 or 1",
        ]

    def test_what_only_a_source_can_see_is_a_fault_too(self, run: Run) -> None:
        result = run(
            "check", BRIDGE_PBX__HQ__SNMP__HOST="127.0.0.1", BRIDGE_PBX__HQ__SNMP__OBJECTS="NO-MIB::thing.0"
        )

        assert result.code == 2
        assert result.err.startswith("BRIDGE_PBX__HQ__SNMP__OBJECTS: no file with the MIB NO-MIB")

    def test_a_secret_that_is_open_to_others_is_warned_of(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "secret"
        file.write_text(SECRET)
        file.chmod(0o644)

        result = run("check", BRIDGE_MQTT__PASSWORD_FILE=str(file))

        assert result.code == 0
        assert result.err.startswith("warning: BRIDGE_MQTT__PASSWORD_FILE: ")

    def test_with_connect_every_peer_is_tried(self, run: Run) -> None:
        with socket.create_server(("127.0.0.1", 0)) as carbon:
            result = run(
                "check",
                "--connect",
                **HQ,
                BRIDGE_PBX__HQ__AMI__PORT=str(free_port()),
                BRIDGE_GRAPHITE__URL=f"tcp://127.0.0.1:{carbon.getsockname()[1]}",
            )

        assert result.code == 1
        _, ami, graphite = result.out.splitlines()
        assert ami.startswith("failed  hq ami: ")
        assert graphite == "ok      graphite"


class TestPoll:
    def test_an_unknown_pbx_is_told_with_those_that_are_known(self, run: Run) -> None:
        result = run("poll", "hk", **HQ)

        assert (result.code, result.err) == (2, "BRIDGE_PBX__HK: no such PBX (known: hq)\n")

    def test_a_pbx_that_does_not_answer_is_told_and_nothing_is_printed(self, run: Run) -> None:
        result = run("poll", "HQ", "--json", **HQ, BRIDGE_PBX__HQ__AMI__PORT=str(free_port()))

        assert (result.code, result.out) == (1, "")
        assert result.err.startswith("failed  hq ami: ")
