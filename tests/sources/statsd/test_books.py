"""Books: whose measurements add up with whose, and what they are called."""

from bridge.core.aggregate import Terms
from bridge.core.mapping import Mapper, Rule
from bridge.core.sample import Kind, Measurement, Sample, Series
from bridge.sources.statsd.books import BridgeBook, EtsyBook, Traffic


def count(name: str, value: float = 1) -> Measurement:
    return Measurement(Series(name), Kind.COUNTER, value)


def values(samples: list[Sample]) -> dict[tuple[str, str], float]:
    return {(sample.series.pbx, sample.series.name): sample.value for sample in samples}


class TestBridgeBook:
    def test_each_pbx_has_buckets_of_its_own(self) -> None:
        book = BridgeBook(Terms(interval=10))
        book.add("hq", [count("calls", 2)])
        book.add("branch", [count("calls", 3)])

        found = values(list(book.flush(0, Traffic())))

        assert found == {
            ("hq", "statsd.calls.count"): 2,
            ("hq", "statsd.calls.rate"): 0.2,
            ("branch", "statsd.calls.count"): 3,
            ("branch", "statsd.calls.rate"): 0.3,
        }

    def test_buckets_that_a_rule_makes_one_add_up(self) -> None:
        book = BridgeBook(Terms(), Mapper((Rule("lab.*", name="lab"), Rule("no.*", drop=True))))

        book.add("hq", [count("lab.a"), count("lab.b"), count("no.c")])

        assert values(list(book.flush(0, Traffic())))["hq", "statsd.lab.count"] == 2
        assert len(book) == 1

    def test_the_cap_holds_for_each_pbx(self) -> None:
        book = BridgeBook(Terms(max_series=2))
        book.add("hq", [count(f"n{number}") for number in range(5)])
        book.add("branch", [count("a")])

        assert book.lost() == {"series": 3, "name_conflict": 0}
        assert book.lost() == {}
        assert len(book) == 3

    def test_numbers_without_a_name_are_told(self) -> None:
        book = BridgeBook(Terms())
        gauge = Measurement(Series("calls.count"), Kind.GAUGE, 7)
        book.add("hq", [count("calls"), gauge])

        samples = list(book.flush(0, Traffic()))

        assert len(samples) == 2
        assert book.lost() == {"name_conflict": 1}

    def test_moved_gauges_of_each_pbx_outlive_the_book(self) -> None:
        before, after = BridgeBook(Terms()), BridgeBook(Terms())
        before.add("hq", [Measurement(Series("level"), Kind.DELTA, 3)])
        before.add("branch", [Measurement(Series("level"), Kind.DELTA, 5)])

        after.restore(before.state())

        after.add("hq", [Measurement(Series("level"), Kind.DELTA, 1)])
        after.add("branch", [Measurement(Series("level"), Kind.DELTA, 1)])
        assert values(list(after.flush(0, Traffic()))) == {
            ("hq", "statsd.level"): 4,
            ("branch", "statsd.level"): 6,
        }


class TestEtsyBook:
    def test_all_pbxs_are_one(self) -> None:
        book = EtsyBook(Terms(), legacy=False)
        book.add("hq", [count("a b")])
        book.add("branch", [count("a_b")])

        paths = {sample.series.path: sample.value for sample in book.flush(0, Traffic())}

        assert paths["stats.counters.a_b.count"] == 2

    def test_it_reports_traffic_and_from_the_second_flush_on_its_delay(self) -> None:
        book = EtsyBook(Terms(interval=10, repeat=True), legacy=True)

        first, second = (
            {sample.series.path: sample.value for sample in book.flush(now, Traffic(3, 5, 1))}
            for now in (10, 20.5)
        )

        assert first["stats_counts.statsd.packets_received"] == 3
        assert first["stats_counts.statsd.bad_lines_seen"] == 1
        assert "stats.gauges.statsd.timestamp_lag" not in first
        assert second["stats.gauges.statsd.timestamp_lag"] == 0.5
        assert (first["statsd.numStats"], second["statsd.numStats"]) == (3, 4)

    def test_rules_come_before_the_rules_for_characters(self) -> None:
        book = EtsyBook(Terms(), legacy=False, rename=Mapper((Rule("lab.*", "x", {"who": "$1"}),)))

        book.add("hq", [count("lab.a b")])

        assert "stats.counters.x.count;who=a_b" in {s.series.path for s in book.flush(0, Traffic())}

    def test_what_is_lost_is_told_once(self) -> None:
        book = EtsyBook(Terms(max_series=1), legacy=False)
        book.add("hq", [count("a"), count("b")])

        assert (book.lost(), book.lost()) == ({"series": 1}, {})
