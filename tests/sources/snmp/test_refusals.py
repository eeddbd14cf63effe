"""What agents refuse, in words."""

import pytest

from bridge.protocols.usm import Report
from bridge.settings import SnmpSettings
from bridge.sources.snmp.refusals import STATUSES, of_report, of_status
from tests.servers.snmpd import user

SETTINGS = SnmpSettings(host="pbx", **user("sha-aes"))


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (Report.USER, "does not know the user 'sha-aes'"),
        (Report.DIGEST, "auth_password or auth_protocol (sha) is wrong"),
        (Report.DECRYPTION, "priv_password or priv_protocol is wrong"),
        (Report.LEVEL, "not at the level authPriv"),
        (Report.NOT_IN_TIME, "not asked by its own clock or engine ID"),
        ("badResponse", "answers what cannot be used: badResponse"),
    ],
)
def test_a_report_says_what_to_look_at(report: Report | str, words: str) -> None:
    assert words in of_report(report, SETTINGS)


def test_every_status_has_words() -> None:
    """The known ones say what to do, the others their number."""
    assert [of_status(status) for status in STATUSES] == [*STATUSES.values()]
    assert of_status(99) == "the agent answered error 99"
