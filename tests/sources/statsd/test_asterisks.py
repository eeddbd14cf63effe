"""Asterisk's own lines, through the whole source: however they are written, and under which prefix."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.asterisk.catalog.calls import CHANNELS_ACTIVE
from bridge.core import own
from bridge.core.sample import BRIDGE, Series
from bridge.core.state import Json
from bridge.pipeline.memory import Memory
from tests.sources.statsd.bench import (
    CHANNELS,
    CONTACTS,
    MOVES,
    OTHER_HOST,
    SPELLINGS,
    ZEROS,
    Bench,
    Event,
    Spelling,
    is_bucket,
    thousand_events,
)

events = st.one_of(
    st.builds(Event, st.sampled_from(MOVES), st.sampled_from(("+1", "-1")), st.just("g")),
    st.builds(Event, st.sampled_from(ZEROS), st.just("0"), st.just("g")),
    st.builds(
        Event,
        st.sampled_from(("endpoints.PJSIP.101.channels", "endpoints.IAX2.a.b.channels")),
        st.integers(0, 9).map(str),
        st.just("g"),
    ),
    st.builds(Event, st.sampled_from(CONTACTS), st.integers(-1, 500).map(str), st.just("ms")),
    st.builds(Event, st.just("channels.calltime"), st.integers(0, 10**7).map(str), st.just("ms")),
    st.builds(
        Event,
        st.sampled_from(("stasis.message.ast_channel_varset_type", "stasis.message.ast_channel_dial_type")),
        st.just("1"),
        st.just("m"),
    ),
)


def spoken(said: Iterable[Event], spelling: Spelling, *, is_configured: bool = True) -> dict[Series, float]:
    bench = Bench(prefixes={"hq": spelling.prefix} if is_configured else {})
    bench.hear(*map(spelling.line, said))
    return bench.flushed()


@given(st.lists(events, max_size=60))
@settings(max_examples=30)
def test_all_spellings_of_the_same_events_give_the_same_samples(said: list[Event]) -> None:
    plain = spoken(said, Spelling())

    assert all(spoken(said, spelling) == plain for spelling in SPELLINGS)
    assert not any(map(is_bucket, plain))


def test_a_thousand_events_in_all_spellings_give_the_same_samples() -> None:
    """Also where no setting tells the prefix, since a line comes that no dialplan can have sent."""
    said = thousand_events()
    plain = spoken(said, Spelling())
    assert len(plain) > 30

    for spelling in SPELLINGS:
        assert spoken(said, spelling) == plain
        unsaid = spoken(said, spelling, is_configured=False)
        assert {series: value for series, value in unsaid.items() if not is_bucket(series)} == plain


def test_each_pbx_speaks_for_itself() -> None:
    bench = Bench()

    bench.hear(b"channels.count:+1|g", b"channels.count:+1|g")
    bench.hear(b"channels.count:+1|g", sender=OTHER_HOST)
    bench.hear(b"channels.count:+1|g", sender="10.9.9.9")

    found = bench.flushed()
    values = [found[CHANNELS_ACTIVE.series(pbx)] for pbx in ("hq", "branch", "default")]
    assert values == [2, 1, 1]


@pytest.mark.parametrize(
    ("listener", "is_own"),
    [("udp", True), ("udp-2", True), ("unixgram", True), ("tcp", False), ("unix", False)],
)
def test_only_datagrams_are_asterisks(listener: str, is_own: bool) -> None:
    bench = Bench()

    bench.hear(b"channels.count:+1|g\n", listener=listener)

    assert (CHANNELS in bench.flushed()) is is_own


def test_with_etsys_names_the_buckets_stay_and_the_catalogue_is_added() -> None:
    bench = Bench(names="etsy")

    bench.hear(b"channels.count:+1|g", b"stasis.message.x_type:1|m")

    found = bench.flushed()
    assert found[CHANNELS] == 1
    paths = {series.path: value for series, value in found.items()}
    assert paths["stats.gauges.channels.count"] == 1
    assert paths["stats.counters.stasis.message.x_type.count"] == 1


def test_understood_lines_are_accepted_lines() -> None:
    bench = Bench()

    bench.hear(b"channels.count:+1|g", f"{CONTACTS[0]}:-1|ms".encode(), b"other:-1|ms")

    assert bench.health.counted(own.LISTENER_LINES.series(BRIDGE, "udp")) == 2
    assert bench.refused("negative_timer") == 1


# --- the prefix


def test_lines_outside_of_the_prefix_that_is_set_are_refused_and_counted() -> None:
    bench = Bench(prefixes={"hq": "hq"})

    bench.hear(
        b"hq.channels.count:+1|g", b"hq.calls:1|c\n", b"channels.count:+1|g", b"hqx.calls:1|c\nhq.a:1|c"
    )

    found = bench.flushed()
    names = {series.name for series in found if is_bucket(series)}
    assert names == {"statsd.hq.calls.count", "statsd.hq.calls.rate", "statsd.hq.a.count", "statsd.hq.a.rate"}
    assert found[CHANNELS] == 1
    assert bench.refused("outside_prefix") == 2
    assert bench.health.counted(own.LISTENER_LINES.series(BRIDGE, "udp")) == 3


def test_the_prefix_of_one_pbx_binds_no_other() -> None:
    bench = Bench(prefixes={"hq": "hq"})

    bench.hear(b"calls:1|c", sender=OTHER_HOST)

    assert bench.refused("outside_prefix") == 0
    assert len(bench.flushed()) == 2


def test_a_prefix_that_no_setting_tells_is_believed_when_it_is_proven_and_nothing_is_lost() -> None:
    bench = Bench()
    bench.hear(b"hq.channels.count:+1|g", b"hq.channels.count:+1|g")
    assert not bench.catalogue()

    bench.hear(b"hq.stasis.message.ast_channel_varset_type:1|m", b"hq.channels.count:+1|g")

    assert bench.catalogue()[CHANNELS] == 3


def test_lines_that_look_like_asterisks_are_mentioned_once(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench()

    for _ in range(3):
        bench.hear(b"caller.secret.channels.count:+1|g")
        bench.flushed()

    (line,) = capsys.readouterr().out.splitlines()
    assert "STATSD__PREFIX" in line
    assert "secret" not in line


def test_a_proven_prefix_outlives_the_bridge() -> None:
    memory = Memory()
    Bench(memory=memory).hear(b"hq.stasis.message.x_type:1|m", b"hq.channels.count:+1|g")
    memory.turn_over()

    bench = Bench(memory=memory)
    bench.hear(b"hq.channels.count:+1|g")

    assert bench.catalogue()[CHANNELS] == 2


def test_a_changed_prefix_is_believed_when_the_old_one_has_fallen_silent() -> None:
    """Counters go on; and two PBXs behind one name do not take turns."""
    bench = Bench()
    bench.hear(b"old.stasis.message.x_type:1|m")
    bench.hear(b"new.stasis.message.x_type:1|m")
    assert list(bench.catalogue().values()) == [0, 1]

    bench.clock.now += 301
    bench.hear(b"new.stasis.message.x_type:1|m")

    assert list(bench.catalogue().values()) == [0, 3]


def test_a_pbx_that_is_gone_is_remembered_and_not_shown() -> None:
    memory = Memory()
    first = Bench(memory=memory)
    first.hear(b"stasis.message.x_type:1|m", sender="10.9.9.9")
    memory.turn_over()
    second = Bench(memory=memory)
    assert second.flushed() == {}
    memory.turn_over()

    bench = Bench(memory=memory)
    bench.hear(b"stasis.message.x_type:1|m", sender="10.9.9.9")

    assert list(bench.catalogue().values()) == [0, 2]


@pytest.mark.parametrize("state", [None, 5, {"asterisks": {"hq": 5}, "book": {"hq": [[5]]}}])
def test_a_state_that_a_hand_has_changed_is_ignored(state: Json) -> None:
    memory = Memory()
    memory.keep("statsd", lambda: state)
    memory.turn_over()

    bench = Bench(memory=memory)
    bench.hear(b"channels.count:+1|g")

    assert bench.catalogue()[CHANNELS] == 1
