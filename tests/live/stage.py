"""The settings of a bridge between live servers, and what arrives at its two ends."""

import json
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from tests.live.truth import Key
from tests.servers.graphite import GraphiteServer
from tests.servers.mosquitto import Broker
from tests.servers.process import wait_until

QUICK = {"interval": "1s"}
"""Polls every second, so that a test is over in seconds."""


def section(pbx: str, interface: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment variables, without `BRIDGE_` in front, that set one interface of a PBX."""
    return {f"PBX__{pbx}__{interface}__{name}".upper(): value for name, value in settings.items()}


def sinks(graphite: GraphiteServer, broker: Broker) -> dict[str, str]:
    """The environment variables that name both sinks; the bridge's own numbers come every second."""
    return {
        "GRAPHITE__URL": f"tcp://127.0.0.1:{graphite.line_port}",
        "MQTT__URL": broker.url,
        "SELF_INTERVAL": "1s",
    }


def at_carbon(graphite: GraphiteServer, pbx: str, keys: Iterable[Key], since: float) -> dict[Key, float]:
    """The first values that graphite-web shows of moments after `since`; waits until each series has one."""
    found: dict[Key, float] = {}
    wanted = set(keys)

    def complete() -> bool:
        for key in wanted - found.keys():
            after = [value for value, moment in graphite.render(path(pbx, key)) if moment > since + 1]
            found.update({key: after[0]} if after else {})
        return found.keys() == wanted

    wait_until(complete, f"carbon to have new values of {wanted} of {pbx}; it has {found}")
    return found


def path(pbx: str, key: Key) -> str:
    """The Graphite path of a series."""
    group, _, what = key[0].partition(".")
    return ".".join(["asterisk", pbx, group, *key[1:], what])


def at_broker(broker: Broker, pbx: str) -> dict[Key, object]:
    """Every number and text that the broker retains of a PBX."""
    prefix = f"asterisk/{pbx}/"
    found: dict[Key, object] = {}
    for topic, payload in broker.retained().items():
        if topic.startswith(prefix):
            group, *labels = topic.removeprefix(prefix).split("/")
            values: dict[str, object] = json.loads(payload)
            found |= {(f"{group}.{what}", *map(unquote, labels)): value for what, value in values.items()}
    return found
