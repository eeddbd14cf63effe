"""What is asked over a connection at every poll."""

import asyncio
from collections.abc import Iterable
from functools import partial

from bridge.asterisk import actions
from bridge.asterisk.actions import Action, Grant, answered
from bridge.asterisk.catalog.system import AMI_EXCESS_PRIVILEGES
from bridge.asterisk.kpi import WINDOW
from bridge.asterisk.tracker import Tracker
from bridge.core import own
from bridge.core.sample import Sample
from bridge.log import get_logger
from bridge.pipeline.health import Health
from bridge.pipeline.interfaces import Clock
from bridge.pipeline.memory import Memory
from bridge.protocols.ami import AmiMessage, Reply
from bridge.sources.ami.connection import LONGEST_WORDS, AmiConnection, End, SessionError

GRANT_AGE = 300.0
"""Seconds after which ListCommands is asked again: modules, and actions with them, come and go."""
COMMAND = "Command"
"""The action that runs texts of the command line: asked only where a setting wants it, whoever may."""

log = get_logger(component="ami")


class Knowledge:
    """What outlives a connection: the meaning of polls and of events so far.

    Args:
        pbx: the PBX, for the label.
        cli: whether CLI texts may be asked for.
        kpi_window: seconds over which key figures are taken.

    Attributes:
        tracker: what polls and events have told.
        boots: how many FullyBooted came; a change means that Asterisk can do more than before.
        beyond: the classes of the account's `write` that are not needed, as the log was told.
        kept_out: whether the account lacks the class that most is asked with, as the log was told.
    """

    def __init__(self, pbx: str, *, cli: bool, kpi_window: float = WINDOW) -> None:
        self.pbx = pbx
        self.cli = cli
        self.tracker = Tracker(pbx, kpi_window)
        self.boots = 0
        self.beyond: tuple[str, ...] = ()
        self.kept_out = False

    def remember(self, memory: Memory) -> None:
        """Go on with the totals of the bridge before this one, and let the next one do so."""
        key, totals = f"ami/{self.pbx}", self.tracker.totals
        totals.restore(memory.recall(key))
        memory.keep(key, partial(totals.state, memory.hides))

    def take(self, message: AmiMessage, monotonic: float) -> None:
        """Take an event that came at `monotonic` seconds."""
        self.boots += message.event == "FullyBooted"
        self.tracker.take(message, monotonic)


class Polls:
    """Asks one connection for everything that the account may know.

    Args:
        connection: whom to ask.
        knowledge: where answers get their meaning.
        health: where refused questions are counted.
        clock: where time comes from.
    """

    def __init__(self, connection: AmiConnection, knowledge: Knowledge, health: Health, clock: Clock) -> None:
        self._connection = connection
        self._knowledge = knowledge
        self._health = health
        self._clock = clock
        self._grant = Grant({})
        self._granted: tuple[float, int] | None = None
        self._excess: tuple[str, ...] = ()

    async def once(self) -> list[Sample]:
        """One poll of everything: corrects the tracker, and returns all that is known after it.

        What events have told too has the time of the poll.

        Raises:
            SessionError: an answer did not come, or the connection is lost.
        """
        know = self._knowledge
        await self._learn_grant()
        now, asked = self._clock.time(), self._clock.monotonic()
        # A Ping is first, so that `asked` is when it was sent: by it Asterisk's clock is compared with ours.
        replies = await self._ask(dict.fromkeys((actions.PING, *know.tracker.asks)))
        replies |= await self._ask(know.tracker.further(replies))
        for _ in know.tracker.steps(replies, asked):
            await asyncio.sleep(0)  # with many channels it takes long, and the loop has other things to do
        excess = Sample(AMI_EXCESS_PRIVILEGES.series(know.pbx), len(self._excess), now)
        return [excess, *know.tracker.samples(self._clock.monotonic(), now)]

    async def _ask(self, questions: Iterable[Action]) -> dict[Action, Reply]:
        """The replies to those questions that the account may ask and that are answered."""
        replies: dict[Action, Reply] = {}
        for action in questions:
            if not self._may(action):
                continue
            reply = await self._connection.request(action)
            if answered(action, reply):
                replies[action] = reply
            else:
                self._health.count(own.SOURCE_ERRORS.series(self._knowledge.pbx, "ami", "refused"))
        return replies

    def _may(self, action: Action) -> bool:
        return self._grant.may(action) and (self._knowledge.cli or action.name != COMMAND)

    async def _learn_grant(self) -> None:
        now, boots = self._clock.monotonic(), self._knowledge.boots
        if self._granted and self._granted[1] == boots and now - self._granted[0] < GRANT_AGE:
            return
        reply = await self._connection.request(actions.LIST_COMMANDS)
        if not reply.ok:
            raise SessionError(
                End.FORBIDDEN,
                f"ListCommands refused, so what may be asked is not known: {reply.error[:LONGEST_WORDS]}",
            )
        self._grant = Grant.of(reply)
        self._excess = self._grant.excess(cli=self._knowledge.cli)
        self._granted = (now, boots)
        self._warn(self._grant.beyond(cli=self._knowledge.cli))
        self._miss(kept_out=not self._grant.may(actions.CORE_STATUS))

    def _miss(self, *, kept_out: bool) -> None:
        """One line if the account may not ask for most of what there is; every Asterisk has CoreStatus."""
        if kept_out and not self._knowledge.kept_out:
            log.warning(
                "the account may not ask for system, channels, endpoints and trunks: "
                "set write=reporting in manager.conf",
                pbx=self._knowledge.pbx,
            )
        self._knowledge.kept_out = kept_out

    def _warn(self, beyond: tuple[str, ...]) -> None:
        """One line for each change of what the account has, however often the connection is made anew."""
        if beyond and beyond != self._knowledge.beyond:
            log.warning(
                "the account may do what is not needed: set write=reporting in manager.conf",
                pbx=self._knowledge.pbx,
                classes=",".join(beyond),
                actions=len(self._excess),
                such_as=", ".join(self._excess[:3]),
            )
        self._knowledge.beyond = beyond
