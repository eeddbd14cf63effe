"""A node of Sparkplug B, and a host that hears all of it."""

from collections import Counter
from collections.abc import Sequence

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.protocols.mqtt import Message
from bridge.protocols.sparkplug import EdgeNode
from bridge.protocols.sparkplug_node import Node
from tests.sparkplug_host import Host

NOW = 1_700_000_000.0
WAITING = QUEUE_WAITING.series("hq", "support")
ACTIVE = DIALPLAN_ACTIVE.series("hq")
BRANCH = DIALPLAN_ACTIVE.series("branch")
UPTIME = own.PROCESS_UPTIME.series(BRIDGE)
UP = own.SOURCE_UP.series("hq", "ami")


def node(most: int = 100) -> Node:
    return Node(EdgeNode("asterisk", "gateway"), CATALOG, most)


class World:
    """A node and a host that hears all of it.

    Attributes:
        node: the one.
        host: the other.
        lost: samples by the reason for which no host sees them.
        heard: what the last step came to: verb and device of each message.
    """

    def __init__(self, most: int = 100) -> None:
        self.node = node(most)
        self.host = Host()
        self.lost = Counter[str]()
        self.heard: list[tuple[str, str]] = []
        self.connect()

    def connect(self, now: float = NOW) -> Message:
        """Begin a session; return its will."""
        will = self.node.begin(now)
        self._hear(self.node.births(now))
        return will

    def write(self, *samples: Sample, now: float = NOW) -> None:
        """Give samples."""
        messages, lost = self.node.update(samples, now)
        self.lost.update(lost)
        self._hear(messages)

    def rebirth(self) -> None:
        """Ask for it."""
        self._hear(self.node.births(NOW))

    def _hear(self, messages: Sequence[Message]) -> None:
        seen = len(self.host.log)
        self.host.hear_all(messages)
        self.heard = self.host.log[seen:]


def at(series: Series, value: float, time: float = NOW) -> Sample:
    return Sample(series, value, time)
