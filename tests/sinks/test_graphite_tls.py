"""GraphiteSink and TLS: whom it trusts, and what it says when it does not.

carbon speaks no TLS itself; what stands before it is any program that ends TLS, here Python's.
"""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE
from bridge.core.sample import Sample
from bridge.errors import TemporaryError
from bridge.settings import GraphiteSettings
from bridge.sinks.graphite import GraphiteSink
from tests.servers.handshakes import outdated, presenting, shaking_hands
from tests.servers.mosquitto import Authority

SAMPLE = Sample(DIALPLAN_ACTIVE.series("hq"), 1, 1_700_000_000.0)


class SetUp(NamedTuple):
    """A server by our authority and another, and what comes of it; nothing is said if all is well."""

    server: Callable[[Authority, Authority], ssl.SSLContext | None]
    said: str = ""


SETUPS = {
    "good": SetUp(lambda ours, _: presenting(*ours.issue("127.0.0.1"))),
    "expired": SetUp(
        lambda ours, _: presenting(*ours.issue("127.0.0.1", days=-1)), "certificate has expired"
    ),
    "of tomorrow": SetUp(
        lambda ours, _: presenting(*ours.issue("127.0.0.1", since=1)), "certificate is not yet valid"
    ),
    "another host": SetUp(lambda ours, _: presenting(*ours.issue("carbon.example")), "IP address mismatch"),
    "self-signed": SetUp(lambda _, other: presenting(other.file, other.key), "self-signed certificate"),
    "the wrong CA": SetUp(
        lambda _, other: presenting(*other.issue("127.0.0.1")), "unable to get local issuer"
    ),
    "TLS 1.0 and 1.1 only": SetUp(lambda ours, _: outdated(ours), "it speaks no TLS that we trust"),
    "no TLS": SetUp(lambda *_: None, "it does not speak TLS; is it the port for TLS"),
}


async def attempt(url: str, authority: Path) -> str:
    """What the sink complains of."""
    sink = GraphiteSink(GraphiteSettings(url=(url,), tls_ca=authority), CATALOG)
    try:
        await sink.open()
        await sink.write([SAMPLE])
    except TemporaryError as error:
        return str(error)
    finally:
        await sink.close()
    return ""


@pytest.mark.parametrize("name", SETUPS)
def test_what_is_right_works_and_what_is_not_is_named(tmp_path: Path, name: str) -> None:
    ours, other = Authority(tmp_path), Authority(tmp_path, "another CA")
    server, said = SETUPS[name]

    with shaking_hands(server(ours, other)) as port:
        told = asyncio.run(attempt(f"tls://127.0.0.1:{port}", ours.file))

    assert said in told
    assert bool(said) == bool(told)
