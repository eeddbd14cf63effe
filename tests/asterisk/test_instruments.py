"""What Asterisk says of itself over StatsD becomes numbers of the catalogue."""

import random

import pytest

from bridge.asterisk.catalog.calls import CHANNELS_ACTIVE
from bridge.asterisk.catalog.endpoints import ENDPOINTS_COUNT
from bridge.asterisk.catalog.system import SYSTEM_UPTIME
from bridge.asterisk.instruments import ENTITIES, QUALIFIED, SILENT, TYPES, Instruments
from bridge.asterisk.statsd import meaning
from bridge.core.sample import Sample
from bridge.core.state import Json
from bridge.protocols.statsd import parse_datagram
from tests import recordings


def contact(aor: str, number: int = 0) -> str:
    return f"PJSIP.contacts.{aor};@{number:032x}.rtt"


class Bench:
    """The instruments of one PBX, and what they show."""

    def __init__(self) -> None:
        self.instruments = Instruments("hq")

    def hear(self, *lines: str, now: float = 0) -> None:
        for line in lines:
            (measurement,) = parse_datagram(line.encode()).measurements
            found = meaning(measurement.series.name)
            assert found
            kind = found[1].kind(measurement)
            assert kind
            told = kind, float(measurement.value)
            self.instruments.take(found[1], self.instruments.series(found[1]), told, now)

    def count(self, channels: float, then: float, now: float | None = None) -> None:
        """Somebody counts the channels."""
        sample = Sample(CHANNELS_ACTIVE.series("hq"), channels, then)
        self.instruments.observe(sample, then if now is None else now)

    def uptime(self, seconds: float, now: float) -> None:
        self.instruments.observe(Sample(SYSTEM_UPTIME.series("hq"), seconds, now), now)

    def shown(self, now: float = 0) -> dict[str, float]:
        """Name and label values of each series, and its value, without the numbers about silence."""
        return {
            " ".join([sample.series.name, *(value for _, value in sample.series.labels[1:])]): sample.value
            for sample in self.instruments.samples(now)
            if sample.series.name != "statsd_anchor.silence"
        }


class TestStart:
    def test_a_pbx_that_was_never_heard_shows_nothing(self) -> None:
        bench = Bench()
        bench.count(5, then=0)
        bench.uptime(10, now=0)

        assert bench.shown() == {}

    def test_the_lines_of_a_start_say_what_there_is(self) -> None:
        bench = Bench()

        bench.hear("PJSIP.contacts.states.Reachable:0|g", "PJSIP.contacts.states.Removed:0|g")
        bench.hear(*["PJSIP.contacts.states.NonQualified:+1|g"] * 3)
        bench.hear("PJSIP.contacts.states.NonQualified:-1|g", "PJSIP.contacts.states.Reachable:+1|g")
        bench.hear("PJSIP.registrations.count:0|g", "PJSIP.registrations.count:+1|g")
        bench.hear("endpoints.count:+1|g", "endpoints.state.unknown:+1|g", "endpoints.PJSIP.101.channels:2|g")

        assert bench.shown() == {
            "contact_state.contacts nonqualified": 2,
            "contact_state.contacts reachable": 1,
            "contacts.removed": 0,
            "registrations.count": 1,
            "endpoints.count": 1,
            "endpoint_state.endpoints unknown": 1,
            "endpoint.channels 101": 2,
        }


