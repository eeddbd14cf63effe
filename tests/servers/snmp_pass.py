"""What snmpd runs to answer for Asterisk (its `pass_persist`): reads `OID type value` lines from a file.

The file is read anew when another takes its place, so that a test can change the answers while the agent
runs. Like res_snmp, GETNEXT leaves a column at its first hole.
"""

import sys
from functools import lru_cache
from pathlib import Path

Answers = dict[tuple[int, ...], tuple[str, str]]


def parse(oid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in oid.strip().strip(".").split("."))


def read(path: Path) -> Answers:
    found = path.stat()
    return read_version(path, found.st_ino, found.st_mtime_ns)


@lru_cache(maxsize=1)
def read_version(path: Path, _inode: int, _changed: int) -> Answers:
    rows = (line.split("\t", 2) for line in path.read_text().splitlines())
    return {parse(oid): (kind, value) for oid, kind, value in rows}


def following(answers: Answers, oid: tuple[int, ...]) -> tuple[int, ...] | None:
    """The variable after `oid`; where the next row of a column is missing, the next column's first."""
    later = [other for other in sorted(answers) if other > oid]
    if not later:
        return None
    same_column = oid[:-1] == later[0][:-1]
    if not same_column or later[0][-1] == oid[-1] + 1:
        return later[0]
    return next((other for other in later if other[:-1] != oid[:-1]), None)


def answer(path: Path, verb: str, oid: tuple[int, ...]) -> str:
    answers = read(path)
    found = following(answers, oid) if verb == "getnext" else oid
    if found not in answers or found is None:
        return "NONE\n"
    kind, value = answers[found]
    return f".{'.'.join(map(str, found))}\n{kind}\n{value}\n"


def main(path: Path) -> None:
    while verb := sys.stdin.readline():
        if verb.strip() == "PING":
            reply = "PONG\n"
        else:
            reply = answer(path, verb.strip(), parse(sys.stdin.readline()))
        sys.stdout.write(reply)
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
