"""Documents say what the program does: they are generated, complete and fresh."""

import re
from pathlib import Path

import pytest

from bridge.alertpages import NOTE
from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.asterisk.catalog.res_prometheus import EQUIVALENTS
from bridge.cli import app
from bridge.documents import GENERATED, IN_FILES, configuration, example, metrics, stale
from bridge.environment import effective, read
from bridge.settings import Settings
from bridge.settings.layers import CREDENTIALS, META
from bridge.settings.variables import ANY, PREFIX, TWIN, VARIABLES, pattern

ROOT = Path(__file__).parent.parent
VARIABLE = re.compile(r"BRIDGE_[A-Z0-9_]*(?:<[A-Z]+>[A-Z0-9_]+)?")


def test_the_generated_documents_are_fresh() -> None:
    assert list(stale(ROOT)) == [], "run `asterisk-bridge docs`"


def test_a_document_that_is_missing_or_changed_is_stale(tmp_path: Path) -> None:
    assert set(stale(tmp_path)) == set(GENERATED)

    for path, make in GENERATED.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(make())
    (tmp_path / "docs/metrics.md").write_text("changed")

    assert stale(tmp_path) == {"docs/metrics.md": metrics()}


@pytest.mark.parametrize("make", GENERATED.values())
def test_a_generated_document_says_that_it_is(make: object) -> None:
    assert callable(make)
    assert NOTE in make().splitlines()[0]


def test_every_setting_is_explained_with_its_type_and_default() -> None:
    page = configuration()

    for variable in VARIABLES.values():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{variable.name}` |")]
        assert variable.help in row
        assert ("**required**" if variable.default is None else variable.default) in row
    assert all(f"`{name}`" in page for name in META)


def test_every_metric_is_explained() -> None:
    page = metrics()

    counters = {metric.name for histogram in HISTOGRAMS for metric in histogram.metrics}
    for metric in CATALOG.values():
        rows = [line for line in page.splitlines() if line.startswith(f"| `{metric.name}` |")]
        if metric.name in counters:
            assert rows == []
        else:
            (row,) = rows
            for word in (
                metric.kind,
                metric.unit,
                *metric.labels,
                metric.cardinality,
                metric.help,
                metric.caveat,
            ):
                assert word.replace("|", r"\|") in row
            assert ", ".join(metric.sources) in row


def test_a_histogram_is_one_row_with_its_bounds() -> None:
    page = metrics()

    for histogram in HISTOGRAMS:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{histogram.name}` |")]
        assert "| histogram |" in row
        assert all(f"{bound:g}" in row for bound in histogram.bounds)


def test_each_group_of_metrics_has_one_section() -> None:
    heads = [line for line in metrics().splitlines() if line.startswith("## ")]

    assert len(heads) == len(set(heads))


def test_every_name_of_asterisks_own_prometheus_module_is_explained() -> None:
    page = metrics()

    assert all(f"| `{each.theirs}` | `{each.ours}` |" in page for each in EQUIVALENTS)


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()

    for command in app.registered_commands:
        assert command.callback
        name = command.name or command.callback.__name__.replace("_", "-")
        assert command.hidden or re.search(rf"`(?:asterisk-bridge )?{name}[ `]", readme), name


class TestExample:
    """config/bridge.env.example."""

    def test_as_it_stands_it_sets_nothing(self) -> None:
        assert [line for line in example().splitlines() if line and not line.startswith("#")] == []

    def test_what_is_common_comes_first(self) -> None:
        assert list(environ(example()))[:3] == [
            "BRIDGE_PBX__HQ__AMI__HOST",
            "BRIDGE_PBX__HQ__AMI__USERNAME",
            "BRIDGE_PBX__HQ__AMI__SECRET",
        ]

    def test_it_holds_every_variable_once(self) -> None:
        lines = [line for line in example().splitlines() if line.startswith(f"#{PREFIX}")]

        names = {
            variable.name.replace(ANY, "HQ")
            for path, variable in VARIABLES.items()
            if not any(path[: len(each)] == each for each in IN_FILES)
        }
        assert len(lines) == len(names) + len(META)
        assert set(environ(example())) == names | set(META)

    def test_taking_away_the_marks_changes_no_default(self) -> None:
        given = {name: value for name, value in environ(example()).items() if name not in META}
        needed = {
            "BRIDGE_PBX__HQ__AMI__HOST": "h",
            "BRIDGE_PBX__HQ__AMI__USERNAME": "u",
            "BRIDGE_PBX__HQ__AMI__SECRET": "s",
            "BRIDGE_PBX__HQ__SNMP__HOST": "h",
        }

        loaded = read({**given, **needed})

        assert loaded.settings.model_dump(exclude={"pbx"}) == Settings().model_dump(exclude={"pbx"})
        for variable, value, _ in effective(loaded):
            default = VARIABLES[pattern(variable.path)].default
            assert default is None or variable.secret or value == default, variable.name


def test_no_document_names_a_variable_that_does_not_exist() -> None:
    """README, docs and config are written by people: what they name must be known to the program."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("config/**/*")]
    known = {variable.name.replace(ANY, "X") for variable in VARIABLES.values()} | set(META) | {CREDENTIALS}
    twins = {f"{each.name.replace(ANY, 'X')}{TWIN.upper()}" for each in VARIABLES.values() if each.secret}

    for page in filter(Path.is_file, pages):
        for name in VARIABLE.findall(page.read_text()):
            general = re.sub(r"(PBX|RULE|SCHEDULE)__(?:<NAME>|[A-Z0-9]+(?:_[A-Z0-9]+)*)__", r"\1__X__", name)
            whole = general in known | twins
            assert whole or any(each.startswith(general) for each in known), f"{page}: {name}"


def environ(text: str) -> dict[str, str]:
    """The variables of the example, the marks in front of them taken away."""
    lines = [line[1:] for line in text.splitlines() if line.startswith(f"#{PREFIX}")]
    return dict(line.split("=", 1) for line in lines)
