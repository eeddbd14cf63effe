"""One agent for all tests of a module that only ask it."""

from collections.abc import Iterator

import pytest

from tests.servers.snmpd import Agent, recording, snmpd


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """An agent that answers for Asterisk what was recorded."""
    with snmpd(tmp_path_factory.mktemp("snmpd"), recording()) as running_agent:
        yield running_agent
