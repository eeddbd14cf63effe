"""Which entities Home Assistant is told of, when, and when they are taken away."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.asterisk.catalog.calls import CALLS_ATTEMPTS
from bridge.asterisk.catalog.endpoints import ENDPOINT_STATE, TRUNK_UP
from bridge.asterisk.catalog.queues import QUEUE_ANSWERED, QUEUE_WAITING
from bridge.asterisk.catalog.system import SYSTEM_INFO, SYSTEM_UPTIME
from bridge.core.alert import EVENTS, Key
from bridge.core.metric import Metric, MetricKind
from bridge.core.own import PROCESS_MEMORY, SINK_UP, SOURCE_UP
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.protocols import homeassistant, homeassistant_ids, homeassistant_looks
from bridge.protocols.homeassistant import AT_ONCE, GONE, SWEEP, Discovery
from bridge.protocols.homeassistant_entities import House, of_alert, of_bucket, of_series
from bridge.protocols.mqtt import RESERVED, Message
from bridge.protocols.mqtt_values import Values
from tests.homeassistant.documented import LARGEST, faults

Layout = Literal["entity", "metric"]
LAYOUTS: Sequence[Layout] = ("entity", "metric")
HOUSE = House("asterisk", "1.2.3", alerts=True, commands=True, url="https://example.org/bridge")
INFOS = {name for name, metric in CATALOG.items() if metric.kind is MetricKind.INFO}
NODE = "asterisk-bridge--asterisk"
NOW = 1_700_000_000.0

WAITING = QUEUE_WAITING.series("hq", "support")
TRUNK = TRUNK_UP.series("hq", "t1")
AMI = SOURCE_UP.series("hq", "ami")
ALERT = Key("trunk_down", (("pbx", "hq"), ("trunk", "t1")))


def at(series: Series, value: float = 1.0) -> Sample:
    return Sample(series, value, NOW)


def told(*series: Series, house: House = HOUSE) -> dict[str, Any]:
    """What is announced when these are heard of: name of the topic, and payload."""
    discovery = Discovery(house, CATALOG)
    discovery.take(map(at, series), NOW)
    return read(all_due(discovery))


def all_due(discovery: Discovery) -> list[Message]:
    """What is due in as many turns as it takes."""
    return [message for turn in iter(lambda: discovery.due(NOW), []) for message in turn]


def read(messages: Iterable[Message]) -> dict[str, Any]:
    return {
        re.sub(r"homeassistant/(.+)/asterisk-bridge--asterisk/(.+)/config", r"\1 \2", message.topic): (
            json.loads(message.payload) if message.payload else None
        )
        for message in messages
    }


def example(metric: Metric, value: str = "some one") -> Series:
    return metric.series("hq", *(value for _ in metric.labels))


def entity(metric: Metric, *values: str, house: House = HOUSE) -> Any:
    message = of_series(house, metric, metric.series("hq", *values))
    assert message
    return json.loads(message.payload)


class TestDevices:
    """Each PBX is a device, and so is the bridge."""

    def test_the_bridge_is_there_from_the_start(self) -> None:
        announced = read(Discovery(HOUSE, CATALOG).everything())

        connection = announced["binary_sensor bridge--availability"]
        assert connection["state_topic"] == "asterisk/bridge/state"
        assert connection["device_class"] == "connectivity"
        assert connection["device"] == {
            "identifiers": [f"{NODE}--bridge"],
            "name": "Asterisk bridge",
            "manufacturer": "asterisk-bridge",
            "model": "Bridge",
            "sw_version": "1.2.3",
        }
        assert "availability" not in connection

    def test_a_pbx_is_there_as_soon_as_anything_is_heard_of_it(self) -> None:
        announced = told(WAITING)

        connection = announced["binary_sensor hq--availability"]
        assert connection["state_topic"] == "asterisk/hq/availability"
        assert [each["topic"] for each in connection["availability"]] == ["asterisk/bridge/state"]
        assert connection["device"] == {
            "identifiers": [f"{NODE}--hq"],
            "name": "PBX hq",
            "manufacturer": "Asterisk",
            "model": "Asterisk",
            "via_device": f"{NODE}--bridge",
        }

    def test_its_version_is_told_once_it_is_known_and_whenever_it_changes(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        versions = []

        for version in ("22.4.1", "22.4.1", "22.5.0", "22.4.1"):
            discovery.take([at(SYSTEM_INFO.series("hq", version))], NOW)
            told = read(discovery.due(NOW)).get("binary_sensor hq--availability", {})
            versions.append(told.get("device", {}).get("sw_version"))

        assert versions == ["22.4.1", None, "22.5.0", "22.4.1"]

    def test_who_says_it_is_told(self) -> None:
        assert entity(SYSTEM_UPTIME)["origin"] == {
            "name": "asterisk-bridge",
            "sw_version": "1.2.3",
            "support_url": "https://example.org/bridge",
        }


class TestSensors:
    def test_a_gauge_is_read_from_the_object_of_its_thing(self) -> None:
        announced = told(WAITING)["sensor hq--queue--waiting--support"]

        assert announced["name"] == "Queue support waiting"
        assert announced["state_topic"] == "asterisk/hq/queue/support"
        assert announced["value_template"] == "{{ (value_json|default({}))['waiting']|default('') }}"
        assert announced["state_class"] == "measurement"
        assert announced["unique_id"] == f"{NODE}--hq--queue--waiting--support"
        assert announced["default_entity_id"] == "sensor.asterisk_hq_queue_support_waiting"
        assert announced["availability_mode"] == "all"

    def test_in_the_other_layout_it_is_a_topic_of_its_own(self) -> None:
        announced = entity(QUEUE_WAITING, "support", house=House("asterisk", "1", layout="metric"))

        assert announced["state_topic"] == "asterisk/hq/queue/support/waiting"
        assert "value_template" not in announced

    @pytest.mark.parametrize(
        ("name", "looks"),
        [
            ("system.uptime", ("duration", "measurement", "s", 0)),
            ("contact.rtt", ("duration", "measurement", "s", 3)),
            ("process.cpu", ("duration", "total_increasing", "s", 0)),
            ("process.memory", ("data_size", "measurement", "B", 0)),
            ("kpi.asr", (None, "measurement", "%", 1)),
            ("calls.attempts", (None, "total_increasing", None, None)),
            ("media.mos", (None, "measurement", None, 2)),
            ("system.info", (None, None, None, None)),
        ],
    )
    def test_kind_and_unit_decide_how_it_looks(
        self, name: str, looks: tuple[str | None, str | None, str | None, int | None]
    ) -> None:
        metric = CATALOG[name]

        announced = entity(metric, *(["x"] * len(metric.labels)))

        keys = ("device_class", "state_class", "unit_of_measurement", "suggested_display_precision")
        assert tuple(map(announced.get, keys)) == looks

    def test_an_endpoint_is_online_or_not(self) -> None:
        announced = told(ENDPOINT_STATE.series("hq", "100"))["binary_sensor hq--endpoint--state--100"]

        assert announced["name"] == "Endpoint 100"
        assert announced["device_class"] == "connectivity"

    def test_whatever_says_yes_or_no_is_a_binary_sensor(self) -> None:
        yes_or_no = {name for name, metric in CATALOG.items() if metric.help.startswith(("1 while", "1 if"))}
        binary = {name for name, metric in CATALOG.items() if metric.name in homeassistant_looks.BINARY}

        assert yes_or_no - binary == {"channel.outbound"}
        assert homeassistant_looks.BINARY.keys() <= CATALOG.keys()

    def test_a_gauge_without_its_only_source_is_not_available(self) -> None:
        topics = [each["topic"] for each in entity(QUEUE_WAITING, "support")["availability"]]

        assert topics == ["asterisk/bridge/state", "asterisk/hq/availability", "asterisk/hq/source/ami"]

    def test_what_the_bridge_says_of_a_source_is_true_while_the_pbx_is_away(self) -> None:
        topics = [each["topic"] for each in entity(SOURCE_UP, "ami")["availability"]]

        assert topics == ["asterisk/bridge/state"]

    def test_channels_and_addresses_of_strangers_never_become_entities(self) -> None:
        unseen = [name for name, metric in CATALOG.items() if not homeassistant_looks.look(metric)]

        assert {name.partition(".")[0] for name in unseen} == {"channel", "security_address"}


class TestShownAtOnce:
    """What a home user sees without switching anything on."""

    @pytest.mark.parametrize("metric", [SYSTEM_UPTIME, QUEUE_WAITING, CALLS_ATTEMPTS, TRUNK_UP, SINK_UP])
    def test_what_is_now_and_what_counts_for_the_pbx_is_shown(self, metric: Metric) -> None:
        assert "enabled_by_default" not in entity(metric, *(["x"] * len(metric.labels)))

    @pytest.mark.parametrize(
        "name", ["queue.answered", "hangups.count", "taskprocessors.queued", "sink.errors"]
    )
    def test_the_rest_must_be_switched_on(self, name: str) -> None:
        metric = CATALOG[name]

        assert entity(metric, *(["x"] * len(metric.labels)))["enabled_by_default"] is False

    def test_no_part_of_a_histogram_is_shown(self) -> None:
        for histogram in HISTOGRAMS:
            for metric in histogram.metrics:
                look = homeassistant_looks.look(metric)

                assert look
                assert not look.enabled, metric.name

    def test_every_label_is_a_thing_or_splits_something_up(self) -> None:
        """A new label has to be put into one of the three sets."""
        labels = {
            label
            for metric in CATALOG.values()
            if metric.kind is not MetricKind.INFO and homeassistant_looks.look(metric)
            for label in metric.labels
        }
        sets = (homeassistant_looks.THINGS, homeassistant_looks.BREAKDOWNS, homeassistant_looks.QUALIFIERS)

        assert labels <= frozenset().union(*sets)

    def test_the_machinery_is_diagnostic(self) -> None:
        assert entity(PROCESS_MEMORY)["entity_category"] == "diagnostic"
        assert "entity_category" not in entity(QUEUE_ANSWERED, "support")


class TestAlerts:
    def test_an_alert_is_a_problem_while_it_fires(self) -> None:
        announced = json.loads(of_alert(HOUSE, ALERT).payload)

        assert announced["name"] == "Alert trunk down t1"
        assert announced["device_class"] == "problem"
        assert (
            announced["state_topic"]
            == announced["json_attributes_topic"]
            == "asterisk/hq/alert/trunk_down/t1"
        )
        assert [each["topic"] for each in announced["availability"]] == ["asterisk/bridge/state"]

    def test_a_pbx_has_an_event_and_a_button(self) -> None:
        announced = told(WAITING)

        event, button = announced["event hq--event--alert"], announced["button hq--request--ack"]
        assert event["state_topic"] == "asterisk/hq/event/alert"
        assert event["event_types"] == [each.value for each in EVENTS]
        assert button["command_topic"] == "asterisk/bridge/request/ack"
        assert json.loads(button["payload_press"]) == {"pbx": "hq"}

    def test_there_is_no_button_where_commands_are_off(self) -> None:
        kinds = {name.partition(" ")[0] for name in told(WAITING, house=House("asterisk", "1", alerts=True))}

        assert kinds == {"binary_sensor", "event", "sensor"}

    def test_there_is_nothing_of_alerts_where_they_are_off(self) -> None:
        discovery = Discovery(House("asterisk", "1"), CATALOG)
        discovery.alert(ALERT)
        discovery.forget_alert(ALERT)

        assert read(discovery.due(NOW)).keys() == {"binary_sensor bridge--availability"}

    def test_an_alert_comes_and_goes(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.alert(ALERT)
        came = read(discovery.due(NOW))
        discovery.forget_alert(ALERT)

        assert came["binary_sensor hq--alert--trunk_down--t1"]
        assert read(discovery.due(NOW)) == {"binary_sensor hq--alert--trunk_down--t1": None}


class TestBuckets:
    """The user's own StatsD buckets."""

    def test_a_bucket_is_a_plain_sensor(self) -> None:
        announced = told(Series("statsd.door.opened.count", (("pbx", "hq"), ("gate", "north"))))

        bucket = announced["sensor hq--statsd--door-2Eopened-2Ecount--gate--north"]
        assert bucket["name"] == "StatsD door.opened.count north"
        assert bucket["state_topic"] == "asterisk/hq/statsd/gate=north/door.opened"
        assert bucket["value_template"] == "{{ (value_json|default({}))['count']|default('') }}"
        assert bucket["enabled_by_default"] is False

    def test_there_is_an_end_to_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(homeassistant, "MOST_BUCKETS", 3)
        discovery = Discovery(HOUSE, CATALOG)

        discovery.take((at(Series(f"statsd.b{each}", (("pbx", "hq"),))) for each in range(5)), NOW)
        discovery.take([at(WAITING)], NOW)

        names = read(discovery.due(NOW)).keys()
        assert len([name for name in names if "--statsd--" in name]) == 3
        assert "sensor hq--queue--waiting--support" in names
        assert discovery.refused == 2

    def test_a_name_that_nobody_knows_is_none(self) -> None:
        assert not [
            name for name in told(Series("door.opened", (("pbx", "hq"),))) if name.startswith("sensor")
        ]


