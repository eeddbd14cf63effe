"""Settings of privacy: what may be seen of people."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from bridge.settings.types import Secret, Section

KEY_LENGTH = 16
"""Characters of a key that cannot be guessed."""
Shown = Literal["hide", "hash", "show"]


class PrivacySettings(Section):
    """Labels that may name people: hidden (no series at all), hashed with the key, or shown."""

    agent: Shown = Field("hide", description="Members of queues, who are people or their phones")
    address: Shown = Field("hide", description="Remote addresses, as in security events")
    caller: Shown = Field("hide", description="Callers")
    aor: Shown = Field("show", description="Addresses of record, by their configured names")
    mailbox: Shown = Field("show", description="Mailboxes")
    endpoint: Shown = Field("show", description="Endpoints, by their configured names")
    device: Shown = Field("show", description="Devices")
    peer: Shown = Field("show", description="IAX and SIP peers, by their configured names")
    conference: Shown = Field("show", description="Conferences")
    registration: Shown = Field("show", description="Outbound registrations, by their configured names")
    trunk: Shown = Field("show", description="Trunks, by their configured names")
    key: Secret = Field(Secret(""), description="Key of the hashes: keep it, or all hashed names change")
    statsd_line: Literal["hide", "show"] = Field(
        "hide", description="The log shows of a bad StatsD line only its shape (a for letters, 9 for digits)"
    )

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """A hash without a key could be undone by trying all numbers."""
        hashed = [label for label, shown in self.labels().items() if shown == "hash"]
        if hashed and len(self.key.get_secret_value()) < KEY_LENGTH:
            yield (
                "key",
                f"must have {KEY_LENGTH} characters or more, since {', '.join(hashed)} is set to hash",
            )

    def labels(self) -> dict[str, Shown]:
        """How each label is treated, by its name."""
        names = [name for name in type(self).model_fields if name not in {"key", "statsd_line"}]
        return {name: getattr(self, name) for name in names}
