"""Dialplan executions, which Asterisk itself calls calls: how many now, and how many since it started."""

import re

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE, DIALPLAN_PROCESSED
from bridge.asterisk.model import Model, Replies, Values
from bridge.asterisk.words import number
from bridge.core.counter import Tally

CLI_ACTIVE = re.compile(r"([0-9]+) (?:of [0-9]+ max )?active calls?")
CLI_PROCESSED = re.compile(r"([0-9]+) calls? processed")


class Dialplan(Model):
    """What the last poll told. Asterisk 16 tells what it has processed to the command line alone."""

    asks = (actions.CALLS, actions.CORE_STATUS)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._active: float | None = None

    def further(self, replies: Replies) -> list[Action]:
        """The command line, where nothing else tells."""
        return [actions.CLI_CALLS] if None in (_active(replies), _processed(replies)) else []

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:  # noqa: ARG002 - no events tell of it
        """Take both numbers."""
        self._active, processed = _active(replies), _processed(replies)
        if self._active is None:
            self._active = _cli(replies, CLI_ACTIVE)
        if processed is None:
            processed = _cli(replies, CLI_PROCESSED)
        if processed is not None:
            self.totals.follow(DIALPLAN_PROCESSED.series(self.pbx), processed)
        return 0

    def gauges(self, _: float) -> Values:
        """How many there were at the last poll."""
        if self._active is not None:
            yield DIALPLAN_ACTIVE.series(self.pbx), self._active

    def lost(self) -> None:
        """Nothing is known until the next poll."""
        self._active = None


def _active(replies: Replies) -> float | None:
    return number(replies[actions.CALLS].response.get("Value")) if actions.CALLS in replies else None


def _processed(replies: Replies) -> float | None:
    if actions.CORE_STATUS not in replies:
        return None
    return number(replies[actions.CORE_STATUS].response.get("CoreProcessedCalls"))


def _cli(replies: Replies, pattern: re.Pattern[str]) -> float | None:
    if actions.CLI_CALLS not in replies:
        return None
    matches = map(pattern.match, replies[actions.CLI_CALLS].response.getall("Output"))
    return next((float(match[1]) for match in matches if match), None)
