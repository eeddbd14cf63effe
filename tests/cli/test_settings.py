"""The settings are shown, and what follows from them."""

from bridge.documents import configuration
from bridge.settings.variables import VARIABLES
from tests.cli.calling import HQ, SECRET, Run


class TestShow:
    def test_settings_are_shown_with_their_origin_and_secrets_masked(self, run: Run) -> None:
        result = run("show", **HQ)

        rows = [line.split() for line in result.out.splitlines()]
        assert ["BRIDGE_PBX__HQ__AMI__HOST", "127.0.0.1", "environment"] in rows
        assert ["BRIDGE_PBX__HQ__AMI__SECRET", "********", "environment"] in rows
        assert ["BRIDGE_FRESHNESS", "1m", "default"] in rows
        assert SECRET not in result.out

    def test_a_pipe_gets_plain_text_and_nothing_is_cut(self, run: Run) -> None:
        url = ",".join(f"tcp://graphite-{number}.example:2003" for number in range(20))

        result = run("show", BRIDGE_GRAPHITE__URL=url)

        assert url in result.out
        assert "\x1b" not in result.out


class TestEnv:
    def test_every_variable_is_listed(self, run: Run) -> None:
        result = run("env")

        _, *rows = result.out.splitlines()
        assert [row.split()[0] for row in rows] == [variable.name for variable in VARIABLES.values()]

    def test_markdown_is_the_document(self, run: Run) -> None:
        assert run("env", "--markdown").out.strip() == configuration().strip()


def test_the_access_list_is_for_the_user_and_prefix_of_the_settings(run: Run) -> None:
    result = run("mqtt-acl", BRIDGE_MQTT__URL="mqtt://me@broker", BRIDGE_MQTT__PREFIX="sites/a")

    assert result.out.splitlines() == ["user me", "topic write sites/a/#", "topic read sites/a/bridge/state"]


def test_the_access_list_has_what_is_switched_on(run: Run) -> None:
    result = run(
        "mqtt-acl",
        BRIDGE_MQTT__PREFIX="sites/a",
        BRIDGE_MQTT__HOMEASSISTANT="true",
        BRIDGE_MQTT__HOMEASSISTANT_PREFIX="ha",
        BRIDGE_MQTT__SPARKPLUG="true",
        BRIDGE_MQTT__SPARKPLUG_NODE="gateway",
        BRIDGE_ALERTS__COMMANDS="true",
    )

    assert result.out.splitlines() == [
        "topic write sites/a/#",
        "topic read sites/a/bridge/state",
        "topic read sites/a/bridge/request/+",
        "topic readwrite ha/+/asterisk-bridge--sites-2Fa/+/config",
        "topic read ha/status",
        *(f"topic write spBv1.0/asterisk/{verb}/gateway" for verb in ("NBIRTH", "NDATA", "NDEATH")),
        *(f"topic write spBv1.0/asterisk/{verb}/gateway/+" for verb in ("DBIRTH", "DDATA", "DDEATH")),
        "topic read spBv1.0/asterisk/NCMD/gateway",
    ]


def test_where_alerts_are_off_nobody_may_ask(run: Run) -> None:
    result = run("mqtt-acl", BRIDGE_ALERTS__COMMANDS="true", BRIDGE_ALERTS__ENABLED="false")

    assert "request" not in result.out


class TestGraphiteSchemas:
    """What is in them is tested with `bridge/retention`."""

    def test_both_files_fit_the_names_of_the_settings(self, run: Run) -> None:
        result = run("graphite-schemas", **HQ, BRIDGE_GRAPHITE__PREFIX="sites.a")

        assert (result.code, result.err) == (0, "")
        assert result.out.index("# storage-schemas.conf") < result.out.index("# storage-aggregation.conf")
        assert r"sites\.a\." in result.out

    def test_one_of_them_can_be_had_alone(self, run: Run) -> None:
        schemas, aggregation = (
            run("graphite-schemas", "--which", each) for each in ("schemas", "aggregation")
        )

        assert schemas.out.startswith("# storage-schemas.conf")
        assert "aggregationMethod" not in schemas.out
        assert aggregation.out.startswith("# storage-aggregation.conf")
        assert "retentions" not in aggregation.out

    def test_a_retention_that_cannot_be_understood_is_told_with_how_to_write_it(self, run: Run) -> None:
        result = run("graphite-schemas", "--retention", "forever")

        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("--retention: 'forever' ")
        assert "write it as 1d,1m:30d,15m:2y" in result.err
