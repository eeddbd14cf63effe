"""Devices of Sparkplug B: a PBX is one, and lives while a source of it answers; judged by a host.

A test that holds a statement of the specification has its mark (`tck-id-...`) as its name.
"""

from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core.sample import Sample, Series
from bridge.protocols.mqtt_values import STALE
from tests.protocols.sparkplug_world import ACTIVE, BRANCH, NOW, UP, UPTIME, WAITING, World, at


class TestDevices:
    """Chapters 5.6 and 6.4.26: a device lives while a source of its PBX answers."""

    def test_operational_behavior_device_ddeath(self) -> None:
        world = World()
        world.write(at(UP, 1), at(WAITING, 2))

        world.write(at(UP, 0, NOW + 1), at(WAITING, 3, NOW + 1))

        assert world.heard == [("DDATA", "hq"), ("DDEATH", "hq")]
        assert world.host.alive == {""}

    def test_a_device_that_is_dead_has_no_data_and_no_birth(self) -> None:
        world = World()
        world.write(at(UP, 1), at(WAITING, 2))
        world.write(at(UP, 0, NOW + 1))

        world.write(at(WAITING, 3, NOW + 2), at(ACTIVE, 1, NOW + 2), at(UP, 0, NOW + 2))
        silent = world.heard
        world.rebirth()

        assert silent == []
        assert world.heard == [("NBIRTH", "")]
        assert world.lost == {"offline": 3}

    def test_a_device_that_comes_back_is_born_and_what_is_old_is_stale(self) -> None:
        world = World()
        world.write(at(UP, 1), at(WAITING, 2), at(ACTIVE, 7))
        world.write(at(UP, 0, NOW + 1))

        world.write(at(UP, 1, NOW + 9), at(WAITING, 3, NOW + 9))

        assert world.heard == [("DBIRTH", "hq")]
        assert (
            world.host.value("hq", "queue/support/waiting"),
            world.host.value("hq", "dialplan/active"),
        ) == (3, 7)
        assert world.host.known["hq", "dialplan/active"].stale
        assert not world.host.known["hq", "queue/support/waiting"].stale

    def test_a_device_that_never_answered_was_never_there(self) -> None:
        world = World()

        world.write(at(UP, 0), at(WAITING, 2))
        world.write(at(UP, 0, NOW + 1))

        assert world.heard == []
        assert world.host.alive == {""}

    def test_a_device_that_grows_and_dies_at_once(self) -> None:
        world = World()
        world.write(at(UP, 1))

        world.write(at(ACTIVE, 1), at(UP, 0, NOW + 1))

        assert world.heard == [("DBIRTH", "hq"), ("DDEATH", "hq")]

    def test_a_pbx_of_which_no_source_tells_whether_it_answers_is_there(self) -> None:
        world = World()

        world.write(at(Series("statsd.web.requests", (("pbx", "default"), ("host", "a/b"))), 3))

        assert world.host.alive == {"", "default"}
        assert world.host.names("default") == {"statsd/host=a%2Fb/web.requests"}


class TestRoom:
    """However many series there are, memory has a bound."""

    def test_beyond_the_bound_series_are_not_published_and_counted(self) -> None:
        world = World(most=2)

        world.write(*(at(QUEUE_WAITING.series("hq", f"q{number}"), 1) for number in range(5)))

        assert world.host.names("hq") == {"queue/q0/waiting", "queue/q1/waiting"}
        assert world.lost == {"no_room": 3}

    def test_what_is_silent_makes_room_and_is_born_no_more(self) -> None:
        world = World(most=2)
        world.write(at(WAITING, 1), at(ACTIVE, 1))
        later = NOW + STALE + 1
        world.write(at(ACTIVE, 2, later), now=later)

        world.write(at(QUEUE_WAITING.series("hq", "sales"), 4, later), now=later)

        assert world.heard == [("DBIRTH", "hq")]
        assert world.host.names("hq") == {"dialplan/active", "queue/sales/waiting"}
        assert not world.lost


SERIES = (WAITING, ACTIVE, BRANCH, UPTIME)
steps = st.one_of(
    st.lists(
        st.builds(at, st.sampled_from(SERIES), st.integers(0, 3), st.integers(0, 20).map(lambda s: NOW + s)),
        max_size=6,
    ),
    st.builds(lambda value, second: [at(UP, value, NOW + second)], st.integers(0, 1), st.integers(0, 20)),
    st.sampled_from(["connect", "rebirth"]),
)


@given(plan=st.lists(steps, max_size=15))
def test_whatever_happens_a_host_that_keeps_to_the_specification_knows_the_truth(plan: list[object]) -> None:
    """The newest value of everything that is alive, whatever came in between, and in whatever order."""
    world = World()
    newest: dict[Series, Sample] = {}
    for step in plan:
        if isinstance(step, list):
            for sample in step:
                before = newest.get(sample.series)
                if not before or sample.time >= before.time:
                    newest[sample.series] = sample
            world.write(*step)
        else:
            getattr(world, str(step))()

    names = {WAITING: "queue/support/waiting", ACTIVE: "dialplan/active", BRANCH: "dialplan/active"}
    for series, sample in newest.items():
        device = "" if series is UPTIME else series.pbx
        if device in world.host.alive and series is not UP:
            assert world.host.value(device, names.get(series, "process/uptime")) == sample.value
    assert ("hq" in world.host.alive) == (
        bool({WAITING, ACTIVE, UP} & newest.keys()) and (UP not in newest or bool(newest[UP].value))
    )
