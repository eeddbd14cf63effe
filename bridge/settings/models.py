"""Every setting: name, type, default and help. `docs/configuration.md` and `config/bridge.env.example` come
from these models and those beside them. Where values come from, and how faults are told, stands in
`bridge/environment.py`.
"""

from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from bridge.settings import values
from bridge.settings.alerts import AlertsSettings
from bridge.settings.privacy import PrivacySettings
from bridge.settings.sinks import (
    ConsoleSettings,
    GraphiteSettings,
    HttpSettings,
    MqttSettings,
    SpoolSettings,
    StatsdSinkSettings,
)
from bridge.settings.store import StoreSettings
from bridge.settings.types import (
    Amount,
    ConflictError,
    Duration,
    File,
    FileMode,
    Folder,
    Host,
    ListenUrls,
    Networks,
    PbxName,
    Percentiles,
    Port,
    Secret,
    Section,
    StatsdPrefix,
    Words,
)


class SnmpSettings(Section):
    """SNMP agent of one PBX."""

    host: Host = Field(description="Name or address of the SNMP agent")
    port: Port = Field(161, description="UDP port of the SNMP agent")
    version: Literal["1", "2c", "3"] = Field("2c", description="SNMP version")
    community: Secret = Field(Secret("public"), description="Community, for versions 1 and 2c")
    username: str = Field("", description="User (security name), for version 3")
    auth_protocol: Literal["none", "md5", "sha", "sha224", "sha256", "sha384", "sha512"] = Field(
        "none", description="Authentication, for version 3"
    )
    auth_password: Secret = Field(Secret(""), description="Authentication passphrase, 8 or more characters")
    priv_protocol: Literal["none", "des", "aes", "aes192", "aes256", "aes192c", "aes256c"] = Field(
        "none",
        description="Privacy, for version 3; aes192c and aes256c extend the key as Cisco does (Reeder)",
    )
    priv_password: Secret = Field(Secret(""), description="Privacy passphrase, 8 or more characters")
    allow_des: bool = Field(False, description="Allow DES, which is broken")
    context: str = Field("", description="Context name, for version 3")
    engine: Literal["auto", "fast", "pysnmp"] = Field(
        "auto", description="What asks the agent: our own engine, or pysnmp, which also knows DES"
    )
    interval: Duration = Field(15.0, description="Time between polls")
    timeout: Duration = Field(2.0, description="Time to wait for an answer before asking again")
    retries: int = Field(1, ge=0, le=10, description="How often to ask again")
    channel_table: bool = Field(
        False,
        description="Poll the channel table too: costs the PBX a lock per cell, one series per live channel",
    )
    channel_columns: Words = Field(
        ("astChanState", "astChanType", "astChanHangupCause"),
        description="Columns of the channel table; personal ones are refused",
    )
    channel_limit: Amount = Field(
        100, description="The most channels whose rows are asked for; above it the table is left out"
    )
    objects: Words = Field(
        (), description="Further objects to poll, such as IF-MIB::ifInOctets.2, from any MIB in mib_dir"
    )
    mib_dir: Folder | None = Field(None, description="Folder with the MIB files that `objects` names")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """Version 3 must be whole, and must not be half meant."""
        if self.version != "3":
            if self.username:
                yield "username", "is for version 3 only; set version to 3"
            return
        if not self.username:
            yield "username", "is needed for version 3"
        if self.priv_protocol != "none" and self.auth_protocol == "none":
            yield "auth_protocol", "is needed for priv_protocol: SNMPv3 has no privacy without authentication"
        if self.priv_protocol == "des" and not self.allow_des:
            yield (
                "priv_protocol",
                "is des, which is broken; use aes, or set allow_des if the agent has no other",
            )
        if self.priv_protocol == "des" and self.engine == "fast":
            yield "engine", "is fast, which does not know des; use auto or pysnmp"
        yield from _short("auth_password", self.auth_protocol, self.auth_password)
        yield from _short("priv_password", self.priv_protocol, self.priv_password)


