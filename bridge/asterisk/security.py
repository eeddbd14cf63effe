"""Security events: who is refused, by what, and from where.

The events hold account names, and ChallengeResponseFailed the hash that the right password gives. Nothing of
an event is kept but the service, its name, and the remote address.
"""

from collections.abc import Mapping

from bridge.asterisk.catalog.system import SECURITY_ADDRESS_EVENTS, SECURITY_EVENTS
from bridge.asterisk.model import Model, Take
from bridge.core.counter import Tally
from bridge.core.recent import Recent
from bridge.protocols.ami import AmiMessage

EVENTS = (
    "FailedACL",
    "InvalidAccountID",
    "InvalidPassword",
    "ChallengeResponseFailed",
    "SessionLimit",
    "MemoryLimit",
    "LoadAverageLimit",
    "RequestNotSupported",
    "RequestNotAllowed",
    "RequestBadFormat",
    "AuthMethodNotAllowed",
    "UnexpectedAddress",
    "InvalidTransport",
)
SERVICES = frozenset({"ami", "pjsip", "sip"})
"""Those parts of Asterisk that report security events."""
OTHER = "other"
MAX_ADDRESSES = 1000
"""Remote addresses that have series of their own: strangers make up as many as they like."""
LONGEST_ADDRESS = 60
"""Characters of an address: an IPv6 address with its zone has fewer."""
MEMORY = 60.0
"""Seconds for which an event is known again: it holds its time in milliseconds, so none comes again truly."""


class Security(Model):
    """Counts what Asterisk calls an error: success is ordinary, and our own log-ins are among it."""

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._recent = Recent(MEMORY)
        self._addresses: set[str] = set()

    def hears(self) -> Mapping[str, Take]:
        """All that may be an error; SuccessfulAuth and ChallengeSent never are."""
        return dict.fromkeys(EVENTS, self._refuse)

    def _refuse(self, message: AmiMessage, now: float) -> None:
        if message.get("Severity") != "Error" or not self._recent.news(hash(message.raw), now):
            return
        service = message.get("Service").lower()
        service = service if service in SERVICES else OTHER
        self.totals.add(SECURITY_EVENTS.series(self.pbx, service, message.event))
        address = self._known(_address(message.get("RemoteAddress")))
        self.totals.add(SECURITY_ADDRESS_EVENTS.series(self.pbx, address, message.event))

    def _known(self, address: str) -> str:
        if len(self._addresses) < MAX_ADDRESSES:
            self._addresses.add(address)
        return address if address in self._addresses else OTHER


def _address(text: str) -> str:
    """The address in `IPV4/UDP/192.0.2.1/5060`."""
    parts = text.split("/")
    return parts[2] if len(parts) == 4 and 0 < len(parts[2]) <= LONGEST_ADDRESS else OTHER
