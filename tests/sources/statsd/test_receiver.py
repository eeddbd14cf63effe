"""The receiver counts everything that arrives, and complains at a bounded rate."""

import pytest

from bridge.core import own
from bridge.core.metric import Metric
from bridge.core.rejected import KEPT
from bridge.core.sample import BRIDGE
from bridge.pipeline.health import Health
from bridge.settings import StatsdSettings
from bridge.sources.statsd.asterisks import Asterisks
from bridge.sources.statsd.receiver import SHOWN, Receiver
from bridge.sources.statsd.senders import Packet, Senders
from bridge.sources.statsd.source import book
from tests.fakes import FakeClock

HOST = "127.0.0.1"


class Bench:
    """A receiver with what it counts."""

    def __init__(
        self,
        settings: StatsdSettings | None = None,
        senders: Senders | None = None,
        *,
        show_lines: bool = False,
    ) -> None:
        self.clock = FakeClock()
        self.health = Health(self.clock)
        self.receiver = Receiver(
            book(settings or StatsdSettings()),
            senders or Senders({}),
            Asterisks({}),
            self.health,
            self.clock,
            show_lines=show_lines,
        )

    def receive(self, *packets: Packet) -> None:
        self.receiver.receive("udp", packets)

    def counted(self, metric: Metric, *labels: str) -> float:
        return self.health.counted(metric.series(BRIDGE, *(labels or ("udp",))))

    def flushed(self) -> dict[tuple[str, str], float]:
        samples = self.receiver.flush(self.clock.now)
        return {(sample.series.pbx, sample.series.name): sample.value for sample in samples}


def test_lines_go_to_the_pbx_of_their_sender() -> None:
    bench = Bench(senders=Senders({"hq": ("10.0.0.5",)}))

    bench.receive((b"a:1|c", "10.0.0.5"), (b"a:5|c", HOST), (b"a:2|c\na:3|c", "10.0.0.5"))

    found = bench.flushed()
    assert (found["hq", "statsd.a.count"], found["default", "statsd.a.count"]) == (6, 5)
    assert (bench.counted(own.LISTENER_PACKETS), bench.counted(own.LISTENER_LINES)) == (3, 4)


def test_refused_packets_are_counted_and_not_read() -> None:
    bench = Bench(senders=Senders({}, allow=("10.0.0.0/8",)))

    bench.receive((b"a:1|c", HOST), (b"rubbish", HOST), (b"a:1|c", "10.0.0.1"))

    assert bench.counted(own.LISTENER_REFUSED) == 2
    assert bench.counted(own.LISTENER_PACKETS) == 3
    assert bench.flushed()["default", "statsd.a.count"] == 1


def test_bad_lines_are_counted_by_reason() -> None:
    bench = Bench()

    bench.receive((b"a:1|c\nb\nc", HOST), (b"a:x|c", HOST), (b"a:-1|ms", HOST), (b"_sc|x|0", HOST))

    assert bench.counted(own.LISTENER_BAD_LINES, "udp", "no_value") == 2
    assert bench.counted(own.LISTENER_BAD_LINES, "udp", "bad_value") == 1
    assert bench.counted(own.LISTENER_BAD_LINES, "udp", "negative_timer") == 1
    assert bench.counted(own.LISTENER_LINES) == 1
    assert bench.counted(own.SOURCE_EVENTS, "statsd") == 1


def test_what_the_caps_keep_out_is_counted() -> None:
    bench = Bench(StatsdSettings(max_series=2, max_set=1))

    bench.receive((b"a:1|c\nb:1|s\nc:1|c\nc:1|c\nb:2|s", HOST))

    assert bench.counted(own.LISTENER_OVERFLOW) == 3


def test_numbers_whose_name_is_taken_are_counted() -> None:
    bench = Bench()
    bench.receive((b"a:1|c\na.count:1|g", HOST))
    bench.flushed()

    bench.receive()

    assert bench.counted(own.SOURCE_ERRORS, "statsd", "name_conflict") == 1


def test_a_complaint_names_sender_and_line_and_comes_once_in_a_while(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = Bench(show_lines=True)

    for _ in range(10_000):
        bench.receive((b"a\x1b[2J\xff:1|c", "10.0.0.5"))
    bench.clock.now += 61
    bench.receive((b"a\x1b[2J\xff:1|c", "10.0.0.5"))

    first, second = capsys.readouterr().out.splitlines()
    assert all(word in first for word in ("10.0.0.5", "binary", r"x1b[2J", r"xff:1|c"))
    assert "\x1b[2J" not in first
    assert "9999" in second


def test_a_bad_line_shows_only_its_shape_unless_a_setting_shows_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A dialplan may have made its name of who calls."""
    bench = Bench()

    bench.receive((b"caller.+4930123456|c", "10.0.0.5"))

    said = capsys.readouterr().out
    assert "aaaaaa.+9999999999|a" in said
    assert "4930123456" not in said


def test_a_packet_of_thousands_of_bad_lines_is_counted_line_by_line_and_shown_once_for_each_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = Bench()

    bench.receive((b"\n" * 30_000 + b"rubbish\n" * 4000, HOST))

    assert bench.counted(own.LISTENER_BAD_LINES, "udp", "blank") == 30_000
    assert bench.counted(own.LISTENER_BAD_LINES, "udp", "no_value") == 4000
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_newest_bad_lines_are_remembered_for_the_page() -> None:
    """However many come, and also those that the log keeps back."""
    bench = Bench(show_lines=True)

    for number in range(100):
        bench.receive((b"line %d" % number + b"x" * 500, "10.0.0.5"))

    assert len(bench.health.rejected) == KEPT
    newest = bench.health.rejected[-1]
    assert (newest.listener, newest.sender, newest.reason) == ("udp", "10.0.0.5", "no_value")
    assert newest.time == bench.clock.now
    assert newest.text() == ("line 99" + "x" * 500)[:SHOWN]


def test_connections_for_which_there_is_no_room_are_counted_and_do_not_fill_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = Bench()

    for _ in range(1000):
        bench.receiver.crowded("tcp", HOST)

    assert bench.counted(own.SOURCE_ERRORS, "statsd", "too_many_connections") == 1000
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_many_senders_cannot_fill_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench()

    for number in range(5000):
        bench.receive((b"rubbish", f"10.0.{number // 250}.{number % 250}"))

    assert len(capsys.readouterr().out.splitlines()) <= 101
    assert bench.counted(own.LISTENER_BAD_LINES, "udp", "no_value") == 5000


def test_the_number_of_buckets_is_told() -> None:
    bench = Bench()

    bench.receive((b"a:1|c\na:1|g\nb:1|s", HOST))

    told = {sample.series: sample.value for sample in bench.health.samples(0)}
    assert told[own.LISTENER_SERIES.series(BRIDGE, "statsd")] == 3


def test_in_etsys_naming_it_counts_as_etsys_statsd_does() -> None:
    bench = Bench(StatsdSettings(names="etsy"))

    bench.receive((b"a:1|c\n\nrubbish", HOST), (b"\n", HOST), (b"a:-1|ms", HOST))

    found = bench.flushed()
    assert found["default", "statsd.statsd.packets_received.count"] == 3
    assert found["default", "statsd.statsd.metrics_received.count"] == 3
    assert found["default", "statsd.statsd.bad_lines_seen.count"] == 2
