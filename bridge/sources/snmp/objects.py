"""Further objects that the user names, such as IF-MIB::ifInOctets.2; pysmi compiles the MIBs they are in."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pysmi.codegen import JsonCodeGen
from pysmi.compiler import MibCompiler
from pysmi.error import PySmiError
from pysmi.parser.dialect import smi_v1_relaxed
from pysmi.parser.smi import parserFactory
from pysmi.reader import FileReader
from pysmi.writer import CallbackWriter

from bridge.asterisk.mib import Oid, Syntax, Value
from bridge.asterisk.snmp import TICKS_PER_SECOND, Reading
from bridge.core.counter import RunningCounter
from bridge.core.sample import Series
from bridge.sources.snmp.session import Session, get_all

OWN_MIBS = Path(__file__).parents[2] / "mibs"
"""Our own MIBs, and in `base` the modules of SMIv2 that every other one imports."""

ROW_LIMIT = 1000
"""The most rows asked for of a column that is named without an instance: the interfaces of a large switch.
More would rather be a table by mistake, and one series each."""

MAX_ARCS, MAX_ARC = 128, 2**32 - 1

NAMED = re.compile(r"(?P<module>[A-Za-z][A-Za-z0-9-]*)::(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<index>(?:\.\d+)*)")
NUMERIC = re.compile(r"\.?\d+(?:\.\d+)+")
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|-")


class Wanted(NamedTuple):
    """What one entry of `objects` asks for.

    Attributes:
        metric: the name of its metric.
        oid: the variable to GET, or the column to go through.
        instance: the label of the variable; None for a whole column, whose rows are labelled by what follows
            the column.
    """

    metric: str
    oid: Oid
    instance: str | None


def compile_objects(names: Iterable[str], mib_dir: Path | None) -> list[Wanted]:
    """What the entries of `objects` ask for, in their order.

    Args:
        names: `MODULE::object`, `MODULE::object.instance` or a numeric OID. A scalar needs no `.0`.
        mib_dir: a folder with MIB files, named as their modules with or without a suffix.

    Raises:
        ValueError: an entry cannot be understood; the message names it and the folders looked in.
    """
    library = _Library([*([mib_dir] if mib_dir else []), OWN_MIBS, OWN_MIBS / "base"])
    wanted = [_numeric(name) if NUMERIC.fullmatch(name) else library.find(name) for name in names]
    variables: dict[tuple[str, str | None], Oid] = {}
    for item in wanted:
        if variables.setdefault((item.metric, item.instance), item.oid) != item.oid:
            raise ValueError(f"two objects would both be the metric {item.metric}: name one of them only")
    return wanted


def snake_case(name: str) -> str:
    """`ifInOctets` as `if_in_octets`."""
    return HUMP.sub("_", name).lower()


def _numeric(name: str) -> Wanted:
    dotted = name.removeprefix(".")
    return Wanted("snmp.oid", _oid(dotted), dotted)


def _oid(dotted: str) -> Oid:
    """The identifier in digits.

    Raises:
        ValueError: there is none such (RFC 2578, section 3.5): SNMP could not even ask for it.
    """
    oid = tuple(int(part) for part in dotted.split("."))
    if len(oid) > MAX_ARCS or max(oid) > MAX_ARC or oid[0] > 2 or (oid[0] < 2 and oid[1] > 39):
        raise ValueError(
            f"{dotted[:80]!r} is no OID: it has at most 128 parts of 32 bits, and begins 0, 1 or 2"
        )
    return oid


class _Library:
    """Compiles modules from folders, with all that they import, when one of their objects is looked up."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._modules: dict[str, dict[str, Any]] = {}

    def find(self, entry: str) -> Wanted:
        match = NAMED.fullmatch(entry)
        if not match:
            raise ValueError(f"{entry!r} is not an object: write MODULE::object.instance or a numeric OID")
        node = self._module(match["module"]).get(match["name"])
        if not node or node.get("nodetype") not in {"scalar", "column"}:
            raise ValueError(
                f"{match['module']} has no scalar and no column {match['name']!r} (of {entry!r})"
            )
        index = match["index"].removeprefix(".")
        if not index and node["nodetype"] == "scalar":
            index = "0"
        oid = _oid(f"{node['oid']}.{index}" if index else node["oid"])
        return Wanted(f"snmp.{snake_case(match['name'])}", oid, index or None)

    def _module(self, name: str) -> dict[str, Any]:
        if name not in self._modules:
            self._compile(name)
        return self._modules[name]

    def _compile(self, name: str) -> None:
        """Compile a module and its imports.

        Raises:
            ValueError: a file is missing, or one is not a MIB.
        """
        compiled: dict[str, str] = {}
        writer = CallbackWriter(lambda module, text, _: compiled.__setitem__(module, text))
        compiler = MibCompiler(parserFactory(**smi_v1_relaxed)(), JsonCodeGen(), writer)
        compiler.add_sources(*(FileReader(str(folder), recursive=False) for folder in self._folders))
        try:
            results = compiler.compile(name)
        except PySmiError as error:
            raise ValueError(f"the MIB {name} cannot be compiled: {error}") from error
        missing = sorted(module for module, status in results.items() if status == "missing")
        if missing:
            folders = ", ".join(map(str, self._folders))
            raise ValueError(f"no file with the MIB {', '.join(missing)} in {folders}: put it into mib_dir")
        if name not in compiled:
            faults = filter(None, (getattr(status, "error", None) for status in results.values()))
            raise ValueError(f"the MIB {name} cannot be compiled: {'; '.join(map(str, faults))}")
        self._modules.update((module, json.loads(text)) for module, text in compiled.items())


class UserObjects:
    """Polls what `compile_objects` found; remembers its counters between polls."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self._single = [item for item in wanted if item.instance is not None]
        self._columns = [item for item in wanted if item.instance is None]
        self._counters: dict[Oid, RunningCounter] = {}

    async def poll(self, session: Session, reading: Reading) -> None:
        """Add a sample for each object that is there and a number.

        Raises:
            SourceError: the agent is lost or refused us.
        """
        values = await get_all(session, [item.oid for item in self._single])
        for item, value in zip(self._single, values, strict=True):
            self._add(item.metric, item.instance or "", item.oid, value, reading)
        for item in self._columns:
            for oid, value in await session.column(item.oid, ROW_LIMIT):
                index = ".".join(map(str, oid[len(item.oid) :]))
                self._add(item.metric, index, oid, value, reading)

    def _add(self, metric: str, index: str, oid: Oid, value: Value | None, reading: Reading) -> None:
        number = reading.number(value)
        if value is not None and number is not None:
            series = Series(metric, (("pbx", reading.pbx), ("index", index)))
            reading.add(series, self._base_unit(oid, value.syntax, number))

    def _base_unit(self, oid: Oid, syntax: Syntax, number: int) -> float:
        if syntax is Syntax.TICKS:
            return number / TICKS_PER_SECOND
        if syntax is Syntax.COUNTER:
            return self._counters.setdefault(oid, RunningCounter()).update(number)
        if syntax is Syntax.COUNTER64:
            return self._counters.setdefault(oid, RunningCounter(bits=64)).update(number)
        return number
