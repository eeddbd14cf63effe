import asyncio
import re
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from bridge.core import own
from bridge.core.sample import Sample
from bridge.errors import SourceError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.protocols.ami import AmiMessage
from bridge.sources.ami.connection import connected
from bridge.sources.ami.polls import GRANT_AGE, Knowledge, Polls
from tests.asterisk.recorded import event
from tests.fakes import FakeClock
from tests.sources.ami.scripted import DENIED, ScriptedAmi, grant, recorded, value


def unheard(_: Sequence[AmiMessage]) -> None:
    """Whoever only asks hears no events."""


async def polled(
    server: ScriptedAmi, knowledge: Knowledge | None = None, times: int = 1, clock: FakeClock | None = None
) -> tuple[list[Sample], Health]:
    """The samples of the last of some polls over one connection, and what was counted."""
    time = clock or FakeClock()
    health = Health(time)
    samples: list[Sample] = []
    async with server.running(), connected(server.settings(), unheard) as connection:
        polls = Polls(connection, knowledge or Knowledge("hq", cli=False), health, time)
        for _ in range(times):
            samples = await polls.once()
    return samples, health


def values(samples: list[Sample]) -> dict[str, float]:
    """The samples that have no labels but the PBX."""
    return {sample.series.name: sample.value for sample in samples if len(sample.series.labels) == 1}


class TestAccounts:
    def test_one_that_may_everything_gets_everything_and_is_told_to_be_less(self) -> None:
        samples, _ = asyncio.run(polled(ScriptedAmi()))

        assert (
            values(samples).items()
            >= {
                "system.uptime": 53,
                "system.reload_age": 53,
                "system.version_number": 221001,
                "system.max_calls": 1000,
                "dialplan.active": 39,
                "dialplan.processed": 60,
                "bridges.active": 9,
                "conferences.active": 0,
                "registrations.inbound": 1,
                "ami.excess_privileges": 62,
            }.items()
        )

    def test_what_one_may_not_is_never_asked(self) -> None:
        server = ScriptedAmi({**recorded(), "ListCommands": grant("CoreStatus", "QueueStatus")})

        samples, _ = asyncio.run(polled(server))

        assert [action["Action"] for action in server.actions[2:]] == [
            "ListCommands",
            "CoreStatus",
            "QueueStatus",
        ]
        assert values(samples)["ami.excess_privileges"] == 0

    def test_one_that_may_nothing_knows_the_uptime_from_events(self) -> None:
        clock = FakeClock()
        knowledge = Knowledge("hq", cli=False)
        knowledge.take(
            event("Event: FullyBooted", "Privilege: system,all", "Uptime: 60", "LastReload: 5"),
            clock.now - 10,
        )

        samples, _ = asyncio.run(
            polled(ScriptedAmi({**recorded(), "ListCommands": grant("QueueStatus")}), knowledge, clock=clock)
        )

        assert (
            values(samples).items()
            >= {
                "system.uptime": 70,
                "system.reload_age": 15,
                "ami.excess_privileges": 0,
            }.items()
        )

    def test_an_action_that_is_refused_although_listed_is_counted_and_left_out(self) -> None:
        only = grant("CoreStatus", "QueueStatus")
        server = ScriptedAmi({**recorded(), "ListCommands": only, "QueueStatus": DENIED})

        samples, health = asyncio.run(polled(server))

        assert health.counted(own.SOURCE_ERRORS.series("hq", "ami", "refused")) == 1
        assert not [sample for sample in samples if sample.series.name.startswith("queue.")]

    @pytest.mark.parametrize(("may", "told"), [(("QueueStatus",), 1), (("QueueStatus", "CoreStatus"), 0)])
    def test_one_that_may_not_ask_for_most_is_told_once(self, may: tuple[str, ...], told: int) -> None:
        knowledge = Knowledge("hq", cli=False)

        with capture_logs() as logs:
            for _ in range(2):
                server = ScriptedAmi({**recorded(), "ListCommands": grant(*may)})
                asyncio.run(polled(server, knowledge))

        events = [line["event"] for line in logs]
        assert [event.startswith("the account may not ask") for event in events] == [True] * told

    def test_without_a_list_of_commands_nothing_can_be_asked(self) -> None:
        with pytest.raises(SourceError, match="ListCommands refused"):
            asyncio.run(polled(ScriptedAmi({"ListCommands": DENIED})))


ACCOUNTS = {
    "": (0, ""),
    "reporting": (0, ""),
    "system,reporting": (25, "system"),
    "call,reporting": (24, "call"),
    "command,reporting": (1, "command"),
    "originate": (1, "originate"),
    "agent,user,config,reporting": (17, "agent,config,user"),
    "all": (62, "agent,agi,aoc,call,command,config,message,originate,system,user"),
}
"""`write` of an account to how many actions it may run that change or tell too much, and their classes."""


def commands_of(write: str) -> bytes:
    """What ListCommands tells such an account: every action that needs one of its classes, or none."""
    begin, *lines = recorded()["ListCommands"].rstrip(b"\r\n").split(b"\r\n")
    classes = set(write.encode().split(b","))
    kept = []
    for line in lines:
        found = re.search(rb"\(Priv: ([^()]*)\)\s*$", line)
        if not found or found[1] == b"<none>" or classes & set(found[1].split(b",")):
            kept.append(line)
    return b"\r\n".join([begin, *kept, b"", b""])


