"""Rules and schedules as users write them: in layers, with all faults told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.alerts import SHIPPED
from bridge.environment import effective, load, masked, read
from bridge.errors import SettingsError
from bridge.settings import AlertsSettings, RuleSettings, ScheduleSettings, Settings
from bridge.settings.alerts import overruled, rules
from bridge.settings.values import without_path


def alerts(environ: Mapping[str, str]) -> AlertsSettings:
    return load({f"BRIDGE_ALERTS__{name}": value for name, value in environ.items()}).alerts


def faults(environ: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(environ)
    return [str(fault) for fault in caught.value.faults]


def alerts_file(folder: Path, text: str) -> dict[str, str]:
    file = folder / "alerts.toml"
    file.write_text(text)
    return {"BRIDGE_ALERTS__FILE": str(file)}


class TestLayers:
    """The environment, the TOML file, the file for alerts, and the rules that ship."""

    def test_without_anything_those_that_ship_are_in_force(self) -> None:
        assert alerts({}).rule == {name: RuleSettings(**shipped.fields) for name, shipped in SHIPPED.items()}
        assert alerts({}) == Settings().alerts

    def test_one_variable_changes_one_field_of_a_rule_that_ships(self) -> None:
        changed = alerts({"RULE__QUEUE_WAITING__ABOVE": "20"}).rule["queue_waiting"]

        assert changed == AlertsSettings().rule["queue_waiting"].model_copy(update={"above": 20.0})

    def test_a_rule_that_ships_is_turned_off(self) -> None:
        settings = alerts({"RULE__QUEUE_WAITING__ENABLED": "false"})

        assert {each.name for each in rules(AlertsSettings())} - {each.name for each in rules(settings)} == {
            "queue_waiting"
        }

    def test_each_goes_over_those_below_field_by_field(self, tmp_path: Path) -> None:
        config = tmp_path / "bridge.toml"
        config.write_text('[alerts.rule.trunk_down]\nseverity = "info"\nsummary = "of TOML"\nrepeat = "1h"\n')
        file = alerts_file(
            tmp_path, '[rule.trunk_down]\nseverity = "warning"\nsummary = "of the file"\nfor = "5m"\n'
        )

        settings = load(
            {
                **file,
                "BRIDGE_CONFIG": str(config),
                "BRIDGE_ALERTS__RULE__TRUNK_DOWN__SEVERITY": "critical",
            }
        )

        trunk_down = settings.alerts.rule["trunk_down"]
        assert trunk_down.severity == "critical"
        assert trunk_down.summary == "of TOML"
        assert (trunk_down.repeat, trunk_down.for_) == (3600, 300)
        assert trunk_down.metric == "trunk.up"

    def test_labels_go_over_others_as_a_whole(self, tmp_path: Path) -> None:
        file = alerts_file(tmp_path, '[rule.authentication_failures]\nlabels = { service = "pjsip" }\n')

        changed = load(file).alerts.rule["authentication_failures"]

        assert changed.labels == {"service": ("pjsip",)}
        assert changed.by == ("service",)

    def test_a_table_that_names_the_metric_writes_the_rule_anew(self, tmp_path: Path) -> None:
        file = alerts_file(tmp_path, '[rule.queue_waiting]\nmetric = "queue.longest_wait"\nabove = 60\n')

        changed = load({**file, "BRIDGE_ALERTS__RULE__QUEUE_WAITING__ABOVE": "90"}).alerts

        assert changed.rule["queue_waiting"] == RuleSettings(metric="queue.longest_wait", above=90)

    def test_what_says_when_it_is_bad_takes_the_place_of_what_says_so_below(self) -> None:
        changed = alerts({"RULE__QUEUE_WAITING__EQUAL": "0"}).rule["queue_waiting"]

        assert (changed.above, changed.equal, changed.clear) == (None, 0, None)

    @pytest.mark.parametrize(("above", "clear"), [("20", 8), ("8", 8), ("7", None)])
    def test_where_it_is_good_again_stays_if_it_fits(self, above: str, clear: float | None) -> None:
        changed = alerts({"RULE__QUEUE_WAITING__ABOVE": above}).rule["queue_waiting"]

        assert changed.clear == clear

    def test_what_must_hold_besides_is_changed_in_the_same_way(self) -> None:
        one = alerts({"RULE__ASR_LOW__GIVEN__ABOVE": "99"}).rule["asr_low"].given
        other = alerts({"RULE__ASR_LOW__GIVEN__METRIC": "calls.active", "RULE__ASR_LOW__GIVEN__BELOW": "1"})

        assert one == AlertsSettings().rule["asr_low"].given.model_copy(update={"above": 99.0})  # type: ignore[union-attr]
        assert other.rule["asr_low"].given == type(one)(metric="calls.active", below=1)  # type: ignore[misc]

    def test_the_file_may_be_named_by_the_other_file(self, tmp_path: Path) -> None:
        config = tmp_path / "bridge.toml"
        named = alerts_file(tmp_path, "[rule.trunk_down]\nenabled = false\n")["BRIDGE_ALERTS__FILE"]
        config.write_text(f'[alerts]\nfile = "{named}"\n')

        assert load({"BRIDGE_CONFIG": str(config)}).alerts.rule["trunk_down"].enabled is False

    def test_faults_in_the_file_name_it_and_the_key(self, tmp_path: Path) -> None:
        file = alerts_file(
            tmp_path,
            """
            enabled = false
            [rule.trunk_down]
            sumary = "x"
            severity = "bad"
            [rule.trunk_down.labels]
            trnk = "a"
            [mqtt]
            url = "mqtt://b"
            """,
        )

        told = faults(file)

        where = file["BRIDGE_ALERTS__FILE"]
        assert told == [
            f"{where}: enabled: is not a setting (`asterisk-bridge env` lists all settings)",
            f"{where}: rule.trunk_down.sumary: is not a setting (did you mean rule.trunk_down.summary?)",
            f"{where}: mqtt.url: is not a setting (`asterisk-bridge env` lists all settings)",
            f"{where}: rule.trunk_down.severity: 'bad' is not one of 'info', 'warning' or 'critical'",
        ]

    @pytest.mark.parametrize(
        ("content", "told"),
        [(None, "does not exist"), ("[rule", "is not TOML"), ("#" * (1024 * 1024 + 1), "is longer than")],
    )
    def test_a_file_that_cannot_be_read_is_told_once(
        self, tmp_path: Path, content: str | None, told: str
    ) -> None:
        file = tmp_path / "alerts.toml"
        if content is not None:
            file.write_text(content)

        (fault,) = faults({"BRIDGE_ALERTS__FILE": str(file)})

        assert fault.startswith("BRIDGE_ALERTS__FILE: ")
        assert told in fault

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        assert "is not a file" in faults({"BRIDGE_ALERTS__FILE": str(tmp_path)})[0]

    def test_of_rules_only_what_was_set_is_shown(self, tmp_path: Path) -> None:
        file = alerts_file(tmp_path, '[rule.trunk_down]\nlabels = { trunk = ["a", "!b"] }\nfor = "2m"\n')
        loaded = read({**file, "BRIDGE_ALERTS__RULE__TRUNK_DOWN__SUMMARY": "down"})

        shown = {each.name: (value, where) for each, value, where in effective(loaded) if "RULE" in each.name}

        where = file["BRIDGE_ALERTS__FILE"]
        assert shown == {
            "BRIDGE_ALERTS__RULE__TRUNK_DOWN__LABELS": (
                "trunk=a,trunk=!b",
                f"{where}: rule.trunk_down.labels",
            ),
            "BRIDGE_ALERTS__RULE__TRUNK_DOWN__FOR": ("2m", f"{where}: rule.trunk_down.for"),
            "BRIDGE_ALERTS__RULE__TRUNK_DOWN__SUMMARY": ("down", "BRIDGE_ALERTS__RULE__TRUNK_DOWN__SUMMARY"),
        }
        assert masked(loaded.settings)["alerts"]["rule"].keys() == {"trunk_down"}
        assert masked(loaded.settings)["alerts"]["rule"]["trunk_down"]["for"] == 120

    def test_what_is_shown_reads_back_to_the_same_settings(self, tmp_path: Path) -> None:
        file = alerts_file(
            tmp_path,
            """
            [rule.mine]
            metric = "queue.waiting"
            labels = { queue = ["a,b", "c=d"] }
            above = 1234567.25
            by = []
            given = { metric = "queue.joins", labels = { queue = "*" }, above = 0.1 }
            """,
        )
        loaded = read(file)

        shown = {each.name: value for each, value, _ in effective(loaded) if "__RULE__" in each.name}

        assert load(shown).alerts.rule == loaded.settings.alerts.rule

    def test_what_a_layer_overrules_is_not_shown_as_the_origin(self, tmp_path: Path) -> None:
        file = alerts_file(tmp_path, '[rule.trunk_down]\nsummary = "of the file"\n')
        loaded = read(
            {
                **file,
                "BRIDGE_ALERTS__RULE__TRUNK_DOWN__METRIC": "trunk.channels",
                "BRIDGE_ALERTS__RULE__TRUNK_DOWN__ABOVE": "3",
            }
        )

        assert loaded.settings.alerts.rule["trunk_down"].summary == ""
        assert not [path for path in loaded.origins if path[-1] == "summary"]


TABLES = st.lists(
    st.dictionaries(
        st.sampled_from(["metric", "above", "below", "equal", "unequal", "absent", "clear", "summary"]),
        st.sampled_from(["1", 2, 3.5, "x"]),
    ),
    max_size=4,
)


@given(TABLES)
def test_whatever_the_layers_say_only_one_of_them_says_when_it_is_bad(tables: list[dict[str, Any]]) -> None:
    comparisons = {"above", "below", "equal", "unequal", "absent"}

    kept = overruled(tables)

    saying = [table.keys() & comparisons for table in kept if table.keys() & comparisons]
    assert len(kept) == len(tables)
    assert all(each <= saying[0] for each in saying)
    assert all(after.items() <= before.items() for after, before in zip(kept, tables, strict=True))


class TestSchedules:
    """When rules are watched."""

    def test_a_schedule_has_hours_a_zone_and_calendars(self, tmp_path: Path) -> None:
        holidays = tmp_path / "holidays.ics"
        holidays.touch()

        settings = alerts(
            {
                "SCHEDULE__BUSINESS__HOURS": "Mon-Fri 08:00-18:00, Sat 09:00-13:00",
                "SCHEDULE__BUSINESS__TIMEZONE": "Europe/Berlin",
                "SCHEDULE__BUSINESS__CLOSED": f"{holidays},https://calendar.example/a/secret.ics",
                "RULE__SUSPICIOUS_SILENCE__ENABLED": "true",
            }
        )

        assert settings.schedule["business"] == ScheduleSettings(
            hours="Mon-Fri 08:00-18:00, Sat 09:00-13:00",
            timezone="Europe/Berlin",
            closed=(str(holidays), "https://calendar.example/a/secret.ics"),
        )
        assert {each.name: each.schedule for each in rules(settings)}["suspicious_silence"] == "business"

    @pytest.mark.parametrize(
        ("field", "value", "told"),
        [
            ("HOURS", "Mon-Fri", "has no time of day"),
            ("TIMEZONE", "Europe/Berln", "is not a time zone; write Europe/Berlin or UTC"),
            ("TIMEZONE", "../../etc/passwd", "is not a time zone"),
            ("TIMEZONE", "Europe", "is not a time zone"),
            ("OPEN", "/none.ics", "does not exist"),
            ("CLOSED", "ftp://host/a.ics", "must begin with https:// or http://, or be a file"),
            ("CLOSED", "https://[bad", "is not a URL that can be read"),
        ],
    )
    def test_what_is_wrong_is_told(self, field: str, value: str, told: str) -> None:
        prefix = "BRIDGE_ALERTS__SCHEDULE__NIGHT__"

        found = faults({f"{prefix}TIMEZONE": "UTC", f"{prefix}{field}": value})

        assert len(found) == 1
        assert found[0].startswith(f"{prefix}{field}: ")
        assert told in found[0]

    def test_the_zone_must_be_given(self) -> None:
        told = faults({"BRIDGE_ALERTS__SCHEDULE__NIGHT__HOURS": "22:00-06:00"})

        assert told == [
            "BRIDGE_ALERTS__SCHEDULE__NIGHT__TIMEZONE: is not set (Time zone, such as Europe/Berlin)"
        ]

    def test_a_rule_for_hours_that_nobody_has_defined_is_a_fault(self) -> None:
        told = faults({"BRIDGE_ALERTS__RULE__SUSPICIOUS_SILENCE__ENABLED": "true"})

        assert told == [
            "BRIDGE_ALERTS__RULE__SUSPICIOUS_SILENCE__SCHEDULE: names 'business', which is no schedule"
        ]

    def test_the_path_of_a_private_calendar_is_shown_to_nobody(self) -> None:
        prefix = "BRIDGE_ALERTS__SCHEDULE__NIGHT__"
        environ = {f"{prefix}TIMEZONE": "UTC", f"{prefix}OPEN": "https://u:p@calendar.example/canary.ics"}

        assert masked(load(environ))["alerts"]["schedule"]["night"]["open"] == [
            "https://calendar.example/..."
        ]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("/etc/holidays.ics", "/etc/holidays.ics"),
        ("https://calendar.example:8443/private-1234/basic.ics", "https://calendar.example:8443/..."),
        ("https://user:word@calendar.example/a", "https://calendar.example/..."),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(source: str, shown: str) -> None:
    assert without_path(source) == shown
