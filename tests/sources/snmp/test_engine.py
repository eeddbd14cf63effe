"""Engines: shared by targets of one user, closed by the last of them."""

import asyncio
import tomllib
from importlib.metadata import version
from pathlib import Path

from bridge.settings import SnmpSettings
from bridge.sources.snmp.engine import Engine
from bridge.sources.snmp.user import User
from bridge.sources.snmp.wire import UNCOUNTED

V2C = SnmpSettings(host="pbx", community="one")
V3 = SnmpSettings.model_validate(
    {
        "host": "pbx",
        "version": "3",
        "username": "monitor",
        "auth_protocol": "sha",
        "auth_password": "12345678",
    }
)


def test_levels() -> None:
    """The protocols that are set decide how a user asks."""
    private = V3.model_copy(update={"priv_protocol": "aes"})

    assert User.of(V2C) == User()
    assert [User.of(each).level for each in (V2C, V3, private)] == ["noAuthNoPriv", "authNoPriv", "authPriv"]


def test_targets_of_one_user_share_an_engine() -> None:
    """Any number of communities share one engine too; users share none with others."""

    async def leasing() -> None:
        with (
            Engine.lease(User.of(V2C)) as one,
            Engine.lease(User()) as two,
            Engine.lease(User.of(V3)) as three,
        ):
            assert one is two
            assert one is not three

    asyncio.run(leasing())


def test_the_last_to_leave_closes() -> None:
    """After it the next lease starts with a new engine, and no socket is left open."""

    async def leasing() -> None:
        with Engine.lease(User()) as one:
            with (
                Engine.lease(User()),
                one.target(("127.0.0.1", 161), one.parameters(V2C, "noAuthNoPriv"), (1, 0), UNCOUNTED),
            ):
                assert one.leases == 2
                assert one.snmp.transport_dispatcher
            assert one.snmp.transport_dispatcher
        assert one.snmp.transport_dispatcher is None
        with Engine.lease(User()) as other:
            assert other is not one

    asyncio.run(leasing())


def test_a_retired_engine_serves_those_who_have_it() -> None:
    """A new lease gets a new engine; the old one is closed when its last user leaves."""

    async def leasing() -> None:
        with Engine.lease(User()) as old:
            Engine.retire(User())
            with Engine.lease(User()) as new:
                assert new is not old
            assert old.leases == 1
        with Engine.lease(User()) as newest:
            assert newest is not old

    asyncio.run(leasing())


def test_names_are_given_once() -> None:
    """The same community, user and level have one name in the engine, however often a target connects."""

    async def leasing() -> None:
        with Engine.lease(User()) as engine:
            first = engine.parameters(V2C, "noAuthNoPriv")
            again = engine.parameters(V2C, "noAuthNoPriv")
            other = engine.parameters(V2C.model_copy(update={"version": "1"}), "noAuthNoPriv")

            assert first == again
            assert first != other

    asyncio.run(leasing())


def test_the_decoder_is_one_that_is_mended() -> None:
    """CVE-2026-59884, -59885 and -59886 are fixed in pyasn1 0.6.4: neither may the bridge be installed with
    an older one, nor is one in use here.
    """
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]

    assert "pyasn1>=0.6.4" in project["dependencies"]
    assert tuple(map(int, version("pyasn1").split(".")[:3])) >= (0, 6, 4)
