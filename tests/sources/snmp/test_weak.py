"""Old authentication works (test_session.py), and is told as what it is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import pytest
from structlog.testing import capture_logs

from bridge.asterisk.mib import Oid, Value
from bridge.errors import SourceError
from bridge.pipeline.health import Health
from bridge.settings import SnmpSettings
from bridge.sources.snmp import SnmpSource
from bridge.sources.snmp.session import Session
from bridge.sources.snmp.wire import Counts
from tests.fakes import FakeClock

PASSWORD = "12345678"


class Silent:
    """A session with an agent that is never there: a real one would have to be waited for."""

    async def get(self, oids: Sequence[Oid]) -> list[Value | None]:
        raise SourceError("silent")

    def at_once(self, oids: Sequence[Oid]) -> int:
        return 20

    async def column(self, column: Oid, limit: int) -> list[tuple[Oid, Value]]:
        raise NotImplementedError


@contextlib.asynccontextmanager
async def silent(settings: SnmpSettings, counts: Counts) -> AsyncIterator[Session]:
    yield Silent()


def told(auth: str, starts: int = 3) -> list[str]:
    """Which protocols are warned of when a source starts some times."""
    user = {"auth_protocol": auth, "auth_password": PASSWORD} if auth != "none" else {}
    settings = SnmpSettings.model_validate({"host": "pbx", "version": "3", "username": "u", **user})
    clock = FakeClock()
    source = SnmpSource("hq", settings, Health(clock), clock, connect=silent)

    async def start() -> None:
        with pytest.raises(SourceError):
            await source.run(lambda _: None)

    with capture_logs() as lines:
        for _ in range(starts):
            asyncio.run(start())
    return [line["auth_protocol"] for line in lines if line["log_level"] == "warning" and line["pbx"] == "hq"]


@pytest.mark.parametrize("auth", ["md5", "sha"])
def test_old_authentication_is_warned_of_once(auth: str) -> None:
    assert told(auth) == [auth]


@pytest.mark.parametrize("auth", ["none", "sha224", "sha256", "sha384", "sha512"])
def test_other_levels_are_not(auth: str) -> None:
    assert told(auth) == []


def test_a_community_is_not() -> None:
    clock = FakeClock()
    settings = SnmpSettings(host="pbx", community="c")

    with capture_logs() as lines, pytest.raises(SourceError):
        asyncio.run(SnmpSource("hq", settings, Health(clock), clock, connect=silent).run(lambda _: None))

    assert lines == []
