"""The SNMP source against real Asterisks: res_snmp behind an snmpd."""

import asyncio
import contextlib

import pytest

from bridge.core.sample import Sample
from bridge.errors import SourceError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import SnmpSettings
from bridge.sources.snmp import SnmpSource
from tests.live.asterisk import USER_V3, Asterisk
from tests.live.truth import TWENTY_CALLS, expected, only, said
from tests.servers.process import wait_until

pytestmark = pytest.mark.live


def source(pbx: Asterisk, **settings: str) -> SnmpSource:
    clock = SystemClock()
    return SnmpSource("hq", SnmpSettings.model_validate(pbx.snmp(**settings)), Health(clock), clock)


def poll(pbx: Asterisk, **settings: str) -> list[Sample]:
    return asyncio.run(source(pbx, **settings).poll_once())


@pytest.mark.parametrize("version", ["1", "2c", "3"])
def test_a_poll_says_what_the_command_line_says(pbx: Asterisk, version: str) -> None:
    """With 20 calls up, every number of one poll is that of Asterisk's command line."""
    pbx.place(TWENTY_CALLS)
    counts = pbx.counts()
    truth = expected(pbx, counts)

    polled = said(poll(pbx, **USER_V3 if version == "3" else {"version": version}))

    assert only(truth, polled) == truth
    assert ("system.info", pbx.version_text()) in polled
    assert polled["system.uptime",] == pytest.approx(pbx.uptime(), abs=2)
    assert polled["snmp.connected",] == 1
    by_technology = sum(value for key, value in polled.items() if key[0] == "technology.channels")
    assert by_technology == counts.channels


def test_a_technology_without_channels_is_zero(pbx: Asterisk) -> None:
    """The channel-type table names every driver, so the series of an idle one does not end."""
    idle = said(poll(pbx))

    assert idle["technology.channels", "PJSIP"] == 0
    assert idle["technology.channels", "Local"] == 0
    assert idle["dialplan.active",] == 0


def test_an_agent_without_asterisk_is_told_from_a_dead_one(pbx: Asterisk) -> None:
    """snmpd answers while res_snmp is not loaded: connected is 0, and the error says what to load."""
    heard: list[Sample] = []
    pbx.cli("module unload res_snmp.so")

    try:
        with pytest.raises(SourceError, match="res_snmp"):
            asyncio.run(source(pbx).run(heard.extend))
    finally:
        pbx.cli("module load res_snmp.so")

    def is_back() -> bool:
        with contextlib.suppress(SourceError):
            return said(poll(pbx))["snmp.connected",] == 1
        return False

    assert said(heard) == {("snmp.connected",): 0}
    wait_until(is_back, "Asterisk to be registered again")


def test_a_wrong_community_says_what_to_check(pbx: Asterisk) -> None:
    """An agent does not answer a community it does not know; the error names it as a cause."""
    with pytest.raises(SourceError, match="community"):
        poll(pbx, community="wrong", timeout="300ms", retries="0")


@pytest.mark.parametrize(("setting", "named"), [("auth_password", "auth"), ("priv_password", "priv")])
def test_a_wrong_passphrase_says_which_one(pbx: Asterisk, setting: str, named: str) -> None:
    """With SNMPv3 a wrong authentication passphrase is told from a wrong privacy passphrase."""
    wrong = USER_V3 | {setting: "not-the-passphrase", "timeout": "500ms", "retries": "0"}

    with pytest.raises(SourceError, match=named):
        poll(pbx, **wrong)