def _short(field: str, protocol: str, password: Secret) -> Iterator[tuple[str, str]]:
    if protocol != "none" and len(password.get_secret_value()) < 8:
        yield field, "must have 8 characters or more (RFC 3414)"


class AmiSettings(Section):
    """AMI of one PBX."""

    host: Host = Field(description="Name or address of Asterisk's manager")
    port: Port | None = Field(None, description="TCP port; default 5038, with TLS 5039")
    username: str = Field(min_length=1, description="Section name of the account in manager.conf")
    secret: Secret = Field(min_length=1, description="`secret` of the account in manager.conf")
    tls: bool = Field(False, description="Speak TLS from the first byte")
    tls_ca: File | None = Field(
        None, description="File with the CA certificates to trust; default: the system's"
    )
    tls_server_name: str = Field("", description="Name the certificate must hold, if not `host`")
    insecure_tls: bool = Field(False, description="Do not verify the certificate: anyone can pose as the PBX")
    auth: Literal["md5", "plain"] = Field(
        "md5", description="md5 (challenge) or plain (only over TLS or loopback)"
    )
    interval: Duration = Field(15.0, description="Time between polls")
    timeout: Duration = Field(10.0, description="Time to wait for a connection or an answer")
    ping_interval: Duration = Field(
        30.0, description="Time without a byte after which the connection is tested"
    )
    events: bool = Field(True, description="Listen to events on a connection of their own")
    kpi_window: Duration = Field(900.0, description="Window over which key figures (ASR, ACD ...) are taken")
    cli: bool = Field(
        False,
        description="Ask for taskprocessors, and for calls where Asterisk has no CoreProcessedCalls, "
        "by the command line; needs class command",
    )

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """The secret must not be shown to the network, and a certificate must not be given in vain."""
        if self.auth == "plain" and not values.is_local(self.host):
            if not self.tls:
                yield "auth", "is plain, which would show the secret to the network; use md5, or set tls"
            elif self.insecure_tls:
                yield "auth", "is plain, which with insecure_tls would show the secret to anyone who answers"
        if self.tls_ca and not self.tls:
            yield "tls_ca", "is given, but tls is off"


class PbxStatsdSettings(Section):
    """What belongs to one PBX of what the StatsD listener hears."""

    senders: Networks = Field((), description="Addresses or networks whose packets belong to this PBX")
    prefix: StatsdPrefix = Field(
        "", description="`prefix` of its statsd.conf: lines of this PBX that do not begin with it are refused"
    )


class PbxSettings(Section):
    """One PBX: at least one of its interfaces."""

    snmp: SnmpSettings | None = Field(None, description="SNMP")
    ami: AmiSettings | None = Field(None, description="AMI")
    statsd: PbxStatsdSettings | None = Field(None, description="StatsD")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """A PBX without any interface says nothing."""
        if not (self.snmp or self.ami or self.statsd):
            yield "", "has no interface; give it SNMP, AMI or StatsD settings"


class StatsdSettings(Section):
    """The StatsD listener, shared by all PBXs."""

    enabled: bool = Field(True, description="Listen for StatsD")
    listen: ListenUrls = Field(
        ("udp://127.0.0.1:8125",),
        description="Where to listen: udp://HOST:PORT, tcp://HOST:PORT, unixgram:///PATH or unix:///PATH",
    )
    allow: Networks = Field(
        (), description="Addresses or networks that may send; empty: anyone who can reach it"
    )
    unknown_senders: Literal["default", "refuse"] = Field(
        "default",
        description="A packet from an address that no PBX claims goes to the PBX `default`, or is refused",
    )
    flush_interval: Duration = Field(10.0, description="Time between flushes, aligned to the clock")
    percentiles: Percentiles = Field(
        (90.0,), description="Percentiles of timers; a negative one counts from the top"
    )
    names: Literal["bridge", "etsy", "etsy-legacy"] = Field(
        "bridge", description="Names of buckets in Graphite: our own, or exactly those of etsy's statsd"
    )
    idle: Literal["drop", "repeat"] | None = Field(
        None,
        description="What an idle bucket does: drop (say nothing) or repeat (counter 0, gauge as before); "
        "default drop, with etsy names repeat",
    )
    ttl: Duration = Field(
        3600.0,
        description="Time after which an idle bucket is forgotten; not a gauge that was moved by +n or -n, "
        "and not with etsy names",
    )
    max_series: Amount = Field(
        20_000, description="The most buckets alive of one PBX; values of others are counted as lost"
    )
    max_set: Amount = Field(10_000, description="The most members counted in one set and interval")
    max_timer: Amount = Field(
        100_000,
        description="The most values kept of one timer and interval; beyond it percentiles are of a sample",
    )
    receive_buffer: Amount = Field(4 * 1024 * 1024, description="Socket buffer to ask the kernel for, bytes")
    socket_mode: FileMode = Field("0660", description="Permissions of a unix socket")
    native: Literal["auto", "off"] = Field(
        "auto",
        description="auto: plain lines are taken by the compiled core, if it was built when the bridge was "
        "installed, to the same numbers; off: all are read by Python",
    )
    mapping: File | None = Field(
        None, description="TOML file with mapping rules from bucket names to names and labels"
    )


