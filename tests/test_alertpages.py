"""What is said of alerts in docs/ and config/ is what the program does."""

import re
import tomllib
from pathlib import Path

from bridge.alertpages import page, toml
from bridge.alerttest import run_tests
from bridge.asterisk.alerts import SHIPPED
from bridge.environment import load
from bridge.settings import AlertsSettings, Settings
from bridge.settings.alerts import over
from bridge.settings.variables import ANY, VARIABLES

BLOCK = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def blocks(*, tests: bool) -> list[str]:
    """The TOML in the page: tests, or rules."""
    return [each for each in BLOCK.findall(page()) if ("[[test" in each) is tests]


def test_the_file_of_rules_changes_nothing_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "alerts.toml"
    file.write_text(toml())

    assert load({"BRIDGE_ALERTS__FILE": str(file)}).alerts.rule == Settings().alerts.rule


def test_the_file_of_rules_holds_every_field_of_every_rule() -> None:
    assert tomllib.loads(toml())["rule"] == {name: dict(rule.fields) for name, rule in SHIPPED.items()}


def test_the_lines_of_the_file_can_be_read_on_a_screen() -> None:
    assert max(map(len, toml().splitlines())) <= 120


def test_every_rule_that_ships_is_in_the_page_with_why_it_is_off() -> None:
    text = page()

    for name, rule in SHIPPED.items():
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        assert rule.meaning in row
        assert rule.why_off in row
        assert row.count("|") == 7


def test_the_recipes_of_the_page_are_good_rules(tmp_path: Path) -> None:
    holidays = tmp_path / "holidays.ics"
    holidays.touch()
    tables = tomllib.loads(
        "\n".join(blocks(tests=False)).replace("/etc/asterisk-bridge/holidays.ics", str(holidays))
    )

    settings = over(AlertsSettings(), tables["rule"], tables["schedule"])

    assert len(settings.rule) > len(SHIPPED) + 3


def test_the_test_of_the_page_is_good(tmp_path: Path) -> None:
    file = tmp_path / "tests.toml"
    file.write_text("\n".join(blocks(tests=True)))

    assert [outcome.faults for outcome in run_tests(file, AlertsSettings())] == [()]


def test_the_page_says_what_every_field_of_a_rule_is_for() -> None:
    fields = {path[-1] for path in VARIABLES if path[:-1] == ("alerts", "rule", ANY)}

    assert [field for field in fields if not re.search(rf"\b{field}\b", page())] == []