class TestGauges:
    def test_what_another_source_counted_before_the_first_line_is_where_it_starts(self) -> None:
        bench = Bench()
        bench.count(10, then=0)

        bench.hear("channels.count:-1|g", now=1)

        assert bench.shown(1) == {"channels.active": 9}

    def test_a_poll_that_differs_is_a_correction(self) -> None:
        bench = Bench()
        bench.hear("channels.count:+1|g", now=1)

        bench.count(1, then=2)
        bench.count(3, then=3)

        assert bench.shown(3) == {"channels.active": 3, "statsd_anchor.corrections channels.active": 1}

    def test_gauges_begin_at_0_when_the_uptime_falls_and_keep_what_came_after(self) -> None:
        bench = Bench()
        bench.uptime(1000, now=0)
        bench.hear(*["endpoints.count:+1|g"] * 7, "endpoints.PJSIP.101.channels:1|g", now=1)
        bench.hear(*["endpoints.count:+1|g"] * 5, now=12)

        bench.uptime(5, now=15)

        assert bench.shown(15) == {"endpoints.count": 5}

    def test_uptimes_of_two_sources_that_are_a_second_apart_are_no_restart(self) -> None:
        bench = Bench()
        bench.hear("channels.count:+1|g", now=0)

        for now in range(1, 60):
            bench.uptime(1000 + now + (now % 2) * 2, now)

        assert bench.shown(60) == {"channels.active": 1}

    def test_the_zeros_of_a_start_clear_what_no_module_clears(self) -> None:
        bench = Bench()
        bench.hear("channels.count:+1|g", "endpoints.count:+1|g", "endpoints.state.online:+1|g")
        bench.hear("endpoints.PJSIP.101.channels:1|g", "PJSIP.registrations.count:+1|g")

        bench.hear("PJSIP.contacts.states.Reachable:0|g")

        assert bench.shown() == {
            "channels.active": 0,
            "endpoints.count": 0,
            "endpoint_state.endpoints online": 0,
            "registrations.count": 1,
            "contact_state.contacts reachable": 0,
        }

    def test_endpoints_of_one_name_in_two_technologies_share_a_series(self) -> None:
        bench = Bench()

        bench.hear("endpoints.PJSIP.101.channels:1|g", "endpoints.IAX2.101.channels:2|g")
        bench.hear("endpoints.PJSIP.101.channels:3|g")

        assert bench.shown() == {"endpoint.channels 101": 5}

    def test_a_silent_pbx_does_not_look_steady_for_ever(self) -> None:
        bench = Bench()
        bench.hear("channels.count:+1|g", now=0)

        assert bench.shown(SILENT - 1) == {"channels.active": 1}
        assert bench.shown(SILENT) == {}

    def test_how_long_it_was_silent_is_told(self) -> None:
        bench = Bench()
        bench.hear("channels.count:+1|g", now=5)

        (silence, *_) = bench.instruments.samples(25)

        assert (silence.series.name, silence.value) == ("statsd_anchor.silence", 20)


class TestContacts:
    def test_the_round_trip_is_that_of_the_slowest_reachable_contact_in_seconds(self) -> None:
        bench = Bench()

        bench.hear(f"{contact('bob', 1)}:20|ms", f"{contact('bob', 2)}:35|ms", f"{contact('bob', 3)}:-1|ms")

        assert bench.shown() == {"contact.rtt bob": 0.035, "contact.reachable bob": 2}

    def test_without_an_answer_there_is_no_round_trip(self) -> None:
        bench = Bench()
        bench.hear(f"{contact('bob')}:20|ms")

        bench.hear(f"{contact('bob')}:-1|ms")

        assert bench.shown() == {"contact.reachable bob": 0}

    def test_a_contact_of_which_nothing_is_heard_is_gone(self) -> None:
        bench = Bench()
        bench.hear(f"{contact('bob', 1)}:500|ms", now=0)

        bench.hear(f"{contact('bob', 2)}:20|ms", now=QUALIFIED)

        assert bench.shown(QUALIFIED) == {"contact.rtt bob": 0.02, "contact.reachable bob": 1}
        assert bench.shown(2 * QUALIFIED) == {}

    def test_5000_registrations_of_50_addresses_are_50_series(self) -> None:
        bench = Bench()
        chance = random.Random(1)

        for number in range(5000):
            bench.hear(
                f"{contact(f'phone.{number % 50}', number)}:{chance.randrange(300)}|ms", now=number / 10
            )

        shown = bench.shown(500)
        assert sum(name.startswith("contact.rtt") for name in shown) == 50
        assert len(shown) == 100

    def test_contacts_are_bounded(self) -> None:
        bench = Bench()

        bench.hear(*(f"{contact(f'phone{number}', number)}:1|ms" for number in range(ENTITIES + 10)))

        assert len(bench.shown()) == 2 * ENTITIES

    def test_removed_is_a_counter(self) -> None:
        bench = Bench()
        for _ in range(2):
            bench.hear("PJSIP.contacts.states.Removed:0|g", *["PJSIP.contacts.states.Removed:+1|g"] * 3)

        assert bench.shown() == {"contacts.removed": 6}


