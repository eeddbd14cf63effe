"""The guard before pysnmp: questions go out, what may be their answer comes in, all else is counted."""

import ast
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from pysnmp.carrier.error import CarrierError

from bridge.sources.snmp import transport
from bridge.sources.snmp.transport import OPEN_LIMIT, Guard
from bridge.sources.snmp.wire import Counts
from tests.sources.snmp.forger import GET, GET_BULK, GET_NEXT, REPORT, RESPONSE, SET, message, oid, pdu
from tests.sources.snmp.usm import Question, Usm

PACKAGE = Path(transport.__file__).parents[2]
AGENT = ("10.0.0.1", 161)
V3 = Question(1, 5, b"engine", 1, 1, b"user", b"", GET, 1, 0, ())


class Watched:
    """A guard with one target, an engine that does as it is told, and what was counted."""

    def __init__(self, address: tuple[object, ...] = AGENT) -> None:
        self.ours, self.strays = Counter[str](), Counter[str]()
        self.parse_errors = 0
        self.guard = Guard(lambda: self.parse_errors)
        self.counts = Counts(lambda reason: self.ours.update([reason]), lambda why: self.strays.update([why]))
        self.guard.add(address, self.counts)
        self.seen = 0

    def take(self) -> None:
        self.seen += 1
        self.guard.on_taken()

    def hears(
        self, data: bytes, address: tuple[object, ...] = AGENT, take: Callable[[], object] | None = None
    ) -> None:
        self.guard.judge(data, address, take or self.take)


def ask(number: int = 1, kind: int = GET, community: bytes = b"c") -> bytes:
    return message(1, community, pdu(number, [(oid((1, 3)), b"\x05\0")], kind=kind))


def test_an_answer_is_taken_once() -> None:
    watched = Watched()
    watched.guard.asked(ask(), AGENT)

    watched.hears(ask(kind=RESPONSE))
    watched.hears(ask(kind=RESPONSE))

    assert watched.seen == 1
    assert watched.ours == {"unmatched": 1}


def test_what_pysnmp_does_not_use_leaves_the_question_open() -> None:
    """It cannot be decoded, breaks the decoder or is late: it is counted, and the right answer may come."""
    watched = Watched()
    watched.guard.asked(ask(), AGENT)

    def stumbles() -> None:
        raise RecursionError

    def drops() -> None:
        watched.parse_errors += 1

    watched.hears(ask(kind=RESPONSE), take=drops)
    watched.hears(ask(kind=RESPONSE), take=stumbles)
    watched.hears(ask(kind=RESPONSE), take=lambda: None)
    watched.hears(ask(kind=RESPONSE))

    assert watched.ours == {"undecodable": 2, "unmatched": 1}
    assert watched.seen == 1


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (("fe80::1", 161, 0, 2), ("fe80::1%eth0", 161, 0, 2)),
        (("::1", 161, 0, 0), ("::1", 161, 0, 0)),
    ],
)
def test_a_zone_is_not_part_of_an_address(here: tuple[object, ...], there: tuple[object, ...]) -> None:
    watched = Watched(here)
    watched.guard.asked(ask(), here)

    watched.hears(ask(kind=RESPONSE), there)

    assert watched.seen == 1


@pytest.mark.parametrize("address", [("10.0.0.1", 162), ("10.0.0.2", 161)])
def test_strangers_are_the_bridges(address: tuple[str, int]) -> None:
    watched = Watched()
    watched.guard.asked(ask(), AGENT)

    watched.hears(ask(kind=RESPONSE), address)

    assert not watched.seen
    assert not watched.ours
    assert watched.strays == {"unknown sender": 1}


def test_a_target_that_is_gone_is_a_stranger() -> None:
    watched = Watched()
    watched.guard.add(AGENT, watched.counts)
    watched.guard.remove(AGENT, watched.counts)
    watched.hears(ask(kind=RESPONSE))
    watched.guard.remove(AGENT, watched.counts)
    watched.hears(ask(kind=RESPONSE))

    assert watched.ours == {"unmatched": 1}
    assert watched.strays == {"unknown sender": 1}


def test_open_questions_are_bounded() -> None:
    """The oldest is forgotten; its answer is then one too many."""
    watched = Watched()
    for number in range(OPEN_LIMIT + 1):
        watched.guard.asked(ask(number), AGENT)

    watched.hears(ask(0, RESPONSE))
    watched.hears(ask(1, RESPONSE))

    assert watched.ours == {"unmatched": 1}
    assert watched.seen == 1


@pytest.mark.parametrize("kind", [GET, GET_NEXT, GET_BULK])
def test_questions_go_out(kind: int) -> None:
    Watched().guard.asked(ask(kind=kind), AGENT)


@pytest.mark.parametrize("kind", [RESPONSE, SET, 0xA4, 0xA6, 0xA7])
def test_nothing_else_goes_out(kind: int) -> None:
    """Neither what would change something, nor a trap, nor an answer."""
    with pytest.raises(CarrierError):
        Watched().guard.asked(ask(kind=kind), AGENT)


def test_no_report_goes_out() -> None:
    """pysnmp would tell a forger what is wrong with his forgery, at whatever address he pretends to have."""
    report = Usm().message(V3, pdu(1, [(oid((1, 3)), b"\x05\0")], kind=REPORT), flags=0)

    with pytest.raises(CarrierError):
        Watched().guard.asked(report, AGENT)


def test_no_module_can_write() -> None:
    """Of pysnmp's generators only those that read are named; none of its short cuts to SET or to traps is."""
    writers = {"SetCommandGenerator", "set_cmd", "setCmd", "send_notification", "NotificationOriginator"}
    readers = {"GetCommandGenerator", "NextCommandGeneratorSingleRun", "BulkCommandGeneratorSingleRun"}
    named: set[str] = set()
    for path in (PACKAGE / "sources").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                named.add(node.attr)
            elif isinstance(node, ast.Name):
                named.add(node.id)
            elif isinstance(node, ast.ImportFrom):
                named |= {alias.name for alias in node.names}

    assert not named & writers
    assert {name for name in named if "CommandGenerator" in name} == readers
