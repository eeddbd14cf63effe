"""The table of objects, against the list of what the agent registers."""

from pathlib import Path

from bridge.asterisk.mib import ASTERISK, OBJECTS, TABLES, Syntax

LISTED = {
    name: tuple(int(part) for part in oid.split("."))
    for name, oid, *_ in map(str.split, Path("tests/data/snmp/objects.txt").read_text().splitlines())
}
"""All names of the MIB with their OIDs: 6 subtrees and 72 objects."""


def test_all_72_objects() -> None:
    """Each object of the list is here, at its OID; with it, nothing else."""
    entries = {name.replace("Table", "Entry"): (*oid, 1) for name, oid in TABLES.items()}
    ours = {name: item.oid for name, item in OBJECTS.items()} | TABLES | entries

    assert len(ours) == 72
    assert ours.items() <= LISTED.items()
    assert len(LISTED) - len(ours) == 6


def test_columns_know_their_table() -> None:
    """A scalar has no table; a column lies below its own."""
    for item in OBJECTS.values():
        root = (*TABLES[item.table], 1) if item.table else ASTERISK
        assert item.oid[: len(root)] == root

    assert {table: sum(item.table == table for item in OBJECTS.values()) for table in ("", *TABLES)} == {
        "": 14,
        "astIndicationsTable": 4,
        "astChanTable": 41,
        "astChanTypeTable": 7,
    }


def test_variables() -> None:
    """A scalar is asked for with .0, a cell with the number of its row."""
    assert OBJECTS["astConfigPid"].at() == (*ASTERISK, 2, 3, 0)
    assert OBJECTS["astChanTypeName"].at(7) == (*ASTERISK, 5, 4, 1, 2, 7)


def test_types_are_those_of_the_wire() -> None:
    """Where the agent sends another type than the MIB of 2008 says, its own stands here."""
    assert OBJECTS["astChanCidPresentation"].syntax is Syntax.TEXT
    assert OBJECTS["astChanFlags"].syntax is Syntax.TEXT
    assert OBJECTS["astConfigCallsProcessed"].syntax is Syntax.COUNTER
    assert [name for name, item in OBJECTS.items() if item.syntax is Syntax.TICKS] == [
        "astConfigUpTime",
        "astConfigReloadTime",
        "astChanWhenHangup",
    ]
