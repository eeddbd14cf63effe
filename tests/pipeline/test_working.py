"""Working: what Health knows of how each part went."""

from bridge.core.working import Working
from bridge.pipeline.health import GONE, STOPPING, Health, Part
from tests.fakes import FakeClock

AMI = Part("source", "hq", "ami")


def working(health: Health) -> Working:
    (only,) = health.working()
    return only


def test_one_that_is_expected_has_never_worked() -> None:
    health = Health(FakeClock(100))

    health.expect(AMI)

    assert working(health) == Working(*AMI, False, 100, None, "not connected yet")


def test_it_is_known_since_when_it_works_and_when_it_did_last() -> None:
    clock = FakeClock(100)
    health = Health(clock)
    for clock.now in (110, 120, 130):
        health.up(AMI)

    assert working(health) == Working(*AMI, True, 110, 130)


def test_the_last_fault_is_remembered_after_it_is_over() -> None:
    clock = FakeClock(100)
    health = Health(clock)
    health.up(AMI)
    clock.now = 110
    health.down(AMI, "the connection was closed")
    clock.now = 120
    health.up(AMI)

    assert working(health) == Working(*AMI, True, 120, 120, "the connection was closed", 110)


def test_another_reason_is_not_another_outage() -> None:
    clock = FakeClock(100)
    health = Health(clock)
    health.down(AMI, "refused")
    clock.now = 110
    health.down(AMI, "no route to host")

    assert working(health) == Working(*AMI, False, 100, None, "no route to host", 110)


def test_to_be_ended_is_no_fault() -> None:
    health = Health(FakeClock(100))
    health.up(AMI)
    health.down(AMI, STOPPING)

    assert working(health).faulted is None

    health.down(AMI, GONE)
    health.forget(AMI)
    assert health.working() == []


def test_to_be_heard_brings_nothing_up() -> None:
    health = Health(FakeClock(100))

    health.heard(AMI)

    assert health.working() == []
