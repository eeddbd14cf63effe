"""Publisher: what all sinks have in common that publish over MQTT."""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from bridge.core.endpoint import parse
from bridge.errors import TemporaryError
from bridge.log import Throttle, get_logger
from bridge.settings import MQTT_SCHEMES, MqttSettings
from bridge.sinks.mqtt.link import FAILURES, Link
from bridge.sinks.mqtt.role import Role
from bridge.sinks.mqtt.trouble import explain

HINT = "`asterisk-bridge mqtt-acl` prints the access list that the bridge needs"

log = get_logger(component="mqtt")


class Publisher:
    """One connection to a broker, which confirms what it has read.

    Args:
        settings: where and how.

    Raises:
        ValueError: the URL is not one of an MQTT broker.
    """

    hold = 0.0
    reached = True

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._endpoint = parse(settings.url, MQTT_SCHEMES)
        self._throttle = Throttle(time.monotonic)
        self._link: Link | None = None

    async def _connected(self, role: Role) -> Link:
        """A new connection, which `close` ends, wherever it stands."""
        self._link = link = Link(self._endpoint, self._settings, role)
        await link.connect()
        return link

    async def close(self) -> None:
        """Say goodbye, if the broker still listens, and disconnect."""
        link, self._link = self._link, None
        if link:
            await link.end()

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        """What a link raises becomes a TemporaryError that says what happened, and what to check."""
        try:
            yield
        except FAILURES as error:
            reason, why = explain(error, self._settings.timeout)
            raise TemporaryError(f"{self._endpoint}: {why}", reason) from error

    def _warn(self, access: str, refused: Collection[str]) -> None:
        """Say now and then what the broker's access list does not allow."""
        if refused and self._throttle.suppressed(access) is not None:
            counted = {"topic": next(iter(refused)), "topics": len(refused)}
            log.warning("broker does not allow", access=access, **counted, hint=HINT)
