"""Alerts on real Asterisks: each fires and clears, with the right labels, at a subscriber of the broker."""

import contextlib
import statistics
import time
from collections.abc import Iterator

import pytest

from tests.live.alert_stage import BRANCH, Stage, Subscriber, call, fail_to_log_in, hearing, watched
from tests.live.asterisk import VERSIONS
from tests.servers.process import wait_until

pytestmark = [pytest.mark.live, pytest.mark.alone]

GRAVE = ("critical", "warning")
JOINS = 20


@pytest.fixture(scope="module", params=VERSIONS)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with watched(request.param, tmp_path_factory.mktemp("alerts")) as stage:
        yield stage


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """The stage, where nothing is wrong; after the test nothing may be wrong any more."""
    yield shared
    shared.pbx.hang_up()
    shared.pair.give_branch(BRANCH)
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: not shared.subscriber.firing(*GRAVE), "the end of every alert")
    assert shared.subscriber.firing(*GRAVE) == set()


@pytest.fixture
def told(stage: Stage) -> Subscriber:
    return stage.subscriber


def test_a_provider_that_dies_is_a_trunk_that_is_down(stage: Stage, told: Subscriber) -> None:
    """Trunk, registration and contact are named; Asterisk calls a registration rejected if nobody answers."""
    begun = since = told.now()
    stage.pair.provider.kill()

    lost = told.wait_for("firing", "registration_lost", since, registration="acme")
    silent = told.wait_for("firing", "contact_unreachable", since, aor="acme")
    rejected = told.wait_for("firing", "registration_rejected", since)
    down = told.wait_for("firing", "trunk_down", since, trunk="acme")

    assert [each.words["value"] for each in (lost, silent, rejected, down)] == [0, 0, 1, 0]
    assert down.words["severity"] == "critical"
    assert down.words["summary"] == "Trunk acme of hq is down"
    assert told.shown("trunk_down/acme").items() <= down.words.items()

    since = told.now()
    stage.pair.start_provider()

    for rule, labels in {
        "registration_lost": {"registration": "acme"},
        "contact_unreachable": {"aor": "acme"},
        "registration_rejected": {},
        "trunk_down": {"trunk": "acme"},
    }.items():
        told.wait_for("inactive", rule, since, **labels)
    assert told.shown("trunk_down/acme")["state"] == "inactive"
    assert told.fired(begun, *GRAVE) == {
        ("registration_lost", "acme"),
        ("contact_unreachable", "acme"),
        ("registration_rejected",),
        ("trunk_down", "acme"),
    }


def test_a_queue_that_fills_is_told_with_its_callers(stage: Stage, told: Subscriber) -> None:
    """Four callers, where three may wait; the member of the queue does not answer, but is there."""
    since = told.now()
    call(stage.pbx, "queuedeaf99@random", times=4)

    full = told.wait_for("firing", "queue_waiting", since, queue="deaf")

    assert (full.words["value"], full.words["threshold"]) == (4, 3)
    assert full.words["summary"] == "4 callers wait in deaf of hq"
    assert told.shown("queue_waiting/deaf").items() <= full.words.items()

    stage.pbx.hang_up()

    over = told.wait_for("inactive", "queue_waiting", since, queue="deaf")
    assert over.words["value"] <= 1
    assert told.fired(since, *GRAVE) == {("queue_waiting", "deaf")}


def test_callers_whom_nobody_can_answer_are_told_once(stage: Stage, told: Subscriber) -> None:
    """That nobody is logged in explains that many wait."""
    since = told.now()
    call(stage.pbx, "queue@calls", times=4)

    alone = told.wait_for("firing", "queue_without_members", since, queue="support")
    waiting = told.wait_for("pending", "queue_waiting", since, queue="support")
    wait_until(lambda: time.time() > waiting.at + 1, "the time in which it would have fired")

    assert (alone.words["severity"], alone.words["value"]) == ("critical", 0)
    assert alone.words["summary"] == "Callers wait in support of hq, and nobody is logged in"
    assert told.shown("queue_waiting/support")["state"] == "pending"
    assert told.shown("queue_waiting/support")["inhibited"]

    stage.pbx.hang_up()

    told.wait_for("inactive", "queue_without_members", since, queue="support")
    told.wait_for("inactive", "queue_waiting", since, queue="support")
    assert told.fired(since, *GRAVE) == {("queue_without_members", "support")}


