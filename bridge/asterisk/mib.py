"""ASTERISK-MIB: the objects of the MIB, their OIDs and types. What their values mean stands in `snmp.py`.

The MIB was last published in 2008 and the agent has changed since; what stands here is what res_snmp of
Asterisk 13 to 23 sends. `mibs/ASTERISK-MIB.txt` says the same in the language of MIBs.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

Oid = tuple[int, ...]


class Syntax(StrEnum):
    """The types of SNMP that the wire knows; Gauge32 and Unsigned32 are the same there."""

    INTEGER = "INTEGER"
    GAUGE = "Gauge32"
    COUNTER = "Counter32"
    COUNTER64 = "Counter64"
    TICKS = "TimeTicks"
    TEXT = "OCTET STRING"
    OID = "OBJECT IDENTIFIER"


INTEGER, GAUGE, COUNTER, TICKS, TEXT = (
    Syntax.INTEGER,
    Syntax.GAUGE,
    Syntax.COUNTER,
    Syntax.TICKS,
    Syntax.TEXT,
)


class Value(NamedTuple):
    """What an agent answered for one variable: an int, or bytes for text, or an Oid for identifiers."""

    syntax: Syntax
    data: int | bytes | Oid


class MibObject(NamedTuple):
    """One accessible object of the MIB.

    Attributes:
        name: as the MIB writes it.
        oid: without an instance.
        syntax: the type that the agent sends.
        table: the name of the table the object is a column of; empty for a scalar.
    """

    name: str
    oid: Oid
    syntax: Syntax
    table: str = ""

    def at(self, index: int = 0) -> Oid:
        """The variable of row `index`; rows count from 1, a scalar has only 0."""
        return (*self.oid, index)


ASTERISK: Oid = (1, 3, 6, 1, 4, 1, 22736, 1)
"""The root that the agent registers; a row of sysORTable says so."""

SYS_UPTIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
SYS_OR_ID: Oid = (1, 3, 6, 1, 2, 1, 1, 9, 1, 2)
"""The column of sysORTable that lists what is registered with an agent."""

TABLES: dict[str, Oid] = {
    "astIndicationsTable": (*ASTERISK, 4, 3),
    "astChanTable": (*ASTERISK, 5, 2),
    "astChanTypeTable": (*ASTERISK, 5, 4),
}
"""The tables; the entry of each is `<table>.1`, its columns are `<table>.1.<column>.<row>`."""


def _scalars() -> Iterable[MibObject]:
    groups: dict[Oid, tuple[tuple[str, Syntax], ...]] = {
        (1,): (("astVersionString", TEXT), ("astVersionTag", GAUGE)),
        (2,): (
            ("astConfigUpTime", TICKS),
            ("astConfigReloadTime", TICKS),
            ("astConfigPid", INTEGER),
            ("astConfigSocket", TEXT),
            ("astConfigCallsActive", GAUGE),
            ("astConfigCallsProcessed", COUNTER),
        ),
        (3,): (("astNumModules", INTEGER),),
        (4,): (("astNumIndications", INTEGER), ("astCurrentIndication", TEXT)),
        (5,): (("astNumChannels", GAUGE),),
        (5, 5): (("astNumChanBridge", GAUGE),),
    }
    for group, members in groups.items():
        for number, (name, syntax) in enumerate(members, 1):
            yield MibObject(name, (*ASTERISK, *group, number), syntax)
    yield MibObject("astNumChanTypes", (*ASTERISK, 5, 3), INTEGER)


def _columns(table: str, prefix: str, columns: Mapping[str, Syntax]) -> Iterable[MibObject]:
    for number, (name, syntax) in enumerate(columns.items(), 1):
        yield MibObject(prefix + name, (*TABLES[table], 1, number), syntax, table)


_INDICATION_COLUMNS = {"Index": INTEGER, "Country": TEXT, "Alias": TEXT, "Description": TEXT}
_TYPE_COLUMNS = {
    "Index": INTEGER,
    "Name": TEXT,
    "Desc": TEXT,
    "DeviceState": INTEGER,
    "Indications": INTEGER,
    "Transfer": INTEGER,
    "Channels": GAUGE,
}
_CHANNEL_TEXTS_1 = "Name Language Type MusicClass Bridge Masq Masqr"
_CHANNEL_TEXTS_2 = "App Data Context MacroContext MacroExten"
_CHANNEL_COLUMNS = {
    "Index": INTEGER,
    **dict.fromkeys(_CHANNEL_TEXTS_1.split(), TEXT),
    "WhenHangup": TICKS,
    **dict.fromkeys(_CHANNEL_TEXTS_2.split(), TEXT),
    "MacroPri": INTEGER,
    "Exten": TEXT,
    "Pri": INTEGER,
    **dict.fromkeys(("AccountCode", "ForwardTo", "UniqueId"), TEXT),
    **dict.fromkeys(("CallGroup", "PickupGroup"), GAUGE),
    **dict.fromkeys(("State", "Muted", "Rings"), INTEGER),
    **dict.fromkeys(("CidDNID", "CidNum", "CidName", "CidANI", "CidRDNIS", "CidPresentation"), TEXT),
    **dict.fromkeys(("CidANI2", "CidTON", "CidTNS", "AMAFlags", "ADSI"), INTEGER),
    "ToneZone": TEXT,
    "HangupCause": INTEGER,
    "Variables": TEXT,
    "Flags": TEXT,
    "TransferCap": INTEGER,
}

OBJECTS: dict[str, MibObject] = {
    item.name: item
    for item in (
        *_scalars(),
        *_columns("astIndicationsTable", "astInd", _INDICATION_COLUMNS),
        *_columns("astChanTable", "astChan", _CHANNEL_COLUMNS),
        *_columns("astChanTypeTable", "astChanType", _TYPE_COLUMNS),
    )
}
"""Every accessible object by its name: with the three tables and their entries, all 72 of the MIB."""
