"""The MIB files: complete, clean, and understood by pysmi, net-snmp and smilint alike."""

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest
from pysmi.codegen import JsonCodeGen
from pysmi.compiler import MibCompiler
from pysmi.parser.smi import parserFactory
from pysmi.reader import FileReader
from pysmi.writer import CallbackWriter

from bridge.asterisk.mib import OBJECTS, Syntax
from tests.servers.process import program

FOLDERS = [Path("mibs"), Path("mibs/base")]
MODULES = ["DIGIUM-MIB", "ASTERISK-MIB"]
SUBTREES = 6
LISTED = dict(line.split()[:2] for line in Path("tests/data/snmp/objects.txt").read_text().splitlines())
"""Each name with its OID, without an instance: 6 subtrees and 72 objects."""
WIRE = {
    "Integer32": Syntax.INTEGER,
    "INTEGER": Syntax.INTEGER,
    "TruthValue": Syntax.INTEGER,
    "Unsigned32": Syntax.GAUGE,
    "Gauge32": Syntax.GAUGE,
    "Counter32": Syntax.COUNTER,
    "TimeTicks": Syntax.TICKS,
    "AstText": Syntax.TEXT,
    "AstLongText": Syntax.TEXT,
    "OCTET STRING": Syntax.TEXT,
    "Bits": Syntax.TEXT,
}


@cache
def modules() -> dict[str, dict[str, dict[str, object]]]:
    """What pysmi makes of the files, by module and name."""
    texts: dict[str, str] = {}
    writer = CallbackWriter(lambda module, text, _: texts.__setitem__(module, text))
    compiler = MibCompiler(parserFactory()(), JsonCodeGen(), writer)
    compiler.add_sources(*(FileReader(str(folder), recursive=False) for folder in FOLDERS))
    statuses = compiler.compile(*MODULES)
    assert set(statuses.values()) == {"compiled"}
    return {module: json.loads(text) for module, text in texts.items()}


def run(name: str, *arguments: str) -> str:
    """What a program prints, on standard error too, when it finds only our files."""
    paths = ":".join(str(folder.absolute()) for folder in FOLDERS)
    env = {"MIBS": "ASTERISK-MIB", "MIBDIRS": paths, "SMIPATH": paths, "SNMPCONFPATH": "/nonexistent"}
    argv = [program(name), *arguments]
    return subprocess.run(
        argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    ).stdout.decode()


def test_pysmi_resolves_all_names_and_oids() -> None:
    """72 of 72, and nothing that the agent does not have."""
    nodes = {
        name: node["oid"]
        for name, node in modules()["ASTERISK-MIB"].items()
        if node.get("class") in {"objecttype", "objectidentity"}
    }

    assert nodes == LISTED
    assert len(nodes) == 72 + SUBTREES


def test_the_roots() -> None:
    assert modules()["DIGIUM-MIB"]["digium"]["oid"] == "1.3.6.1.4.1.22736"
    assert modules()["ASTERISK-MIB"]["asterisk"]["oid"] == "1.3.6.1.4.1.22736.1"


def test_types_are_those_of_the_wire() -> None:
    """The MIB and the table that the bridge works with cannot differ."""
    for name, item in OBJECTS.items():
        syntax = modules()["ASTERISK-MIB"][name]["syntax"]
        assert isinstance(syntax, dict)
        assert WIRE[syntax["type"]] is item.syntax, name


def test_everything_is_read_only() -> None:
    """The agent knows no writable object."""
    accesses = {node.get("maxaccess") for node in modules()["ASTERISK-MIB"].values()}

    assert accesses <= {"read-only", "not-accessible", None}


@pytest.mark.live
def test_net_snmp_resolves_all_names() -> None:
    names = run("snmptranslate", "-On", *(f"ASTERISK-MIB::{name}" for name in LISTED))

    assert names.split() == [f".{oid}" for oid in LISTED.values()]


@pytest.mark.live
def test_net_snmp_resolves_all_oids() -> None:
    oids = run("snmptranslate", *(f".{oid}" for oid in LISTED.values()))

    assert oids.split() == [f"ASTERISK-MIB::{name}" for name in LISTED]


@pytest.mark.live
@pytest.mark.parametrize("module", MODULES)
def test_smilint_has_nothing_to_say(module: str) -> None:
    """Errors and minor errors: none."""
    assert run("smilint", "-l", "3", f"mibs/{module}.txt") == ""


def test_files_are_named_as_their_modules() -> None:
    """Every tool looks for a module by the name of its file."""
    for folder in FOLDERS:
        for file in folder.glob("*.txt"):
            assert file.read_text().startswith(f"{file.stem} DEFINITIONS ::= BEGIN\n")
            assert file.read_text().isascii()


def test_they_are_in_the_package_too() -> None:
    """An installed bridge finds them beside its code."""
    import bridge

    for module in MODULES:
        assert (Path(bridge.__file__).parent / f"mibs/{module}.txt").is_file()
