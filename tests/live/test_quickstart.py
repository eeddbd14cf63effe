"""docs/quickstart.md on a real Asterisk: its files, its commands, and what `check --connect` says then."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.environment import read
from tests.documented import PAGES, Block, assigned, blocks, commands
from tests.live import asterisk as lab
from tests.live.asterisk import VERSIONS, Asterisk, Ports, asterisk
from tests.page_reader import HERE, Reader

PAGE = next(page for page in PAGES if page.stem == "quickstart")
BLOCKS = tuple(blocks(PAGE))
TEMPLATE = Path(lab.TEMPLATES)
PBX, BRIDGE = "10.0.0.5", "10.0.0.9"
FREEPBX = "#include manager_additional.conf\n#include manager_custom.conf\n"
"""How FreePBX ends the manager.conf that it writes."""

pytestmark = pytest.mark.live


def shown(*first: str) -> str:
    """What the page has of a file, by how its blocks begin; here the bridge is on the PBX."""
    found = [block.text for block in BLOCKS if block.text.startswith(first)]
    assert len(found) == len(first)
    return "".join(found).replace(BRIDGE, HERE)


def prepared(folder: Path) -> Path:
    """The configuration of the lab, with the files of the page in place of its own."""
    etc = folder / "etc"
    shutil.copytree(TEMPLATE, etc)
    port = "port = @AMI@\nbindaddr = 127.0.0.1\n"
    (etc / "manager.conf").write_text(f"[general]\nenabled = no\n{port}{FREEPBX}")
    (etc / "manager_additional.conf").write_text("")
    (etc / "manager_custom.conf").write_text(
        shown(
            "; manager.conf, or manager_custom.conf on FreePBX\n",
            "; manager.conf, or manager_custom.conf on FreePBX:",
        )
    )
    (etc / "res_snmp.conf").write_text(shown("; /etc/asterisk/res_snmp.conf"))
    (etc / "statsd.conf").write_text(shown("; /etc/asterisk/statsd.conf").replace(":8125", ":@STATSD@"))
    socket = "agentXSocket unix:@HOME@/run/agentx\n"
    agent = shown("# /etc/snmp/snmpd.conf").replace("udp:161", f"udp:{HERE}:@SNMP@")
    (etc / "snmp" / "snmpd.conf").write_text(agent + socket)
    return etc


@pytest.fixture(scope="module", params=VERSIONS)
def pbx(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    """An Asterisk that somebody has set up who followed the page."""
    etc = prepared(tmp_path_factory.mktemp("quickstart"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab, "TEMPLATES", etc)
        with asterisk(request.param, Ports.choose()) as instance:
            yield instance


def environment(pbx: Asterisk) -> dict[str, str]:
    """All settings of the page about the PBX, and the ports of the lab."""
    told = {name: value for block in BLOCKS for name, value in settings(block).items()}
    about = {name: value.replace(PBX, HERE) for name, value in told.items() if "_PBX__" in name}
    return about | {
        "BRIDGE_PBX__HQ__AMI__PORT": str(pbx.ports.ami),
        "BRIDGE_PBX__HQ__SNMP__PORT": str(pbx.ports.snmp),
    }


def settings(block: Block) -> dict[str, str]:
    return assigned(block.text) if block.language == "env" else {}


def test_check_finds_ami_and_snmp_well(pbx: Asterisk, tmp_path: Path) -> None:
    env = environment(pbx)
    (check,) = (each for block in BLOCKS for each in commands(block) if "check --connect" in each.line)
    assert {*read(env).settings.pbx["hq"].model_fields_set} == {"ami", "snmp", "statsd"}

    with Reader(tmp_path) as reader:
        done = reader.do(check, env)

    assert done.code == 0, done.output
    for source in ("ami", "snmp"):
        assert re.search(
            rf"^ok +hq {source}: [1-9]\d* samples(?:, engine \w+)?$", done.output, re.MULTILINE
        ), done.output
    assert "may do what is not needed" not in done.output


def test_every_command_for_the_pbx_is_one_of_asterisks(pbx: Asterisk) -> None:
    """Modules are not unloaded here: the next test would have no SNMP while it comes back."""
    lines = [
        each.line for block in BLOCKS for each in commands(block) if each.line.startswith("asterisk -rx ")
    ]
    asked = [re.fullmatch(r"asterisk -rx '([^']+)'", line) for line in lines]

    said = {found[1]: pbx.cli(found[1]) for found in asked if found and "load res_snmp" not in found[1]}

    assert len(said) >= 5
    assert [line for line, answer in said.items() if "No such command" in answer or "Unable" in answer] == []
    assert re.search(r"write perm: reporting$", said["manager show user bridge"], re.MULTILINE)
    assert re.search(r"Manager \(AMI\): +Yes", said["manager show settings"])
    assert re.search(r"TCP Bindaddress: +0\.0\.0\.0:", said["manager show settings"])
    assert "res_snmp.so" in said["module show like res_snmp"]
    assert "reloaded successfully" in said["module reload res_statsd.so"]
