"""Whoever comes from Asterisk's own Prometheus module finds everything again."""

from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.asterisk.catalog.res_prometheus import EQUIVALENTS

TOLD = """
asterisk_bridges_channels_count asterisk_bridges_count asterisk_calls_count asterisk_calls_sum
asterisk_channels_count asterisk_channels_duration_seconds asterisk_channels_state
asterisk_core_last_reload_seconds asterisk_core_properties asterisk_core_scrape_time_ms
asterisk_core_uptime_seconds asterisk_endpoints_channels_count asterisk_endpoints_count
asterisk_endpoints_state asterisk_pjsip_outbound_registration_status
"""
"""All names that Asterisk 22.10 told with calls going on."""


def test_every_name_that_asterisk_tells_is_mapped_once() -> None:
    assert sorted(each.theirs for each in EQUIVALENTS) == sorted(TOLD.split())


def test_each_maps_to_an_entry_of_the_catalogue() -> None:
    entries = {*CATALOG, *(histogram.name for histogram in HISTOGRAMS)}

    assert {each.ours for each in EQUIVALENTS} <= entries