class LogSettings(Section):
    """The log."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least serious line shown"
    )
    format: Literal["text", "json"] = Field("text", description="For people or for machines")


class Settings(Section):
    """Everything that can be set."""

    pbx: dict[PbxName, PbxSettings] = Field(default_factory=dict, description="The PBXs, by name")
    statsd: StatsdSettings = Field(default_factory=StatsdSettings, description="StatsD listener")
    graphite: GraphiteSettings = Field(default_factory=GraphiteSettings, description="Graphite")
    mqtt: MqttSettings = Field(default_factory=MqttSettings, description="MQTT")
    spool: SpoolSettings = Field(default_factory=SpoolSettings, description="Spool")
    store: StoreSettings = Field(default_factory=StoreSettings, description="Local store")
    alerts: AlertsSettings = Field(default_factory=AlertsSettings, description="Alerts")
    statsd_out: StatsdSinkSettings = Field(
        default_factory=StatsdSinkSettings, description="Forwarding to another StatsD server"
    )
    console: ConsoleSettings = Field(default_factory=ConsoleSettings, description="Console")
    http: HttpSettings = Field(default_factory=HttpSettings, description="HTTP")
    log: LogSettings = Field(default_factory=LogSettings, description="Log")
    privacy: PrivacySettings = Field(default_factory=PrivacySettings, description="Privacy")
    state_dir: Path | Literal["off"] | None = Field(
        None,
        description="Folder of this bridge alone (if another one has it, nothing is kept, which it says): "
        "state.json, with which counters go on over a restart, the spool and the store; `off` for none; "
        "default: what systemd's StateDirectory= names, else ~/.local/state/asterisk-bridge. "
        "Taken at the start only",
    )
    self_interval: Duration = Field(10.0, description="Time between reports of the bridge's own numbers")
    freshness: Duration = Field(
        60.0, description="How long the more trusted source of a series keeps the word after it last spoke"
    )
    stop_timeout: Duration = Field(
        6.0, description="Time to deliver what is left when the bridge stops; saying goodbye may take 3s more"
    )

    def warnings(self) -> Iterator[str]:
        """What is not wrong, but not good either."""
        http = self.http
        if self.alerts.commands and http.is_open and not http.token.get_secret_value():
            yield (
                f"BRIDGE_HTTP__LISTEN: whoever reaches {http.listen} may acknowledge and silence alerts; "
                "set BRIDGE_HTTP__TOKEN"
            )

    @field_validator("pbx")
    @classmethod
    def _each_sender_has_one_pbx(cls, pbxs: dict[str, PbxSettings]) -> dict[str, PbxSettings]:
        claims = [(name, pbx.statsd.senders) for name, pbx in pbxs.items() if pbx.statsd]
        conflicts = [
            (f"{second}.statsd.senders", f"holds {other}, which PBX {first} claims too, with {one}")
            for (first, ours), (second, theirs) in combinations(claims, 2)
            for one, other in product(ours, theirs)
            if values.overlapping(one, other)
        ]
        if conflicts:
            raise ConflictError(conflicts)
        return pbxs
