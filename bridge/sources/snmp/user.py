"""Who asks an agent, and how that is protected."""

from typing import NamedTuple

from bridge.settings import SnmpSettings

NO_AUTH, AUTH_ONLY, AUTH_PRIV = "noAuthNoPriv", "authNoPriv", "authPriv"
"""Security levels, by the names that RFC 3411 gives them."""


class User(NamedTuple):
    """The SNMPv3 user of a target; the empty user is that of versions 1 and 2c, which have none."""

    name: str = ""
    auth: str = "none"
    auth_password: str = ""
    priv: str = "none"
    priv_password: str = ""

    @classmethod
    def of(cls, settings: SnmpSettings) -> "User":
        """The user that the settings name."""
        if settings.version != "3":
            return cls()
        return cls(
            settings.username,
            settings.auth_protocol,
            settings.auth_password.get_secret_value(),
            settings.priv_protocol,
            settings.priv_password.get_secret_value(),
        )

    def __repr__(self) -> str:
        """Without the passphrases: a traceback or a log may show it."""
        return f"<User {self.name!r}, {self.level}>"

    @property
    def level(self) -> str:
        """The security level at which the user asks."""
        if self.auth == "none":
            return NO_AUTH
        return AUTH_ONLY if self.priv == "none" else AUTH_PRIV