class TestTotals:
    def test_lifetimes_of_channels_are_a_histogram_in_seconds(self) -> None:
        bench = Bench()

        bench.hear("channels.calltime:2003|ms", "channels.calltime:70000|ms")

        shown = bench.shown()
        assert shown["channels.lifetime_count"] == 2
        assert shown["channels.lifetime_sum"] == pytest.approx(72.003)
        assert (shown["channels.lifetime_le_5"], shown["channels.lifetime_le_120"]) == (1, 2)

    def test_messages_are_counted_by_type_up_to_a_bound(self) -> None:
        bench = Bench()

        bench.hear(*(f"stasis.message.type_{number}:1|m" for number in range(TYPES + 6)))

        shown = bench.shown()
        assert len(shown) == TYPES + 1
        assert (shown["stasis_message.count type_0"], shown["stasis_message.count other"]) == (1, 6)


class TestMemory:
    def test_a_bridge_that_is_started_again_goes_on(self) -> None:
        before = Bench()
        before.uptime(100, now=0)
        before.hear("channels.count:+1|g", "stasis.message.x:1|m", "channels.calltime:2003|ms")
        after = Bench()

        after.instruments.restore(before.instruments.state())
        after.hear("channels.count:+1|g", "stasis.message.x:1|m", now=10)

        shown = after.shown(10)
        assert shown["channels.active"] == 2
        assert shown["stasis_message.count x"] == 2
        assert shown["channels.lifetime_count"] == 1

    def test_a_restart_of_the_pbx_while_the_bridge_was_down_is_seen(self) -> None:
        before, after = Bench(), Bench()
        before.uptime(1000, now=0)
        before.hear(*["endpoints.count:+1|g"] * 3)
        after.instruments.restore(before.instruments.state())

        after.hear("endpoints.count:+1|g", now=55)
        after.uptime(10, now=60)

        assert after.shown(60) == {"endpoints.count": 1}

    def test_nothing_is_shown_of_what_is_only_remembered(self) -> None:
        before, after = Bench(), Bench()
        before.hear("channels.count:+1|g")

        after.instruments.restore(before.instruments.state())

        assert after.shown() == {}

    @pytest.mark.parametrize(
        "state",
        [
            None,
            7,
            [],
            {"gauges": 1, "totals": "x", "booted": "now"},
            {"gauges": [1, [], [["channels.active"]], [["channels.active"], "x"], [["queue.waiting"], 5]]},
        ],
    )
    def test_a_state_that_a_hand_has_changed_is_ignored(self, state: Json) -> None:
        bench = Bench()
        bench.instruments.restore(state)

        bench.hear("channels.count:+1|g")

        assert bench.shown() == {"channels.active": 1}

    def test_of_other_sources_only_what_is_told_as_changes_is_anchored(self) -> None:
        bench = Bench()
        bench.instruments.observe(Sample(ENDPOINTS_COUNT.series("hq"), 4, 0), 0)

        bench.hear("endpoints.count:+1|g", now=1)

        assert bench.shown(1) == {"endpoints.count": 5}


@pytest.mark.parametrize("folder", recordings.STATSD)
def test_what_real_servers_sent_adds_up(folder: str) -> None:
    """No gauge is ever negative, and when the calls are over there are no channels."""
    bench = Bench()
    lowest = 0.0
    for time, data in recordings.statsd(folder):
        if meaning(data.decode().partition(":")[0]):
            bench.hear(data.decode(), now=time)
            lowest = min(lowest, *bench.shown(time).values())

    shown = bench.shown(time)
    assert lowest == 0
    assert shown.get("channels.active", 0) == 0
    assert shown["contact_state.contacts nonqualified"] >= 0
    assert shown["registrations.count"] == sum(
        value for name, value in shown.items() if name.startswith("registration_state")
    )
    states = sum(value for name, value in shown.items() if name.startswith("endpoint_state"))
    assert shown.get("endpoints.count", 0) == states