class TestWhatIsDue:
    def test_everything_is_told_once(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.take([at(WAITING)], NOW)
        discovery.due(NOW)

        discovery.take([at(WAITING), at(WAITING, 2)], NOW)

        assert discovery.due(NOW) == []

    def test_everything_is_told_again_after_a_lost_connection(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.take([at(WAITING), at(TRUNK)], NOW)
        first = discovery.due(NOW)

        assert discovery.everything() == first
        assert discovery.due(NOW) == []

    def test_everything_is_told_again_when_home_assistant_starts(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.take([at(WAITING)], NOW)
        first = discovery.due(NOW)

        discovery.hear("homeassistant/status", b"offline", NOW)
        nothing = discovery.due(NOW)
        discovery.hear("homeassistant/status", b"online", NOW)

        assert nothing == []
        assert discovery.due(NOW) == first

    def test_a_topic_that_somebody_deletes_is_told_again(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.take([at(WAITING)], NOW)
        *_, waiting = discovery.due(NOW)

        discovery.hear(waiting.topic, b"", NOW)

        assert discovery.due(NOW) == [waiting]

    def test_its_own_echo_is_no_news(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.take([at(WAITING)], NOW)

        for message in discovery.due(NOW):
            discovery.hear(message.topic, message.payload, NOW)

        assert discovery.due(NOW) == []

    def test_what_is_new_is_told_in_turns(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.take((at(QUEUE_WAITING.series("hq", str(each))) for each in range(3 * AT_ONCE)), NOW)

        turns = [len(turn) for turn in iter(lambda: discovery.due(NOW), [])]

        assert sum(turns) == 3 * AT_ONCE + 6
        assert max(turns) <= AT_ONCE + 3

    def test_there_is_an_end_to_entities(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(homeassistant, "MOST", 10)
        discovery = Discovery(HOUSE, CATALOG)

        discovery.take((at(QUEUE_WAITING.series("hq", str(each))) for each in range(20)), NOW)

        assert len(discovery.due(NOW)) == 10
        assert discovery.refused == 16


class TestWhatGoes:
    """A queue or a trunk that is no more."""

    def heard_for(self, discovery: Discovery, seconds: float, *series: Series) -> list[Message]:
        """All that falls due while these are heard of every minute."""
        due = []
        for minute in range(int(seconds // SWEEP) + 2):
            discovery.take(map(at, series), NOW + minute * SWEEP)
            due += discovery.due(NOW + minute * SWEEP)
        return due

    def gone(self, messages: Iterable[Message]) -> set[str]:
        return {name for name, payload in read(messages).items() if payload is None}

    def test_a_queue_of_which_nobody_tells_any_more_goes(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.take([at(AMI), at(WAITING), at(TRUNK), at(SYSTEM_UPTIME.series("hq"))], NOW)

        due = self.heard_for(discovery, GONE + SWEEP, AMI, TRUNK)

        assert self.gone(due) == {"sensor hq--queue--waiting--support"}
        assert self.gone(discovery.everything()) == set()

    def test_it_comes_back(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.take([at(AMI), at(WAITING)], NOW)
        self.heard_for(discovery, GONE + SWEEP, AMI)

        discovery.take([at(WAITING)], NOW)

        assert read(discovery.due(NOW))["sensor hq--queue--waiting--support"]

    def test_nothing_goes_while_a_source_is_away(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.take([at(AMI, 0), at(WAITING)], NOW)

        due = self.heard_for(discovery, 3 * GONE, SYSTEM_UPTIME.series("hq"))

        assert self.gone(due) == set()

    def test_a_pbx_that_new_settings_leave_out_goes_as_a_whole(self) -> None:
        discovery = Discovery(HOUSE, CATALOG, {"hq", "lab"})
        discovery.take(
            [at(WAITING), at(QUEUE_WAITING.series("lab", "x")), at(PROCESS_MEMORY.series(BRIDGE))], NOW
        )
        discovery.alert(ALERT)
        discovery.due(NOW)

        discovery.serve({"lab"})

        gone = self.gone(discovery.due(NOW))
        assert gone == {
            "binary_sensor hq--availability",
            "event hq--event--alert",
            "button hq--request--ack",
            "sensor hq--queue--waiting--support",
            "binary_sensor hq--alert--trunk_down--t1",
        }


class TestOrphans:
    """Topics of our node that the broker kept from a bridge that ran before."""

    def orphans(self, topics: Iterable[str], seconds: float, pbxs: set[str] | None = None) -> set[str]:
        discovery = Discovery(HOUSE, CATALOG, pbxs)
        found: set[str] = set()
        for topic in topics:
            discovery.hear(topic, b"{}", NOW)
        for minute in range(int(seconds // SWEEP) + 2):
            discovery.take([at(AMI), at(TRUNK)], NOW + minute * SWEEP)
            found |= {message.topic for message in discovery.due(NOW + minute * SWEEP) if not message.payload}
        return found

    def topic(self, name: str, component: str = "sensor") -> str:
        return f"homeassistant/{component}/{NODE}/{name}/config"

    @pytest.mark.parametrize(
        "name",
        [
            "hq--queue--waiting--sales",
            "hq--statsd--old",
            "hq--alert--old_rule--x",
            "hq--queue_kpi--asa--sales",
        ],
    )
    def test_a_thing_of_which_nobody_tells_goes_after_a_while(self, name: str) -> None:
        component = "binary_sensor" if "alert" in name else "sensor"

        assert self.orphans([self.topic(name, component)], GONE / 2) == set()
        assert self.orphans([self.topic(name, component)], GONE + SWEEP) == {self.topic(name, component)}

    def test_what_may_come_back_stays(self) -> None:
        """A number is not always there, such as a mean of calls at night."""
        names = ["hq--kpi--acd", "hq--trunk--channels--t1"]

        assert self.orphans(map(self.topic, names), 3 * GONE) == set()

    @pytest.mark.parametrize(
        "name",
        ["hq--queue--nonsense--sales", "gone--queue--waiting--sales", "hq--trunk--up--t1", "no-name", "--"],
    )
    def test_what_nobody_would_announce_goes_at_once(self, name: str) -> None:
        """Another version of the bridge had it, under another component, or for a PBX that is not served."""
        assert self.orphans([self.topic(name)], 0, {"hq"}) == {self.topic(name)}

    def test_what_is_not_ours_is_left_alone(self) -> None:
        topics = [
            "homeassistant/sensor/asterisk-bridge--other/hq--queue--waiting--sales/config",
            "homeassistant/sensor/hq--queue--waiting--sales/config",
            "other/sensor/asterisk-bridge--asterisk/hq--nonsense/config",
            "homeassistant/status",
        ]
        discovery = Discovery(HOUSE, CATALOG)

        assert not any(map(discovery.belongs, topics))
        assert self.orphans(topics, 3 * GONE) == set()

    def test_what_it_asks_for_is_its_own_node(self) -> None:
        filters = Discovery(HOUSE, CATALOG).filters

        assert filters == (f"homeassistant/+/{NODE}/+/config", "homeassistant/status")


HOSTILE = st.one_of(
    st.text(st.characters(), max_size=12),
    st.sampled_from(["", "-", "--", "-2D", "_", "a--b", "\0", "\udc80", "é/+#"]),
)


class TestNames:
    @given(st.sets(st.lists(HOSTILE, min_size=1, max_size=4).map(tuple), min_size=2, max_size=8))
    def test_no_two_things_share_a_name(self, things: set[tuple[str, ...]]) -> None:
        names = {homeassistant_ids.join(parts) for parts in things}

        assert len(names) == len(things)

    @given(st.lists(HOSTILE, min_size=1, max_size=4).map(tuple))
    def test_a_name_reads_back(self, parts: tuple[str, ...]) -> None:
        name = homeassistant_ids.join(parts)

        assert re.fullmatch(r"[a-zA-Z0-9_-]*", name)
        assert homeassistant_ids.split(name) == parts

    @given(st.text("aA_-2DdFf", max_size=12))
    def test_what_reads_back_is_written_the_same_way(self, name: str) -> None:
        parts = homeassistant_ids.split(name)

        assert parts is None or homeassistant_ids.join(parts) == name

    def test_no_group_of_the_catalogue_is_taken_for_something_else(self) -> None:
        groups = {name.partition(".")[0] for name in CATALOG}

        assert not groups & (RESERVED | {"statsd"})


series_of_any_kind = st.one_of(
    st.tuples(st.sampled_from(sorted(CATALOG)), HOSTILE, HOSTILE, HOSTILE).map(
        lambda drawn: CATALOG[drawn[0]].series(drawn[1] or "hq", *drawn[2:][: len(CATALOG[drawn[0]].labels)])
    ),
    st.tuples(HOSTILE, HOSTILE, HOSTILE).map(
        lambda drawn: Series(f"statsd.{drawn[0]}", (("pbx", "hq"), (drawn[1], drawn[2])))
    ),
)


def announced(series: Series, house: House = HOUSE) -> Message | None:
    metric = CATALOG.get(series.name)
    return of_series(house, metric, series) if metric else of_bucket(house, series)


class TestEveryMessage:
    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("name", sorted(CATALOG))
    def test_the_whole_catalogue_is_as_documented(self, name: str, layout: Layout) -> None:
        message = announced(example(CATALOG[name]), House("asterisk", "1.2.3", layout=layout))

        assert message is None or faults(message) == []

    def test_so_is_the_rest(self) -> None:
        discovery = Discovery(HOUSE, CATALOG)
        discovery.take(
            [at(SYSTEM_INFO.series("hq", "22.4.1")), at(Series("statsd.a.mean", (("pbx", "hq"),)))], NOW
        )
        discovery.alert(ALERT)

        assert [fault for message in discovery.due(NOW) for fault in faults(message)] == []

    @given(series_of_any_kind)
    @settings(max_examples=300)
    def test_so_is_whatever_a_label_says(self, series: Series) -> None:
        message = announced(series)

        assert message is None or faults(message) == []
        assert message is None or not any(byte < 32 or byte == 127 for byte in message.payload)

    @given(st.lists(series_of_any_kind, max_size=20))
    def test_two_entities_share_an_id_if_they_share_their_value(self, many: list[Series]) -> None:
        ids: dict[str, set[Any]] = {}
        for series in many:
            if message := announced(series):
                cell = HOUSE.cell(series, info=series.name in INFOS)
                ids.setdefault(message.topic, set()).add((cell.topic, cell.field))

        assert all(len(cells) == 1 for cells in ids.values())
        assert len(set().union(*ids.values())) == len(ids)

    def test_a_long_label_shortens_the_name_and_nothing_else(self) -> None:
        long = "x" * 250

        message = announced(QUEUE_WAITING.series("hq", long))

        assert message
        assert len(message.payload) < LARGEST
        payload = json.loads(message.payload)
        assert payload["state_topic"].endswith(f"/{long}")
        assert len(payload["name"]) < 60

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_every_entity_listens_where_its_value_is_published(self, layout: Layout) -> None:
        for metric in CATALOG.values():
            series = example(metric)
            message = announced(series, House("asterisk", "1", layout=layout))
            (value,) = Values("asterisk", layout, INFOS).update([at(series)], NOW)

            assert message is None or json.loads(message.payload)["state_topic"] == value.topic
