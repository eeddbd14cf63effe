"""What the command line shows."""

from io import StringIO

from rich.console import Console, RenderableType

from bridge import report
from bridge.core.sample import Sample, Series
from bridge.errors import Fault
from bridge.protocols.statsd import parse_datagram
from bridge.settings import GraphiteSettings, PbxSettings, Settings, SnmpSettings
from bridge.settings.variables import VARIABLES

WAITING = Sample(Series("queue.waiting", (("pbx", "hq"), ("queue", "support"))), 3, 1_700_000_000)
CALLS = Sample(Series("dialplan.active", (("pbx", "hq"),)), 12_345_678, 1_700_000_000)


def lines(*things: RenderableType) -> list[str]:
    out = StringIO()
    console = Console(file=out, width=500)
    for thing in things:
        console.print(thing)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_fault_is_one_line_that_begins_with_what_to_change() -> None:
    shown = lines(*report.faults([Fault("BRIDGE_X", "is not set", "say it"), Fault("BRIDGE_Y", "is [bold]")]))

    assert shown == ["BRIDGE_X: is not set (say it)", "BRIDGE_Y: is [bold]"]


def test_the_summary_names_what_is_read_and_where_it_goes() -> None:
    settings = Settings(
        pbx={"hq": PbxSettings(snmp=SnmpSettings(host="h"))}, graphite=GraphiteSettings(url=("tcp://g",))
    )

    assert report.summary(settings) == (
        "settings are good: PBXs hq (snmp); StatsD udp://127.0.0.1:8125; sinks graphite; HTTP 127.0.0.1:8080"
    )
    assert "PBXs none" in report.summary(Settings())


def test_all_variables_are_listed() -> None:
    head, *rows = lines(report.variables())

    assert head.split() == ["variable", "type", "default", "help"]
    assert [row.split()[0] for row in rows] == [variable.name for variable in VARIABLES.values()]


def test_samples_are_a_sorted_table_with_whole_numbers() -> None:
    _, *rows = lines(report.samples([("ami", WAITING), ("snmp", CALLS)]))

    assert [row.split() for row in rows] == [
        ["dialplan.active", "12345678", "snmp"],
        ["queue.waiting", "queue=support", "3", "ami"],
    ]


def test_samples_are_json_for_programs() -> None:
    (found,) = report.samples_json([("ami", WAITING)])

    assert found == {
        "metric": "queue.waiting",
        "labels": {"pbx": "hq", "queue": "support"},
        "value": 3,
        "time": 1_700_000_000,
        "source": "ami",
    }


def test_a_peer_that_was_tried_is_one_line() -> None:
    assert lines(report.outcome("hq ami", "", "73 samples")) == ["ok      hq ami: 73 samples"]
    assert lines(report.outcome("mqtt", "")) == ["ok      mqtt"]
    assert lines(report.outcome("mqtt", "refused [x]")) == ["failed  mqtt: refused [x]"]


def test_the_time_that_a_peer_took_is_told_if_wanted() -> None:
    good, bad = report.peer_json("hq ami", "", 73, 0.25), report.peer_json("mqtt", "refused", 0, 5.0)

    assert lines(report.peer(good, timed=True)) == ["ok      hq ami: 73 samples (0.2 s)"]
    assert lines(report.peer(good, timed=False)) == ["ok      hq ami: 73 samples"]
    snmp = report.peer_json("hq snmp", "", 24, 0.25, "engine fast")
    assert lines(report.peer(snmp, timed=False)) == ["ok      hq snmp: 24 samples, engine fast"]
    assert lines(report.peer(bad, timed=True)) == ["failed  mqtt: refused (5.0 s)"]


def test_peers_under_way_are_a_row_each() -> None:
    rows = lines(report.trials([("hq ami", None, 1.26), ("hq snmp", "", 0.1), ("mqtt", "refused", 5)]))

    assert [row.split() for row in rows] == [
        ["trying", "hq", "ami", "1.3", "s"],
        ["ok", "hq", "snmp", "0.1", "s"],
        ["failed", "mqtt", "5.0", "s"],
    ]


def test_an_access_list_is_an_object_for_each_rule() -> None:
    found = report.access_json("user me\ntopic write a b/#\ntopic readwrite c")

    assert [*found] == [
        {"user": "me", "access": "write", "topic": "a b/#"},
        {"user": "me", "access": "readwrite", "topic": "c"},
    ]
    assert [*report.access_json("topic read a")] == [{"user": None, "access": "read", "topic": "a"}]


def test_a_datagram_is_one_line_per_value_and_per_refusal() -> None:
    parsed = parse_datagram(b"a:1|c|@0.5\nb:-2|g|#site:x\nc:\x1b[2J|s\nd:x|c\nroute:blue|s\n")

    assert [*report.datagram("10.0.0.5:4000", parsed)] == [
        "10.0.0.5:4000  counter  a  1 @0.5",
        "10.0.0.5:4000  gauge delta  b{site=x}  -2",
        "10.0.0.5:4000  set  route  'blue'",
        "10.0.0.5:4000  refused (control_character)  c:\\x1b[2J|s",
        "10.0.0.5:4000  refused (bad_value)  d:x|c",
    ]


def test_nothing_that_arrives_reaches_the_terminal_as_a_control_character() -> None:
    parsed = parse_datagram("caf\u00e9\u202e:1|c".encode())

    assert all(line.isascii() for line in report.datagram("x", parsed))


ALERT = {
    "state": "firing",
    "severity": "critical",
    "since": WAITING.time,
    "summary": "a \x1b[2Jb",
    "labels": {"pbx": "hq", "trunk": "a\nb"},
    "rule": "trunk_down",
    "id": "0123456789ab-7",
}


class TestAlerts:
    """What a bridge lists; it is another process, and its words are not ours."""

    def test_what_steers_a_terminal_is_spelled_out(self) -> None:
        shown = lines(*report.alerts({"alerts": [ALERT]}))

        assert "pbx=hq trunk=a\\nb" in shown[1]
        assert shown[1].endswith("a \\x1b[2Jb")
        assert len(shown) == 2

    def test_what_is_missing_is_counted(self) -> None:
        data = {"alerts": [ALERT], "more": 12}

        assert lines(*report.alerts(data))[-1] == "and 12 more"
        assert [*report.alerts_json(data)][-1] == {"more": 12}

    def test_colours_are_for_terminals(self) -> None:
        out = StringIO()
        Console(file=out, force_terminal=True, width=500).print(*report.alerts({"alerts": [ALERT]}))

        assert "\x1b[1;31mcritical" in out.getvalue()

    def test_anything_else_is_an_empty_cell(self) -> None:
        alert: dict[str, object] = {
            "state": 1,
            "severity": None,
            "since": 1e300,
            "labels": [],
            "silenced_until": "x",
            "id": {},
        }

        assert lines(*report.alerts({"alerts": [alert, 7], "silences": [[], {"matcher": 1, "until": None}]}))
