"""Settings of what samples are written to."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, PositiveFloat

from bridge.core.endpoint import parse
from bridge.settings.types import (
    MQTT_SCHEMES,
    Amount,
    Duration,
    File,
    GraphiteUrls,
    HttpListen,
    MqttUrl,
    Qos,
    Secret,
    Section,
    SparkplugId,
    StatsdOutUrl,
    Topic,
    Words,
)
from bridge.settings.values import is_local


class GraphiteSettings(Section):
    """Where and how to write to Graphite."""

    url: GraphiteUrls = Field(
        (),
        description="tcp://HOST:2003, tls://HOST:PORT, udp://HOST:PORT or pickle://HOST:2004; several: a,b. "
        "Unset: no Graphite",
    )
    spread: Literal["failover", "all"] = Field(
        "failover", description="With several: the first that works, or all"
    )
    prefix: str = Field("asterisk", description="First component of every path")
    layout: Literal["path", "tags"] = Field(
        "path", description="Labels as path components, or as Graphite tags"
    )
    timeout: Duration = Field(10.0, description="Time to wait for a connection or for room in the socket")
    resend: Duration = Field(
        5.0, description="What was sent this long, and `timeout`, before a break was noticed is sent again"
    )
    tls_ca: File | None = Field(
        None, description="File with the CA certificates to trust; default: the system's"
    )
    new_series_per_minute: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="The most series that begin in a minute, others wait: a little less than carbon's "
        "MAX_CREATES_PER_MINUTE, above which it throws values away; 0: no limit",
    )
    buffer: Amount = Field(1_000_000, description="The most samples kept while Graphite is away")
    batch: Amount = Field(1000, description="The most samples written at once")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """A certificate must not be given in vain."""
        if self.tls_ca and not any(url.lower().startswith("tls:") for url in self.url):
            yield "tls_ca", "is given, but no url begins with tls://"


class SpoolSettings(Section):
    """What waits for Graphite or MQTT for more than a moment is kept in `state_dir`; taken at the start."""

    enabled: bool = Field(True, description="Keep it on disk, so that it outlives a restart and an outage")
    size: Amount = Field(256 * 1024 * 1024, description="The most disk used for each sink, bytes")
    age: Duration = Field(7 * 86400.0, description="The longest that samples wait on disk")
    replay: PositiveFloat = Field(
        2.0,
        description="How fast a backlog follows: so many times as fast as samples come, or 500 a second",
    )


class MqttSettings(Section):
    """Where and how to publish over MQTT."""

    url: MqttUrl = Field(
        "",
        description="mqtt://[USER@]HOST[:PORT], mqtts://HOST, ws://HOST/PATH or wss://HOST; unset: no MQTT",
    )
    username: str = Field("", description="User, if not in the URL")
    password: Secret = Field(Secret(""), description="Password")
    client_id: str = Field("", description="Client id; default asterisk-bridge-<host name>")
    version: Literal["3.1.1", "5"] = Field("5", description="MQTT version")
    prefix: Topic = Field("asterisk", description="First part of every topic")
    layout: Literal["entity", "metric"] = Field(
        "entity", description="One JSON object per entity, or one plain number per series"
    )
    qos: Qos = Field(0, description="QoS of values; states and the last will always have 1")
    retain: bool = Field(True, description="Retain values")
    keepalive: Duration = Field(60.0, description="Keep-alive")
    timeout: Duration = Field(10.0, description="Time to wait for the broker")
    tls_ca: File | None = Field(
        None, description="File with the CA certificates to trust; default: the system's"
    )
    tls_cert: File | None = Field(None, description="Client certificate")
    tls_key: File | None = Field(None, description="Key of the client certificate")
    tls_server_name: str = Field(
        "", description="Name to ask for (SNI) and to verify, if not the host of the URL"
    )
    tls_alpn: str = Field(
        "", description="Protocol to ask for (ALPN), where a broker shares its port, such as x-amzn-mqtt-ca"
    )
    insecure_tls: bool = Field(
        False, description="Do not verify the certificate: anyone can pose as the broker"
    )
    buffer: Amount = Field(100_000, description="The most samples kept while the broker is away")
    batch: Amount = Field(1000, description="The most samples published at once")
    homeassistant: bool = Field(False, description="Announce everything to Home Assistant (MQTT discovery)")
    homeassistant_prefix: Topic = Field(
        "homeassistant", description="First part of discovery topics, as Home Assistant has it"
    )
    sparkplug: bool = Field(False, description="Publish as an edge node of Sparkplug B too")
    sparkplug_group: SparkplugId = Field("asterisk", description="Group id of the edge node")
    sparkplug_node: SparkplugId = Field("", description="Id of the edge node; default: the host name")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """A user must be named once, and TLS must be meant or not."""
        user = parse(self.url, MQTT_SCHEMES).username if self.url else ""
        if user and self.username not in {"", user}:
            yield "username", f"is not the user of the url, {user!r}; name one of them"
        if self.version == "3.1.1" and self.password.get_secret_value() and not (user or self.username):
            yield "username", "is needed with a password in MQTT 3.1.1"
        if self.sparkplug and not self.sparkplug_group:
            yield "sparkplug_group", "is empty; hosts tell edge nodes apart by it"
        yield from self._tls_conflicts()

    def _tls_conflicts(self) -> Iterator[tuple[str, str]]:
        plain = self.url.lower().startswith(("mqtt:", "ws:"))
        for field in ("tls_ca", "tls_cert", "tls_key", "tls_alpn"):
            if plain and getattr(self, field):
                yield field, "is given, but url begins neither with mqtts:// nor with wss://"
        if self.tls_key and not self.tls_cert:
            yield "tls_key", "needs tls_cert too"


class StatsdSinkSettings(Section):
    """Forwarding to another StatsD server."""

    url: StatsdOutUrl = Field(
        "", description="udp://HOST:PORT or tcp://HOST:PORT; unset: nothing is forwarded"
    )
    prefix: str = Field("asterisk", description="First component of every name")
    buffer: Amount = Field(100_000, description="The most samples kept while the server is away")


class ConsoleSettings(Section):
    """Printing every sample, for a dry run."""

    enabled: bool = Field(False, description="Print every sample to standard output")


class HttpSettings(Section):
    """The HTTP port."""

    listen: HttpListen = Field(
        "127.0.0.1:8080", description="HOST:PORT of the page, /metrics, /livez and /readyz; `off` for no HTTP"
    )
    token: Secret = Field(
        Secret(""),
        description="Who asks for anything but /livez and /readyz must know it: as a Bearer token, or as the "
        "password, with any user name; empty: anybody may ask",
    )
    hosts: Words = Field(
        (),
        description="Names by which browsers reach the port, besides addresses, localhost and its own,"
        " so that alerts can be acknowledged there; not needed with a token",
    )
    stale: Duration = Field(300.0, description="Time after which a series that is silent leaves /metrics")

    @property
    def is_open(self) -> bool:
        """Whether others than this machine reach the port."""
        return self.listen != "off" and not is_local(parse(f"http://{self.listen}", {"http": 0}).host)
