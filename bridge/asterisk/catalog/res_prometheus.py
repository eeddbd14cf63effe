"""What Asterisk's own Prometheus module tells, and the metric of ours that means the same."""

from typing import NamedTuple

from bridge.asterisk.catalog import bridges, calls, channel_table, endpoints, system
from bridge.core import own

PER_CHANNEL = "Only with the channel table, which is off: a series for each channel is too many"


class Equivalent(NamedTuple):
    """One name of res_prometheus.

    Attributes:
        theirs: the name, as in Asterisk 18 to 23.
        ours: the name in the catalogue, of a metric or of a histogram.
        remark: where the two differ; empty if they do not.
    """

    theirs: str
    ours: str
    remark: str = ""


EQUIVALENTS = (
    Equivalent("asterisk_channels_count", calls.CHANNELS_ACTIVE.name),
    Equivalent(
        "asterisk_calls_count",
        system.DIALPLAN_ACTIVE.name,
        f"Dialplan executions; real calls are `{calls.CALLS_ACTIVE.name}`",
    ),
    Equivalent(
        "asterisk_calls_sum",
        system.DIALPLAN_PROCESSED.name,
        "Ours does not fall when Asterisk restarts",
    ),
    Equivalent("asterisk_channels_state", channel_table.CHANNEL_STATE.name, PER_CHANNEL),
    Equivalent(
        "asterisk_channels_duration_seconds",
        calls.CALLS_DURATION.name,
        "A distribution; no series for each channel",
    ),
    Equivalent("asterisk_endpoints_count", endpoints.ENDPOINTS_COUNT.name),
    Equivalent("asterisk_endpoints_state", endpoints.ENDPOINT_STATE.name),
    Equivalent("asterisk_endpoints_channels_count", endpoints.ENDPOINT_CHANNELS.name),
    Equivalent("asterisk_bridges_count", bridges.BRIDGES_ACTIVE.name),
    Equivalent(
        "asterisk_bridges_channels_count",
        calls.CHANNELS_BRIDGED.name,
        f"Of all bridges together, and of each conference `{bridges.CONFERENCE_PARTIES.name}`",
    ),
    Equivalent(
        "asterisk_pjsip_outbound_registration_status",
        endpoints.REGISTRATION_UP.name,
        "By the name of the registration, and from the start",
    ),
    Equivalent("asterisk_core_uptime_seconds", system.SYSTEM_UPTIME.name),
    Equivalent("asterisk_core_last_reload_seconds", system.SYSTEM_RELOAD_AGE.name),
    Equivalent("asterisk_core_properties", system.SYSTEM_INFO.name, "The version alone"),
    Equivalent("asterisk_core_scrape_time_ms", own.SOURCE_POLL_TIME.name, "In seconds, of each source"),
)
"""All names of res_prometheus."""
