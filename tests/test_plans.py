"""Plans: every part that the settings ask for, and what makes two of them equal."""

from pathlib import Path
from typing import Any

import pytest

from bridge.core.sample import BRIDGE
from bridge.errors import SettingsError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.plans import (
    SinkPlan,
    alert_plans,
    build_buffer,
    build_sources,
    sink_plans,
    source_plans,
    try_out,
    watch,
)
from bridge.settings import Settings
from bridge.sinks.mqtt import Board
from tests.in_process import settings


def test_every_interface_of_every_pbx_is_a_source() -> None:
    pbx = {
        "hq": {"snmp": {"host": "127.0.0.1"}, "ami": {"host": "127.0.0.1", "username": "a", "secret": "b"}},
        "branch": {"snmp": {"host": "127.0.0.1"}},
    }
    clock = SystemClock()

    sources = build_sources(settings(8125, pbx=pbx), Health(clock), clock)

    names = {(source.pbx, source.name) for source in sources}
    assert names == {("hq", "snmp"), ("hq", "ami"), ("branch", "snmp"), (BRIDGE, "statsd")}


def test_faults_that_only_sources_see_are_found_in_all_of_them(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text("[rule]\n")
    snmp = {"snmp": {"host": "127.0.0.1", "objects": "NO-MIB::thing.0"}}
    broken = Settings.model_validate({"pbx": {"a": snmp, "b": snmp}, "statsd": {"mapping": mapping}})

    with pytest.raises(SettingsError) as caught:
        try_out(broken)

    assert [fault.where for fault in caught.value.faults] == [
        "BRIDGE_PBX__A__SNMP__OBJECTS",
        "BRIDGE_PBX__B__SNMP__OBJECTS",
        "BRIDGE_STATSD__MAPPING",
    ]


def test_only_sinks_that_are_named_are_built() -> None:
    clock = SystemClock()
    chosen = settings(8125, graphite={"url": "tcp://127.0.0.1"}, mqtt={"url": "mqtt://127.0.0.1"})

    assert list(sink_plans(settings(8125), Health(clock))) == []
    assert {plan.sink.name for plan in sink_plans(chosen, Health(clock))} == {"graphite", "mqtt"}


PBX = {
    "hq": {"ami": {"host": "127.0.0.1", "username": "a", "secret": "b"}, "statsd": {"senders": "192.0.2.1"}}
}


def plans(chosen: Settings) -> list[object]:
    return [*source_plans(chosen), *sink_plans(chosen, Health(SystemClock()))]


def test_equal_settings_make_equal_plans() -> None:
    peers: dict[str, Any] = {"graphite": {"url": "tcp://127.0.0.1"}, "mqtt": {"url": "mqtt://127.0.0.1"}}

    assert plans(settings(8125, pbx=PBX, **peers)) == plans(settings(8125, pbx=PBX, **peers))


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({"freshness": 5}, set[str]()),
        ({"pbx": {"hq": {"statsd": {"senders": "192.0.2.1"}}}}, {"ami"}),
        ({"pbx": {"hq": {**PBX["hq"], "statsd": {"senders": "192.0.2.2"}}}}, {"statsd"}),
        ({"graphite": {"url": "tcp://127.0.0.1", "batch": 7}}, {"graphite"}),
        ({"graphite": {}}, {"graphite"}),
        ({"privacy": {"agent": "show"}}, {"http", "mqtt"}),
    ],
)
def test_a_setting_changes_the_plans_of_what_depends_on_it(changed: dict[str, Any], parts: set[str]) -> None:
    before: dict[str, Any] = {
        "pbx": PBX,
        "http": {"listen": "127.0.0.1:8080"},
        "graphite": {"url": "tcp://127.0.0.1"},
        "mqtt": {"url": "mqtt://127.0.0.1"},
    }

    old = plans(settings(8125, **before))
    new = plans(settings(8125, **{**before, **changed}))

    assert {each.part.name for each in old if each not in new} == parts  # type: ignore[attr-defined]


def test_a_file_that_has_changed_changes_the_plan(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text("")
    chosen = Settings.model_validate({"statsd": {"mapping": mapping}})

    before = plans(chosen)
    mapping.write_text("# longer")

    assert plans(chosen) != before


class TestAlerts:
    """The sink of alerts, what is watched, and what Home Assistant hears of it."""

    BOARD = Board(lambda _: None, lambda _: None, list, list)

    def plans(self, **more: Any) -> list[SinkPlan]:
        chosen = settings(8125, mqtt={"url": "mqtt://127.0.0.1"}, **more)
        return [*alert_plans(chosen, self.BOARD, lambda *_: None)]

    def test_there_is_one_where_there_is_a_broker_unless_alerts_are_off(self) -> None:
        (plan,) = self.plans()

        assert (plan.part.name, plan.notices, plan.limits.newest_first) == ("alerts", True, False)
        assert self.plans(alerts={"enabled": False}) == []
        assert [*alert_plans(settings(8125), self.BOARD, lambda *_: None)] == []

    def test_its_connection_does_not_depend_on_the_rules(self) -> None:
        rule = {"metric": "queue.waiting", "above": 3}

        assert self.plans(alerts={"rule": {"mine": rule}}) == self.plans()
        assert self.plans(alerts={"commands": True}) != self.plans()

    def test_what_waits_for_it_is_kept_in_order_and_on_disk(self, tmp_path: Path) -> None:
        (plan,) = self.plans()

        buffer = build_buffer(settings(8125), plan, Health(SystemClock()), tmp_path)

        assert buffer.store
        assert buffer.pace is None

    def test_all_rules_and_pbxs_are_watched(self) -> None:
        rule = {"metric": "queue.waiting", "above": 3}
        chosen = settings(8125, pbx=PBX, alerts={"stale": "1m", "rule": {"mine": rule}})

        wanted = watch(chosen, {})

        assert (wanted.pbxs, wanted.stale, wanted.limit) == (("hq",), 60, 20_000)
        assert "mine" in {each.name for each in wanted.rules}

    def test_sparkplug_and_home_assistant_are_asked_for(self) -> None:
        def names(**more: Any) -> list[str]:
            chosen = settings(8125, mqtt={"url": "mqtt://127.0.0.1", **more})
            return [plan.part.name for plan in sink_plans(chosen, Health(SystemClock()))]

        assert names() == names(homeassistant=True) == ["mqtt"]
        assert names(sparkplug=True) == ["mqtt", "sparkplug"]

    def test_only_home_assistant_needs_to_know_of_other_pbxs_and_of_requests(self) -> None:
        def plan(announced: bool, **more: Any) -> SinkPlan:
            mqtt = {"url": "mqtt://127.0.0.1", "homeassistant": announced}
            return next(sink_plans(settings(8125, mqtt=mqtt, **more), Health(SystemClock())))

        for changed in ({"pbx": PBX}, {"alerts": {"commands": True}}):
            assert plan(False) == plan(False, **changed)
            assert plan(True) != plan(True, **changed)
