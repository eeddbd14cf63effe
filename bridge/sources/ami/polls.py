"""What is asked over a connection at every poll."""

from collections.abc import Iterable

from bridge.asterisk import actions
from bridge.asterisk.actions import Action, Grant, answered
from bridge.asterisk.catalog.system import AMI_EXCESS_PRIVILEGES
from bridge.asterisk.events import EventTotals
from bridge.asterisk.status import POLLED, Status
from bridge.asterisk.tracker import Tracker
from bridge.core import own
from bridge.core.sample import Sample
from bridge.errors import SourceError
from bridge.log import get_logger
from bridge.pipeline.health import Health
from bridge.pipeline.interfaces import Clock
from bridge.protocols.ami import Reply
from bridge.sources.ami.connection import AmiConnection

GRANT_AGE = 300.0
"""Seconds after which ListCommands is asked again: modules, and actions with them, come and go."""
MAILBOXES_PER_POLL = 50
"""Mailboxes asked for in one poll, each by an action of its own; the others follow in the next polls."""

log = get_logger(component="ami")


class Knowledge:
    """What outlives a connection: the meaning of polls and of events so far.

    Args:
        pbx: the PBX, for the label.
        cli: whether CLI texts may be asked for.

    Attributes:
        status: what polls have told.
        totals: what events have told.
        tracker: what both have told.
        mailbox: which of the known mailboxes is asked for next.
    """

    def __init__(self, pbx: str, *, cli: bool) -> None:
        self.pbx = pbx
        self.cli = cli
        self.status = Status(pbx, cli=cli)
        self.totals = EventTotals(pbx)
        self.tracker = Tracker(pbx)
        self.mailbox = 0

    def samples(self, monotonic: float, now: float) -> list[Sample]:
        """All that is known, at Unix time `now`."""
        return [*self.totals.samples(now), *self.tracker.samples(monotonic, now)]

    def totals_at(self, now: float) -> list[Sample]:
        """What events have added up to, at Unix time `now`."""
        return [*self.totals.samples(now), *self.tracker.totals.samples(now)]

    def lost(self) -> None:
        """The connection is lost."""
        self.totals.lost()
        self.tracker.lost()


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
        self._excess = 0

    async def once(self) -> list[Sample]:
        """One poll of everything: corrects the tracker, and returns what the tracker does not hold.

        Raises:
            SourceError: an answer did not come, or the connection is lost.
        """
        know = self._knowledge
        await self._learn_grant()
        now, asked = self._clock.time(), self._clock.monotonic()
        replies = await self._ask(dict.fromkeys((*POLLED, *know.tracker.asks)))
        further = (*know.status.further(replies), *know.tracker.further(replies))
        replies |= await self._ask(dict.fromkeys(further))
        know.tracker.sync(replies, asked)
        samples = know.status.samples(replies, now)
        samples.append(Sample(AMI_EXCESS_PRIVILEGES.series(know.pbx), self._excess, now))
        told = {sample.series for sample in samples}
        ages = know.totals.ages(self._clock.monotonic(), now)
        await self._refresh_mailboxes()
        return samples + [sample for sample in ages if sample.series not in told]

    async def _ask(self, questions: Iterable[Action]) -> dict[Action, Reply]:
        """The replies to those questions that the account may ask and that are answered."""
        replies: dict[Action, Reply] = {}
        for action in questions:
            if not self._grant.may(action):
                continue
            reply = await self._connection.request(action)
            if answered(action, reply):
                replies[action] = reply
            else:
                self._health.count(own.SOURCE_ERRORS.series(self._knowledge.pbx, "ami", "refused"))
        return replies

    async def _learn_grant(self) -> None:
        now, boots = self._clock.monotonic(), self._knowledge.totals.boots
        if self._granted and self._granted[1] == boots and now - self._granted[0] < GRANT_AGE:
            return
        reply = await self._connection.request(actions.LIST_COMMANDS)
        if not reply.ok:
            raise SourceError(f"ListCommands refused, so what may be asked is not known: {reply.error}")
        self._grant = Grant.of(reply)
        excess = self._grant.excess(cli=self._knowledge.cli)
        if excess and not self._granted:
            log.warning(
                "the account may change things, which is not needed: set write=reporting in manager.conf",
                pbx=self._knowledge.pbx,
                actions=len(excess),
                such_as=", ".join(excess[:3]),
            )
        self._excess = len(excess)
        self._granted = (now, boots)

    async def _refresh_mailboxes(self) -> None:
        """Ask in turn for the mailboxes known from events: a change can be missed."""
        know = self._knowledge
        boxes = know.totals.mailboxes
        turn = [*boxes[know.mailbox :], *boxes[: know.mailbox]][:MAILBOXES_PER_POLL]
        know.mailbox = (know.mailbox + len(turn)) % max(1, len(boxes))
        for reply in (await self._ask(map(actions.mailbox_count, turn))).values():
            know.totals.refresh(reply.response)
