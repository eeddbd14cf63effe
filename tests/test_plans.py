"""Plans: every part that the settings ask for, and what makes two of them equal."""

from pathlib import Path
from typing import Any

import pytest

from bridge.core.sample import BRIDGE
from bridge.errors import SettingsError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.plans import build_sources, sink_plans, source_plans, try_out
from bridge.settings import Settings
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
