"""The pysnmp engine that targets share, with its sockets and its tables of users and addresses."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import ClassVar

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine

from bridge.settings import SnmpSettings
from bridge.sources.snmp.transport import Guard, Udp, Udp6
from bridge.sources.snmp.user import User
from bridge.sources.snmp.wire import Address, Counts

AUTH = {
    "none": config.USM_AUTH_NONE,
    "md5": config.USM_AUTH_HMAC96_MD5,
    "sha": config.USM_AUTH_HMAC96_SHA,
    "sha224": config.USM_AUTH_HMAC128_SHA224,
    "sha256": config.USM_AUTH_HMAC192_SHA256,
    "sha384": config.USM_AUTH_HMAC256_SHA384,
    "sha512": config.USM_AUTH_HMAC384_SHA512,
}
PRIV = {
    "none": config.USM_PRIV_NONE,
    "des": config.USM_PRIV_CBC56_DES,
    "aes": config.USM_PRIV_CFB128_AES,
    "aes192": config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "aes256": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "aes192c": config.USM_PRIV_CFB192_AES,
    "aes256c": config.USM_PRIV_CFB256_AES,
}
MODELS = {"1": 0, "2c": 1, "3": 3}
"""Version to the number of its message processing model (RFC 3411)."""


TAKEN = ("rfc3412.receiveMessage:response", "rfc3412.prepareDataElements:internal")
REFUSED = ("rfc3412.prepareDataElements:sm-failure", "rfc2576.prepareDataElements:sm-failure")
"""Where pysnmp tells an observer what becomes of a datagram: of an answer, of a report, of a forgery."""


class Engine:
    """An SnmpEngine with one socket per address family.

    One engine serves all targets of one User: it can know one secret only per user name, and a fleet
    whose PBXs all have a user `monitor` with secrets of their own is nothing unusual.

    Attributes:
        snmp: pysnmp's engine.
        leases: how many sessions use it now.
    """

    _shared: ClassVar[dict[tuple[asyncio.AbstractEventLoop, User], "Engine"]] = {}

    def __init__(self, user: User) -> None:
        self.snmp = SnmpEngine()
        self.leases = 0
        self._guard = Guard(self._parse_errors)
        self.snmp.observer.register_observer(self._guard.on_taken, *TAKEN)
        self.snmp.observer.register_observer(self._guard.on_refused, *REFUSED)
        self._names: dict[tuple[str, ...], str] = {}
        self._number = itertools.count(1)
        if user.name:
            secrets = (user.auth_password or None, user.priv_password or None)
            config.add_v3_user(self.snmp, user.name, AUTH[user.auth], secrets[0], PRIV[user.priv], secrets[1])

    @classmethod
    @contextlib.contextmanager
    def lease(cls, user: User) -> Iterator["Engine"]:
        """The engine of that user for the time of the `with`; the last to leave closes its sockets."""
        key = (asyncio.get_running_loop(), user)
        engine = cls._shared.get(key) or cls._shared.setdefault(key, cls(user))
        engine.leases += 1
        try:
            yield engine
        finally:
            engine.leases -= 1
            if not engine.leases:
                engine.snmp.close_dispatcher()
                if cls._shared.get(key) is engine:
                    del cls._shared[key]

    @classmethod
    def retire(cls, user: User) -> None:
        """Have the next lease of that user make a new engine; those who use the old one keep it."""
        cls._shared.pop((asyncio.get_running_loop(), user), None)

    def parameters(self, settings: SnmpSettings, level: str) -> str:
        """The name of the parameters of a message: who asks, how it is protected, which version."""
        who = settings.username if settings.version == "3" else self._community(settings)
        key = ("parameters", who, level, settings.version)
        return self._named(key, config.add_target_parameters, who, level, MODELS[settings.version])

    def _parse_errors(self) -> int:
        (counter,) = self.snmp.get_mib_builder().import_symbols("__SNMPv2-MIB", "snmpInASNParseErrs")
        return int(counter.syntax)

    def _community(self, settings: SnmpSettings) -> str:
        community = settings.community.get_secret_value()
        return self._named(("community", community), config.add_v1_system, community)

    def _named(self, key: tuple[str, ...], add: Callable[..., None], *arguments: object) -> str:
        """The name under which the engine knows something; it is added the first time."""
        if key not in self._names:
            self._names[key] = f"n{next(self._number)}"
            add(self.snmp, self._names[key], *arguments)
        return self._names[key]

    @contextlib.contextmanager
    def target(
        self, address: Address, parameters: str, patience: tuple[float, int], counts: Counts
    ) -> Iterator[str]:
        """The name of a target for the time of the `with`.

        Args:
            address: where its agent listens.
            parameters: how it is asked.
            patience: seconds to wait for an answer, and how often to ask again.
            counts: where datagrams are counted that are refused.
        """
        name = f"n{next(self._number)}"
        timeout, retries = patience
        domain = self._transport(address)
        # pysnmp counts time in hundredths of a second
        config.add_target_address(self.snmp, name, domain, address, parameters, int(timeout * 100), retries)
        self._guard.add(address, counts)
        try:
            yield name
        finally:
            self._guard.remove(address, counts)
            config.delete_target_address(self.snmp, name)

    def _transport(self, address: Address) -> tuple[int, ...]:
        is_ipv6 = len(address) == 4
        domain: tuple[int, ...] = udp6.DOMAIN_NAME if is_ipv6 else udp.DOMAIN_NAME
        if config.get_transport(self.snmp, domain) is None:
            carrier = (Udp6 if is_ipv6 else Udp)(self._guard)
            config.add_transport(self.snmp, domain, carrier.open_client_mode())
        return domain
