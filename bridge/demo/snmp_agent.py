"""The SNMP agent of the simulated PBX, on loopback: version 2c with a community, version 3 with a user."""

import bisect
import socket
from typing import Any

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.smi import instrum

from bridge.asterisk.mib import OBJECTS, Oid, Syntax, Value
from bridge.demo.mib_view import variables
from bridge.demo.pbx import Pbx

TYPES = {
    Syntax.INTEGER: rfc1902.Integer32,
    Syntax.GAUGE: rfc1902.Gauge32,
    Syntax.COUNTER: rfc1902.Counter32,
    Syntax.COUNTER64: rfc1902.Counter64,
    Syntax.TICKS: rfc1902.TimeTicks,
    Syntax.TEXT: rfc1902.OctetString,
    Syntax.OID: rfc1902.ObjectName,
}
KNOWN = frozenset(item.oid for item in OBJECTS.values() if "Macro" not in item.name)
"""What the agent registers; the three Macro columns are gone since Asterisk 21."""
EVERYTHING: Oid = (1, 3, 6, 1)
COMMUNITY, USER = "public", "demo"
PASSPHRASE = "demo-passphrase"  # noqa: S105 - it guards nothing but a play on loopback

VarBind = tuple[Any, Any]
"""pysnmp's name and value of a variable; the library has no types."""


class Variables(instrum.AbstractMibInstrumController):  # type: ignore[misc] # the library has no types
    """Answers pysnmp's questions from the state of a Pbx. Nothing can be written."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._at = -1.0
        self._values: dict[Oid, Value] = {}
        self._names: list[Oid] = []

    def read_variables(self, *wanted: VarBind, **how: Any) -> list[VarBind]:
        """Answer GET: each variable or why there is none."""
        self._look(wanted, how)
        return [(name, self._value(tuple(name))) for name, _ in wanted]

    def read_next_variables(self, *wanted: VarBind, **how: Any) -> list[VarBind]:
        """Answer GETNEXT, and each step of GETBULK: the variable behind each name."""
        self._look(wanted, how)
        return [self._behind(name) for name, _ in wanted]

    def _look(self, wanted: tuple[VarBind, ...], how: dict[str, Any]) -> None:
        """Check that the asker may read, which is all or nothing; see all anew if time has passed."""
        for variable in wanted[:1]:
            how["acFun"]("read", variable, **how)
        if self._at != self._pbx.now:
            self._at = self._pbx.now
            self._values = variables(self._pbx)
            self._names = [*self._values]

    def _value(self, name: Oid) -> Any:
        value = self._values.get(name)
        if value:
            return TYPES[value.syntax](value.data)
        return rfc1905.noSuchInstance if name[:-1] in KNOWN else rfc1905.noSuchObject

    def _behind(self, name: Any) -> VarBind:
        index = bisect.bisect_right(self._names, tuple(name))
        if index == len(self._names):
            return name, rfc1905.endOfMibView
        found = self._names[index]
        return rfc1902.ObjectName(found), self._value(found)


class SnmpAgent:
    """Answers for one Pbx.

    Args:
        pbx: whose state is told.
    """

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._engine: Any = None

    def start(self) -> int:
        """Listen, and return the UDP port. The running event loop does the work."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.setblocking(False)
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        self._engine = engine.SnmpEngine()
        config.add_transport(
            self._engine, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode(sock=listener)
        )
        self._admit()
        served = context.SnmpContext(self._engine)
        served.unregister_context_name(b"")
        served.register_context_name(b"", Variables(self._pbx))
        for responder in (
            cmdrsp.GetCommandResponder,
            cmdrsp.NextCommandResponder,
            cmdrsp.BulkCommandResponder,
            cmdrsp.SetCommandResponder,
        ):
            responder(self._engine, served)
        return port

    def _admit(self) -> None:
        """Who may read: the community, and the user with authentication and privacy."""
        config.add_v1_system(self._engine, "demo", COMMUNITY)
        config.add_v3_user(
            self._engine,
            USER,
            config.USM_AUTH_HMAC96_SHA,
            PASSPHRASE,
            config.USM_PRIV_CFB128_AES,
            PASSPHRASE,
        )
        for model, name, level in (
            (1, "demo", "noAuthNoPriv"),
            (2, "demo", "noAuthNoPriv"),
            (3, USER, "authPriv"),
        ):
            config.add_vacm_user(self._engine, model, name, level, EVERYTHING)

    def stop(self) -> None:
        """Listen no longer."""
        if self._engine:
            self._engine.close_dispatcher()
            self._engine = None
