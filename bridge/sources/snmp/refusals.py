"""What an agent refuses, and why an answer of it is of no use: in words that say which setting to look at."""

from pysnmp.proto import errind

from bridge.settings import SnmpSettings
from bridge.sources.snmp.engine import User

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

REPORTS = (
    (
        (errind.UnknownUserName, errind.UnknownSecurityName),
        "does not know {user}: username is wrong, or createUser is missing in snmpd.conf",
    ),
    (
        (errind.WrongDigest, errind.AuthenticationFailure),
        "knows {user}, but auth_password or auth_protocol ({auth}) is wrong",
    ),
    ((errind.DecryptionError,), "knows {user}, but priv_password or priv_protocol is wrong"),
    (
        (errind.UnsupportedSecurityLevel,),
        "knows {user}, but not at the level {level}: see its createUser line in snmpd.conf",
    ),
    (
        (errind.NotInTimeWindow, errind.UnknownEngineID),
        "says again and again that it is not asked by its own clock or engine ID: restart the agent",
    ),
)
"""What an agent reports about a user or about itself (RFC 3414)."""


def of_status(status: int) -> str:
    """What an error status means (RFC 3416, section 3)."""
    return STATUSES.get(status, f"the agent answered error {status}")


def of_report(report: Exception | str, settings: SnmpSettings) -> str:
    """What a report says about the user of the settings, or pysnmp about an answer."""
    fields = {
        "user": f"the user {settings.username!r}",
        "auth": settings.auth_protocol,
        "level": User.of(settings).level,
    }
    for kinds, words in REPORTS:
        if isinstance(report, kinds):
            return words.format(**fields)
    return f"answers what cannot be used: {report}"
