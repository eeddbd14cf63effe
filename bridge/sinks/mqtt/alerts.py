"""AlertSink: tells an MQTT broker of alerts, on a connection of its own: they do not wait behind values.

What comes to it are notices, as samples. Each that is an event is published as one, in order; and how the
alert stands is published as it stands now, so that a notice that waited long never takes its topic back.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from bridge.core.alert import Happening, Key, Notice, notice_in
from bridge.core.sample import Sample
from bridge.log import get_logger
from bridge.protocols.mqtt import Message
from bridge.protocols.mqtt_alerts import event_message, fits, request_topic, response_topic, state_message
from bridge.settings import MqttSettings
from bridge.sinks.mqtt.link import Link
from bridge.sinks.mqtt.publisher import Publisher
from bridge.sinks.mqtt.role import Role

SUFFIX = "-alerts"
"""Of the client id."""

log = get_logger(component="mqtt")


class Board(NamedTuple):
    """Where it is known how alerts stand.

    Attributes:
        number: that of the last notice of one; None if it has gone.
        standing: how one stands now; None if it has gone.
        everything: how all of them stand.
        keys: which there are.
    """

    number: Callable[[Key], int | None]
    standing: Callable[[Key], Notice | None]
    everything: Callable[[], Iterable[Notice]]
    keys: Callable[[], Iterable[Key]]


Answer = Callable[[str, bytes, bool], bytes | None]
"""Carries out a request: its verb, its payload, and whether it was retained; None for no answer."""


class AlertSink(Publisher):
    """Publishes what happens to alerts, and how they stand; takes requests if there is who answers them.

    Args:
        settings: where and how.
        board: how alerts stand.
        answer: carries out requests; None to hear none.

    Raises:
        ValueError: the URL is not one of an MQTT broker.
    """

    name = "alerts"

    def __init__(self, settings: MqttSettings, board: Board, answer: Answer | None = None) -> None:
        super().__init__(settings)
        self._board = board
        self._answer = answer
        hears = {request_topic(settings.prefix, "+"): self._hear} if answer else {}
        self._role = Role(hears=hears, suffix=SUFFIX)

    async def open(self) -> None:
        """Connect, and publish how every alert stands.

        Raises:
            TemporaryError: the broker cannot be reached, refused us, or cannot be trusted.
        """
        with self._in_our_words():
            link = await self._connected(self._role)
            states = [state_message(self._settings.prefix, each) for each in self._board.everything()]
            await self._publish(link, [each for each in states if fits(each)])
            self._warn("read", await link.listen())

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Publish notices: how each alert stands before what has happened, so that who hears of it can look.

        Raises:
            TemporaryError: the connection is lost, or the broker is too slow.
        """
        assert self._link
        notices = [notice_in(sample) for sample in batch]
        prefix = self._settings.prefix
        shown = {each.key: state_message(prefix, self._now(each)) for each in notices}
        told = {each.id: event_message(prefix, each) for each in notices if each.is_event}
        messages = [each for each in (*shown.values(), *told.values()) if fits(each)]
        with self._in_our_words():
            refused = {messages[place] for place in await self._publish(self._link, messages)}
        lost = Counter[str]()
        for each in notices:
            message = told.get(each.id) or shown[each.key]
            lost["no_room"] += not fits(message)
            lost["not_allowed"] += message in refused
        return {reason: amount for reason, amount in lost.items() if amount}

    def _now(self, notice: Notice) -> Notice:
        """How the alert of a notice stands now; it may have gone since."""
        number = self._board.number(notice.key)
        if number == notice.number:
            return notice
        return self._board.standing(notice.key) or replace(notice, happening=Happening.GONE)

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        """Carry out a request, and answer it."""
        verb = topic.rpartition("/")[2]
        answer = self._answer(verb, payload, retained) if self._answer else None
        if answer is not None and self._link:
            self._link.say(Message(response_topic(self._settings.prefix, verb), answer, retain=False))

    async def _publish(self, link: Link, messages: Sequence[Message]) -> Collection[int]:
        refused = await link.send(messages)
        self._warn("write", [messages[place].topic for place in refused])
        return refused
