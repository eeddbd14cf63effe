"""What is asked for: values and tables that a real snmpd has in memory, so that it is no brake."""

from typing import Any, NamedTuple

from bridge.asterisk.mib import Oid
from tests.servers.snmpd import user

ROWS = 200
SCALARS: list[Oid] = [
    *((1, 3, 6, 1, 2, 1, 11, each, 0) for each in range(1, 33) if each not in {7, 23}),
    *((1, 3, 6, 1, 2, 1, 1, each, 0) for each in range(1, 7)),
    *((1, 3, 6, 1, 6, 3, 10, 2, 1, each, 0) for each in range(1, 5)),
]
"""Those of the groups snmp, system and snmpEngine."""
TEXTS: frozenset[Oid] = frozenset(
    {*((1, 3, 6, 1, 2, 1, 1, each, 0) for each in (1, 2, 4, 5, 6)), (1, 3, 6, 1, 6, 3, 10, 2, 1, 1, 0)}
)
"""Those of them that are no numbers."""
GROUPS, VIEWS = (1, 3, 6, 1, 6, 3, 16, 1, 2, 1), (1, 3, 6, 1, 6, 3, 16, 1, 5, 2, 1)
COLUMNS: list[Oid] = [(*table, column) for table in (GROUPS, VIEWS) for column in (3, 4, 5)]
"""Of vacmSecurityToGroupTable and vacmViewTreeFamilyTable; they have a row for each line below, and those of
the agent's own users."""
NUMERIC = [column for column in COLUMNS if column[-1] > 3]
LINES = [
    line for row in range(ROWS) for line in (f"group g{row} v2c s{row}", f"view v{row} included .1.3.6.1.9")
]
CASES: dict[str, dict[str, Any]] = {"v2c": {}, "v3": user("sha-aes")}
"""Version to the settings that ask by it; version 3 by SHA and AES-128."""


class Load(NamedTuple):
    """One kind of target: 40 scalars, and the tables or not, by a version."""

    version: str
    with_table: bool

    @property
    def title(self) -> str:
        """How tables name it."""
        what = f"{len(SCALARS)} scalars"
        return (
            f"{self.version}, {what} and {ROWS} x {len(COLUMNS)} cells"
            if self.with_table
            else (f"{self.version}, {what}")
        )


LOADS = [Load(version, with_table) for version in CASES for with_table in (False, True)]


def dotted(oid: Oid) -> str:
    """As people write it."""
    return ".".join(map(str, oid))
