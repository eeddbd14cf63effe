"""The sockets that all agents share: opened once, closed by the last, deaf to what was not asked for."""

import asyncio
import itertools
import socket
from collections import Counter
from collections.abc import Callable, Coroutine

import pytest

from bridge.errors import SourceError
from bridge.protocols.snmp import GET, RESPONSE, V2C, Outline
from bridge.protocols.snmp_messages import Message
from bridge.sources.snmp.net import Line, Net
from bridge.sources.snmp.wire import UNCOUNTED, Address, Counts, SilentError
from tests.sources.snmp.forger import Forger, Request, forging, message, pdu, reply

COMMUNITY = b"c"


async def ask(net: Net, address: Address, tries: int = 1, timeout: float = 30) -> int:
    """The id of the request that the agent answers."""
    line = Line(net, address, timeout)
    number = line.number()
    asked = Outline(V2C, number, GET, COMMUNITY)
    question = message(V2C, COMMUNITY, pdu(number, [], kind=GET))
    return await line.exchange(asked, question, read, tries)


def read(heard: Message) -> int:
    return heard.pdu.number


def run(scenario: Callable[[Net, Forger], Coroutine[None, None, None]]) -> None:
    async def running() -> None:
        async with forging(lambda asked: [reply(asked, [])]) as forger:
            with Net.lease() as net:
                await scenario(net, forger)

    asyncio.run(running())


def test_all_agents_share_one_socket() -> None:
    """They are told apart by their addresses."""

    async def scenario(net: Net, one: Forger) -> None:
        async with forging(lambda asked: [reply(asked, [])]) as two:
            for forger in (one, two):
                with net.target(("127.0.0.1", forger.port), UNCOUNTED):
                    await ask(net, ("127.0.0.1", forger.port))
            assert len(one.senders | two.senders) == 1

    run(scenario)


def test_the_last_to_leave_closes() -> None:
    async def scenario(net: Net, forger: Forger) -> None:
        where = ("127.0.0.1", forger.port)
        with Net.lease() as same, same.target(where, UNCOUNTED):
            assert same is net
            await ask(net, where)
        with net.target(where, UNCOUNTED):
            await ask(net, where)
        assert not net.open

    run(scenario)

    async def afterwards() -> None:
        with Net.lease() as first:
            pass
        with Net.lease() as second:
            assert second is not first

    asyncio.run(afterwards())


def test_numbers_cannot_be_guessed_from_each_other() -> None:
    """Each is drawn anew."""

    async def scenario(net: Net, forger: Forger) -> None:
        where = ("127.0.0.1", forger.port)
        with net.target(where, UNCOUNTED):
            for _ in range(20):
                await ask(net, where)
        numbers = [asked.number for asked in forger.asked]
        steps = {later - earlier for earlier, later in itertools.pairwise(numbers)}
        assert len(steps) == 19

    run(scenario)


def test_a_question_is_asked_as_often_as_it_may_be() -> None:
    async def scenario(net: Net, forger: Forger) -> None:
        where = ("127.0.0.1", forger.port)
        forger.script = lambda _: []
        with net.target(where, UNCOUNTED), pytest.raises(SilentError):
            await ask(net, where, tries=3, timeout=0.05)
        assert len(forger.asked) == 3
        assert len({asked.number for asked in forger.asked}) == 1
        assert not net.open

    run(scenario)


def test_a_late_answer_to_a_question_that_was_asked_again_is_used() -> None:
    held: list[bytes] = []

    def late(asked: Request) -> list[bytes]:
        held.append(reply(asked, []))
        return held[:1] if len(held) == 2 else []

    async def scenario(net: Net, forger: Forger) -> None:
        where = ("127.0.0.1", forger.port)
        forger.script = late
        with net.target(where, UNCOUNTED):
            assert await ask(net, where, tries=2, timeout=0.3) == forger.asked[0].number

    run(scenario)


def test_a_question_that_is_cancelled_is_forgotten() -> None:
    async def scenario(net: Net, forger: Forger) -> None:
        where = ("127.0.0.1", forger.port)
        forger.script = lambda _: []
        with net.target(where, UNCOUNTED):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await ask(net, where)
            assert not net.open

    run(scenario)


def test_two_targets_at_one_address() -> None:
    """What is refused counts for the later one; when it has left, for the other."""
    counted = Counter[str]()

    def counts(name: str) -> Counts:
        return Counts(lambda _: counted.update([name]), lambda _: counted.update(["stranger"]))

    def twice(asked: Request) -> list[bytes]:
        return [message(V2C, b"other", pdu(asked.number, [], kind=RESPONSE)), reply(asked, [])]

    async def scenario(net: Net, forger: Forger) -> None:
        where = ("127.0.0.1", forger.port)
        forger.script = twice
        with net.target(where, counts("one")):
            with net.target(where, counts("two")):
                await ask(net, where)
            await ask(net, where)

    run(scenario)
    assert counted == {"two": 1, "one": 1}


def test_an_address_that_cannot_be_reached_is_told() -> None:
    """Not as silence, since nothing was sent."""

    async def scenario(net: Net, _: Forger) -> None:
        with pytest.raises(SourceError, match=r"cannot ask 127\.0\.0\.1:0"):
            await ask(net, ("127.0.0.1", 0))

    run(scenario)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_ipv6_has_a_socket_of_its_own() -> None:
    async def scenario(net: Net, _: Forger) -> None:
        loop = asyncio.get_running_loop()
        six = Forger(lambda asked: [reply(asked, [])])
        transport, _protocol = await loop.create_datagram_endpoint(lambda: six, local_addr=("::1", 0))
        where = transport.get_extra_info("sockname")
        try:
            with net.target(where, UNCOUNTED):
                assert await ask(net, where) == six.asked[0].number
        finally:
            transport.close()

    run(scenario)
