"""The AMI source against real Asterisks."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bridge.errors import SourceError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import AmiSettings
from bridge.sources.ami import AmiSource
from tests.live.asterisk import LEAST, Account, Asterisk
from tests.live.truth import TWENTY_CALLS, Key, expected, only, said
from tests.servers.mosquitto import Authority
from tests.servers.process import PATIENCE

pytestmark = pytest.mark.live


def source(settings: Mapping[str, str]) -> AmiSource:
    clock = SystemClock()
    return AmiSource("hq", AmiSettings.model_validate(settings), Health(clock), clock)


def poll(settings: Mapping[str, str]) -> dict[Key, float]:
    return said(asyncio.run(source(settings).poll_once()))


def over_tls(pbx: Asterisk) -> dict[str, str]:
    return {
        "tls": "true",
        "host": "localhost",
        "port": str(pbx.ports.ami_tls),
        "tls_ca": str(pbx.authority),
    }


async def listen(
    source: AmiSource, act: Callable[[], None], until: Callable[[dict[Key, float]], bool]
) -> dict[Key, float]:
    """Run the source; once it has polled, `act`; return what it said as soon as `until` holds of that."""
    values: dict[Key, float] = {}
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        running = group.create_task(source.run(lambda samples: values.update(said(samples))))
        while ("dialplan.active",) not in values:
            await asyncio.sleep(0.05)
        await asyncio.to_thread(act)
        while not until(values):
            await asyncio.sleep(0.05)
        running.cancel()
    return values


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_a_poll_says_what_the_command_line_says(pbx: Asterisk, tls: bool) -> None:
    """With 20 calls up, every number of one poll is that of Asterisk's command line."""
    pbx.place(TWENTY_CALLS)
    counts = pbx.counts()
    truth = expected(pbx, counts)

    polled = poll(pbx.ami_whole(**over_tls(pbx) if tls else {}))

    assert only(truth, polled) == truth
    assert ("system.info", pbx.version_text()) in polled
    assert polled["system.uptime",] == pytest.approx(pbx.uptime(), abs=2)
    assert polled["channel_state.channels", "up"] == counts.channels
    assert polled["channels.bridged",] == 8


def test_asterisk_16_hides_processed_calls_from_the_least_account(pbx: Asterisk) -> None:
    """Asterisk 16 tells them on its command line alone; all else needs no more than write=reporting."""
    polled = poll(pbx.ami(LEAST))

    assert (("dialplan.processed",) in polled) == (pbx.version == "22")
    assert polled["dialplan.active",] == 0


def test_queues_and_conferences_are_counted(pbx: Asterisk) -> None:
    """Two callers wait in a queue and two speak in a conference."""
    pbx.place(["Local/queue@calls/n", "Local/conference@calls/n"] * 2)

    polled = poll(pbx.ami_whole())

    assert polled["queue.waiting", "support"] == 2
    assert polled["conference.parties", "room"] == 2
    assert polled["conferences.active",] == 1
    assert polled["channels.active",] == pbx.counts().channels


def test_events_count_what_happens_between_polls(pbx: Asterisk) -> None:
    """Three calls through come and go: four channels each, two of them halves of a Local one, whose hang-up
    is nobody's; and a leg dialled by the caller and by Dial()."""

    def three_calls() -> None:
        pbx.place(["Local/through@calls/n"] * 3)
        pbx.hang_up()

    def all_gone(values: dict[Key, float]) -> bool:
        hangups = sum(value for key, value in values.items() if key[0] == "hangups.count")
        return hangups == 6 and values.get(("dials.results", "answer")) == 6

    values = asyncio.run(listen(source(pbx.ami_whole(interval="200ms")), three_calls, all_gone))

    truth: dict[Key, float] = {
        ("channels.created",): 12,
        ("dials.attempts", "Local"): 3,
        ("dials.attempts", "PJSIP"): 3,
        ("dials.results", "answer"): 6,
    }
    assert only(truth, values) == truth


def test_a_wrong_secret_says_what_to_check(pbx: Asterisk) -> None:
    """The error names the account, never the secret."""
    with pytest.raises(SourceError, match="bridge") as caught:
        poll(pbx.ami(Account("bridge", "wrong-secret")))

    assert "wrong-secret" not in str(caught.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(pbx: Asterisk, tmp_path: Path) -> None:
    """TLS is verified: with another authority than the server's the connection fails and says so."""
    settings = over_tls(pbx) | {"tls_ca": str(Authority(tmp_path).file)}

    with pytest.raises(SourceError, match=r"(?i)certificate"):
        poll(pbx.ami_whole(**settings))
