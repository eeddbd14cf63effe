"""What an agent refuses, and why an answer of it is of no use: in words that say which setting to look at."""

from bridge.protocols.usm import Report
from bridge.settings import SnmpSettings
from bridge.sources.snmp.user import User

REFUSED = "refused"
TOO_LARGE = "too big"
OTHER_VARIABLES = "other variables"
NOT_INCREASING = "not increasing"
NO_VALUE = "no value"
BAD_RESPONSE = "bad response"
"""Reasons under which answers are counted that match their question."""

TOO_BIG, NO_SUCH_NAME = 1, 2
STATUSES = {
    5: "the agent could not get a value (genError): Asterisk behind it is stuck or just ended",
    6: "the agent refuses access (noAccess): check the view of its user or community",
    13: "the agent lacks memory or the like (resourceUnavailable)",
    16: "the agent refuses this user at this security level (authorizationError): check its rouser line",
}

NOT_ITS_OWN = "says again and again that it is not asked by its own clock or engine ID: restart the agent"
REPORTS = {
    Report.USER: "does not know {user}: username is wrong, or createUser is missing in snmpd.conf",
    Report.DIGEST: "knows {user}, but auth_password or auth_protocol ({auth}) is wrong",
    Report.DECRYPTION: "knows {user}, but priv_password or priv_protocol is wrong",
    Report.LEVEL: "knows {user}, but not at the level {level}: see its createUser line in snmpd.conf",
    Report.NOT_IN_TIME: NOT_ITS_OWN,
    Report.ENGINE: NOT_ITS_OWN,
}


def of_status(status: int) -> str:
    """What an error status means (RFC 3416, section 3)."""
    return STATUSES.get(status, f"the agent answered error {status}")


def of_report(report: Report | str, settings: SnmpSettings) -> str:
    """What a report says about the user of the settings, or an engine about an answer."""
    if not isinstance(report, Report):
        return f"answers what cannot be used: {report}"
    return REPORTS[report].format(
        user=f"the user {settings.username!r}",
        auth=settings.auth_protocol,
        level=User.of(settings).level,
    )
