"""The dashboards against the types that Grafana publishes of them."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.dashboards.client import Dashboard, dashboards
from tests.servers.process import cache, missing, program

SCHEMA = "grafana-schema-11.6.0"
KINDS = {"timeseries": "TimeSeries", "stat": "Stat", "bargauge": "BarGauge", "table": "Table"}
PLAIN = """\
// What JSON can hold of a type: where an enumeration stands, the text of one of its members.
type Plain<T> = T extends string ? `${T}` : T extends (infer U)[] ? Plain<U>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
// What data sources add of their own.
type Query = { refId: string } & Record<string, unknown>;
type Marks = AnnotationQuery<Query> & { titleFormat?: string; textFormat?: string; tagKeys?: string };
type Whole = Omit<Dashboard, "annotations"> & { annotations: { list: Marks[] } };
"""
STRICT = ("--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "bundler", "--module", "esnext")


def installed() -> Path:
    """The folder that tests/install.d/46-grafana-schema makes; without it the test is skipped."""
    home = cache() / SCHEMA
    if not (home / "installed").exists():
        missing("Grafana's types are not installed: run tests/install")
    return home


def imports(types: Path) -> Iterator[str]:
    yield f'import type {{ AnnotationQuery, Dashboard }} from "{types}/veneer/dashboard.types";'
    for kind, name in KINDS.items():
        file = f"{types}/raw/composable/{kind}/panelcfg/x/{name}PanelCfg_types.gen"
        yield f'import type * as {kind} from "{file}";'


def statements(number: str, dashboard: Dashboard) -> Iterator[str]:
    """The dashboard, and what is a matter of the kinds of its panels, as constants of those types."""
    yield f"const {number}: Plain<Whole> = {json.dumps(dashboard)};"
    for panel in dashboard["panels"]:
        if panel["type"] in KINDS:
            name = f"{number}_{panel['id']}"
            yield f"const {name}: Plain<Partial<{panel['type']}.Options>> = {json.dumps(panel['options'])};"
            if custom := panel["fieldConfig"]["defaults"].get("custom"):
                yield f"const {name}_lines: Plain<timeseries.FieldConfig> = {json.dumps(custom)};"


def test_every_dashboard_fits_the_types_of_grafana(tmp_path: Path) -> None:
    """Nothing unknown, and nothing of another type: so says the compiler."""
    home = installed()
    found = [
        each
        for flavour in ("graphite", "graphite-tags", "prometheus")
        for each in dashboards(flavour).values()
    ]
    lines = [line for number, each in enumerate(found) for line in statements(f"d{number}", each)]
    text = "\n".join([*imports(home / "node_modules/@grafana/schema/dist/esm"), PLAIN, *lines])
    (tmp_path / "dashboards.ts").write_text(text)

    argv = [program("node"), str(home / "node_modules/typescript/bin/tsc"), *STRICT, "dashboards.ts"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert lines
    assert done.returncode == 0, done.stdout[:5000]