class TestPrivileges:
    @pytest.mark.parametrize("write", ACCOUNTS)
    def test_what_is_too_much_is_counted_and_told_once(self, write: str) -> None:
        """However often the connection is made anew."""
        answers = {**recorded(), "ListCommands": commands_of(write)}
        knowledge = Knowledge("hq", cli=False)
        excess, classes = ACCOUNTS[write]

        with capture_logs() as logs:
            told = [asyncio.run(polled(ScriptedAmi(answers), knowledge, times=2))[0] for _ in range(3)]
        lines = [line for line in logs if "classes" in line]

        assert [values(samples)["ami.excess_privileges"] for samples in told] == [excess] * 3
        assert [(line["log_level"], line["classes"], line["actions"]) for line in lines] == (
            [("warning", classes, excess)] if excess else []
        )

    def test_a_change_of_the_account_is_told_again(self) -> None:
        knowledge = Knowledge("hq", cli=False)

        with capture_logs() as lines:
            for write in ("all", "reporting", "originate"):
                server = ScriptedAmi({**recorded(), "ListCommands": commands_of(write)})
                asyncio.run(polled(server, knowledge))

        classes = [line["classes"] for line in lines if "classes" in line]
        assert classes == [ACCOUNTS["all"][1], "originate"]

    def test_class_command_is_not_too_much_where_the_setting_wants_it(self) -> None:
        server = ScriptedAmi({**recorded(), "ListCommands": commands_of("command,reporting")})

        with capture_logs() as lines:
            samples, _ = asyncio.run(polled(server, Knowledge("hq", cli=True)))

        assert values(samples)["ami.excess_privileges"] == 0
        assert lines == []

    def test_write_reporting_alone_gets_nearly_everything(self) -> None:
        """Contacts and parking need classes with which things can be changed; they are left out."""
        server = ScriptedAmi({**recorded(), "ListCommands": commands_of("reporting")})

        samples, _ = asyncio.run(polled(server))

        assert {
            "system.uptime",
            "channels.active",
            "dialplan.active",
            "bridges.active",
            "device_state.devices",
        } <= {sample.series.name for sample in samples}


class TestGrantIsLearnt:
    def test_once_for_many_polls(self) -> None:
        server = ScriptedAmi()

        asyncio.run(polled(server, times=3))

        assert server.asked("ListCommands") == 1

    def test_again_after_a_while_since_modules_come_and_go(self) -> None:
        class Hasty(FakeClock):
            def monotonic(self) -> float:
                self.now += GRANT_AGE
                return self.now

        server = ScriptedAmi()

        asyncio.run(polled(server, times=3, clock=Hasty()))

        assert server.asked("ListCommands") == 3

    def test_again_when_asterisk_has_booted(self) -> None:
        server, knowledge = ScriptedAmi(), Knowledge("hq", cli=False)

        async def scenario() -> None:
            async with server.running(), connected(server.settings(), unheard) as connection:
                polls = Polls(connection, knowledge, Health(SystemClock()), SystemClock())
                await polls.once()
                knowledge.take(event("Event: FullyBooted", "Privilege: system,all", "Uptime: 1"), 0.0)
                await polls.once()

        asyncio.run(scenario())

        assert server.asked("ListCommands") == 2


def test_a_ping_is_first_so_that_the_poll_knows_when_asterisk_read_its_clock() -> None:
    server = ScriptedAmi()

    asyncio.run(polled(server, times=2))

    asked = [action["Action"] for action in server.actions[2:]]
    assert asked[:2] == ["ListCommands", "Ping"]
    assert asked.count("Ping") == 2


def test_a_mailbox_that_an_event_told_of_is_asked_for_and_the_answer_corrects_it() -> None:
    counts = b"Mailbox: 0@default\r\nUrgMessages: 1\r\nNewMessages: 4\r\nOldMessages: 2\r\n\r\n"
    answer = b"Response: Success\r\nActionID: ?\r\n" + counts
    knowledge = Knowledge("hq", cli=False)
    waiting = event("Event: MessageWaiting", "Privilege: call,all", "Mailbox: 0@default", "New: 1", "Old: 0")
    knowledge.take(waiting, 0.0)

    samples, _ = asyncio.run(polled(ScriptedAmi({**recorded(), "MailboxCount": answer}), knowledge, times=2))

    told = {sample.series.name: sample.value for sample in samples}
    assert {name: value for name, value in told.items() if name.startswith("mailbox.")} == {
        "mailbox.new": 5,
        "mailbox.old": 2,
        "mailbox.urgent": 1,
    }


def test_the_command_line_is_asked_only_with_the_setting() -> None:
    answers = {**recorded(), "Getvar SYSINFO(numcalls)": value("")}
    asked = {}

    for cli in (False, True):
        server = ScriptedAmi(answers)
        asyncio.run(polled(server, Knowledge("hq", cli=cli)))
        asked[cli] = [action.get("Command") for action in server.actions if action["Action"] == "Command"]

    assert asked == {
        False: [],
        True: ["core show taskprocessors", "core show taskprocessor alerted subsystems", "core show calls"],
    }
