"""Rules that use everything that there is together, and schedules that open and close all the time."""

from bridge.core.alert import Severity
from bridge.core.rule import Aggregate, Compare, Measure, Rule, Term, Test

PBXS = ("hq", "branch")
SOURCES = ("ami", "snmp")
TRUNKS = ("acme", "bolt")
QUEUES = ("sales", "support")
EVERY_PBX = {"pbx": ("!bridge",)}

FAILED = Term("calls.failed", measure=Measure.INCREASE, over=20)
TRIED = Term("calls.tried", measure=Measure.INCREASE, over=20)
WAITING = Term("queue.waiting")

RULES = (
    Rule(
        "trunk_busy",
        Term("trunk.channels"),
        Test(Compare.ABOVE, 10, clear=7),
        by=("trunk",),
        repeat=7,
        inhibited_by=("trunk_down", "pbx_down", "no_such_rule"),
    ),
    Rule(
        "trunk_down",
        Term("trunk.up"),
        Test(Compare.EQUAL, 0),
        by=("trunk",),
        hold=5,
        severity=Severity.CRITICAL,
        summary="{trunk} of {pbx} is down",
        inhibited_by=("pbx_down",),
        flaps=2,
        calm=12,
        repeat=9,
    ),
    Rule(
        "pbx_down",
        Term("source.up", EVERY_PBX, aggregate=Aggregate.MAX),
        Test(Compare.EQUAL, 0),
        hold=5,
        severity=Severity.CRITICAL,
        repeat=20,
    ),
    Rule("source_down", Term("source.up"), Test(Compare.EQUAL, 0), by=("source",), flaps=1, calm=8),
    Rule(
        "calls_fail",
        FAILED,
        Test(Compare.ABOVE, 0.5, clear=0.25),
        divisor=TRIED,
        given=(TRIED, Test(Compare.ABOVE, 4)),
        hold=3,
        inhibited_by=("pbx_down",),
    ),
    Rule(
        "queue_share",
        WAITING,
        Test(Compare.ABOVE, 0.5),
        by=("queue",),
        divisor=Term("pbx.waiting"),
        hold=2,
    ),
    Rule("queue_mean", Term("queue.waiting", aggregate=Aggregate.MEAN), Test(Compare.ABOVE, 3, clear=2)),
    Rule("queue_sum", WAITING, Test(Compare.ABOVE, 7), hold=4, inhibited_by=("queue_mean",), repeat=5),
    Rule("queues_few", Term("queue.waiting", aggregate=Aggregate.COUNT), Test(Compare.BELOW, 2), hold=6),
    Rule(
        "queue_least",
        Term("queue.waiting", {"queue": ("s*", "!sales")}, aggregate=Aggregate.MIN),
        Test(Compare.BELOW, 1, clear=2),
        given=(Term("queue.members", aggregate=Aggregate.MAX), Test(Compare.UNEQUAL, 0)),
    ),
    Rule(
        "queue_long",
        WAITING,
        Test(Compare.ABOVE, 3),
        by=("queue",),
        given=(Term("pbx.waiting"), Test(Compare.ABOVE, 2)),
        inhibited_by=("queue_mean",),
        schedule="office",
        flaps=1,
        calm=15,
        repeat=6,
    ),
    Rule(
        "silent",
        Term("calls.tried", measure=Measure.ABSENCE),
        Test(Compare.ABOVE, 15),
        schedule="office",
        inhibited_by=("pbx_down",),
        hold=2,
        flaps=1,
        calm=30,
        repeat=11,
    ),
    Rule(
        "queue_silent",
        Term("queue.waiting", measure=Measure.ABSENCE),
        Test(Compare.ABOVE, 25),
        by=("queue",),
        given=(Term("queue.members"), Test(Compare.ABOVE, 0)),
    ),
    Rule(
        "calls_slow",
        Term("calls.tried", measure=Measure.RATE, over=10),
        Test(Compare.BELOW, 0.25),
        by=("queue",),
        schedule="night",
        repeat=13,
    ),
    Rule(
        "version",
        Term("system.version", measure=Measure.CHANGE, over=15),
        Test(Compare.UNEQUAL, 0),
        severity=Severity.INFO,
    ),
    Rule("bridge", Term("process.memory", {"pbx": ("bridge",)}), Test(Compare.ABOVE, 5), hold=1),
)


class Turns:
    """A schedule that opens and closes all the time."""

    def __init__(self, period: int, phase: int) -> None:
        self._period, self._phase = period, phase

    def is_open(self, now: float) -> bool:
        return (now + self._phase) // self._period % 2 == 0

    def changes_after(self, now: float) -> float | None:
        return ((now + self._phase) // self._period + 1) * self._period - self._phase


CALENDARS = {"office": Turns(47, 0), "night": Turns(31, 12)}
