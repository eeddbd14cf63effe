"""The exceptions of the bridge; each says what happened and what to do.

BridgeError
├── SettingsError       the settings are not usable; `faults` lists every one of them
├── ProtocolError       a peer sent bytes that its protocol does not allow
├── SourceError         a source is lost or refused us; the Supervisor starts it again
└── TemporaryError      a sink did not take a batch; it may take the same one later
"""

from dataclasses import dataclass


class BridgeError(Exception):
    """The root of the tree."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the settings.

    Attributes:
        where: the environment variable, or the TOML file and key, that holds the value.
        what: what is wrong with it, the value included (secrets masked).
        hint: what to do about it; may be empty.
    """

    where: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.hint})" if self.hint else "")


class SettingsError(BridgeError):
    """The settings are not usable; all faults are reported at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class ProtocolError(BridgeError):
    """A peer sent bytes that its protocol does not allow."""


class SourceError(BridgeError):
    """A source is lost or refused us. The message says which peer, why, and what to check."""


class TemporaryError(BridgeError):
    """A sink did not take a batch, and may take the same one later: the peer is away, slow or full.

    Attributes:
        reason: one word, under which it is counted.
    """

    def __init__(self, message: str, reason: str = "lost") -> None:
        super().__init__(message)
        self.reason = reason