def test_wrong_secrets_at_ami_are_told_until_they_end(stage: Stage, told: Subscriber) -> None:
    """What counts failures is there from the first on, and an increase is what comes after it."""
    since = told.now()
    fail_to_log_in(stage.pbx)
    wait_until(lambda: told.shown("authentication_failures/ami"), "the first failure to be known")
    fail_to_log_in(stage.pbx, times=5)

    tried = told.wait_for("firing", "authentication_failures", since, service="ami")

    assert tried.words["value"] > tried.words["threshold"] == 3
    assert tried.words["summary"].endswith("authentication failures in a minute on ami of hq")
    told.wait_for("inactive", "authentication_failures", since, service="ami")
    assert told.fired(since, *GRAVE) == {("authentication_failures", "ami")}


def test_a_wrong_password_at_sip_is_told_from_both_ends(stage: Stage, told: Subscriber) -> None:
    """Who registers is told to be rejected, and who is registered at of failures."""
    since = told.now()
    stage.pair.give_branch("wrong")

    told.wait_for("firing", "authentication_failures", since, service="pjsip")
    told.wait_for("firing", "registration_rejected", since)
    told.wait_for("firing", "registration_lost", since, registration="branch")
    told.wait_for("firing", "trunk_down", since, trunk="branch")

    stage.pair.give_branch(BRANCH)

    told.wait_for("inactive", "trunk_down", since, trunk="branch")
    told.wait_for("inactive", "registration_lost", since, registration="branch")
    told.wait_for("inactive", "registration_rejected", since)
    told.wait_for("inactive", "authentication_failures", since, service="pjsip")
    assert told.fired(since, *GRAVE) == {
        ("authentication_failures", "pjsip"),
        ("registration_rejected",),
        ("registration_lost", "branch"),
        ("trunk_down", "branch"),
    }


def test_an_event_is_an_alert_at_once(stage: Stage, told: Subscriber) -> None:
    """From QueueCallerJoin at another AMI session to the alert at a subscriber; polls come once a second."""
    delays = []
    with hearing(stage.pbx, "QueueCallerJoin") as joins:
        for number in range(1, JOINS + 1):
            since = told.now()
            call(stage.pbx, "queue@calls")
            alert = told.wait_for("firing", "caller_waits", since, queue="support")
            wait_until(lambda: len(joins) == number, "the event")  # noqa: B023 - it is called at once
            delays.append(alert.at - joins[-1])
            stage.pbx.hang_up()
            told.wait_for("inactive", "caller_waits", since, queue="support")

    middle = statistics.median(delays)
    print(f"median {middle:.5f} s, at best {min(delays):.5f} s, at worst {max(delays):.5f}s")
    assert middle < 0.05


def test_an_asterisk_that_stops_hides_its_trunks(stage: Stage, told: Subscriber) -> None:
    """A trunk goes just before: it is told only when the PBX is back, and the trunk is seen to be down."""
    wait_until(
        lambda: told.shown("asterisk_restarted")["state"] == "inactive", "its start to be long ago", 60
    )
    since = told.now()
    stage.pair.provider.kill()
    trunk = told.wait_for("pending", "trunk_down", since, trunk="acme")
    stage.pbx.cli("core stop now")

    gone = told.wait_for("firing", "pbx_unreachable", since)
    told.wait_available("offline")
    shadow = told.now()
    wait_until(lambda: time.time() > trunk.at + 7, "the time in which the trunk would have fired")

    assert gone.words["severity"] == "critical"
    assert gone.words["summary"] == "hq is unreachable"
    assert told.fired(shadow, *GRAVE) == set()
    assert told.shown("trunk_down/acme")["state"] == "pending"
    assert told.shown("trunk_down/acme")["inhibited"]

    stage.pair.hq.stop()
    stage.pair.start_hq()

    back = told.wait_for("inactive", "pbx_unreachable", since)
    told.wait_available("online")
    told.wait_for("firing", "asterisk_restarted", since)
    down = told.wait_for("firing", "trunk_down", since, trunk="acme")
    assert down.at > back.at

    stage.pair.start_provider()

    told.wait_for("inactive", "trunk_down", since, trunk="acme")
    assert told.fired(since, "critical") <= {
        ("pbx_unreachable",),
        ("registration_rejected",),
        ("trunk_down", "acme"),
    }
