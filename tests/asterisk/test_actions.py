import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.actions import ALLOWED, Action, Grant, answered
from bridge.protocols.ami_actions import challenge_key
from tests.asterisk.recorded import reply, said
from tests.asterisk.smuggling import FORBIDDEN, HOSTILE, as_asterisk_reads, hostile_values

CHANGING = ["Originate", "Hangup", "Redirect", "Setvar", "DBPut", "UpdateConfig", "ModuleLoad", "QueueReset"]

ELSEWHERE = {"SIPpeers", "SIPshowregistry", "DAHDIShowChannels", "DAHDIShowStatus", "PRIShowSpans"}
"""Of chan_sip, which 22 has no more, and of chan_dahdi, which needs cards."""


class TestAllowList:
    @pytest.mark.parametrize("name", [*CHANGING, "PJSIPQualify", "coreStatus", ""])
    def test_an_action_that_is_not_on_it_cannot_be_built(self, name: str) -> None:
        with pytest.raises(ValueError, match="not on the list of those that only read"):
            Action(name)

    @pytest.mark.parametrize(
        "text", ["core restart now", "core show calls\n", "core show calls; core stop now"]
    )
    def test_no_other_cli_text_can_be_asked(self, text: str) -> None:
        with pytest.raises(ValueError, match="does not hold what is allowed"):
            Action("Command", (("Command", text),))

    @pytest.mark.parametrize(
        "expression",
        [
            "SHELL(id)",
            "GLOBAL(X)",
            "STRPTIME(${SHELL(id)},,%Y-%m-%d %H:%M:%S)",
            "STRPTIME(2026-11-23 20:53:43,,%s)",
            "SYSINFO(numcalls)x",
        ],
    )
    def test_getvar_evaluates_only_what_is_fixed(self, expression: str) -> None:
        with pytest.raises(ValueError, match="does not hold what is allowed"):
            Action("Getvar", (("Variable", expression),))

    @pytest.mark.parametrize("moment", ["", "now", "2026-11-23", "2026-11-23 20:53:43)", "${SHELL(id)}"])
    def test_a_time_that_is_none_is_not_asked_for(self, moment: str) -> None:
        with pytest.raises(ValueError, match="does not hold what is allowed"):
            actions.unix_time_of(moment)

    def test_a_header_that_is_not_foreseen_is_refused(self) -> None:
        with pytest.raises(ValueError, match="'Channel'"):
            Action("CoreShowChannels", (("Channel", "x"),))

    @given(st.text())
    def test_a_hostile_mailbox_name_adds_nothing_to_the_action(self, mailbox: str) -> None:
        try:
            encoded = actions.mailbox_count(mailbox).encode("9")
        except ValueError:
            return

        assert len(encoded.split(b"\r\n")) == 5
        assert encoded.startswith(b"Action: MailboxCount\r\nMailbox: ")
        assert encoded.endswith(b"\r\nActionID: 9\r\n\r\n")

    def test_a_name_that_no_action_can_hold_is_not_asked_for(self) -> None:
        names = ["101@default", "a\r\nAction: Hangup", "", "x" * 70_000, "é" * 250]

        asked = actions.for_each(names, actions.mailbox_count)

        assert asked == [actions.mailbox_count("101@default"), actions.mailbox_count("é" * 250)]
        assert all(action.encode("1") for action in asked)

    def test_a_secret_is_not_shown(self) -> None:
        assert "hunter2" not in repr(actions.login_plain("bridge", "hunter2", "off"))


class TestEncoding:
    def test_the_action_id_comes_last(self) -> None:
        assert actions.CALLS.encode("12") == (
            b"Action: Getvar\r\nVariable: SYSINFO(numcalls)\r\nActionID: 12\r\n\r\n"
        )

    def test_a_log_in_by_challenge_never_holds_the_secret(self) -> None:
        login = actions.login_md5("bridge", "0" * 32, "system,call")

        assert login.encode("1") == (
            b"Action: Login\r\nAuthType: MD5\r\nUsername: bridge\r\nKey: " + b"0" * 32 + b"\r\n"
            b"Events: system,call\r\nActionID: 1\r\n\r\n"
        )


class TestAnswered:
    @pytest.mark.parametrize(
        ("action", "name"),
        [
            (actions.CONFERENCES, "22/ConfbridgeListRooms-none"),
            (actions.CONTACTS, "22/PJSIPShowContacts-none"),
        ],
    )
    def test_an_error_that_means_nothing_there_is_an_answer(self, action: Action, name: str) -> None:
        assert not reply(name).ok
        assert answered(action, reply(name))

    def test_the_same_words_from_another_action_are_an_error(self) -> None:
        assert not answered(actions.QUEUE_STATUS, reply("22/PJSIPShowContacts-none"))

    def test_a_denial_is_no_answer(self) -> None:
        assert not answered(actions.CONTACTS, said("Response: Error", "Message: Permission denied"))


class TestGrant:
    def test_an_account_that_may_everything_may_change_much(self) -> None:
        grant = Grant.of(reply("22/ListCommands"))

        excess = set(grant.excess(cli=False))

        assert grant.may(actions.CONTACTS)
        assert {
            "Originate",
            "Command",
            "UpdateConfig",
            "ModuleLoad",
            "Hangup",
            "Redirect",
            "Setvar",
        } <= excess
        assert excess.isdisjoint({"PJSIPShowEndpoints", "ParkedCalls", "CoreStatus", "QueueReset", "Ping"})

    def test_class_command_is_no_excess_where_it_is_wanted(self) -> None:
        grant = Grant.of(reply("22/ListCommands"))

        assert set(grant.excess(cli=False)) - set(grant.excess(cli=True)) == {"Command"}

    def test_what_every_account_may_and_class_reporting_is_no_excess(self) -> None:
        """BridgeKick and QueueReset need no class: Asterisk offers no way to take them away."""
        grant = Grant.of(
            said(
                "Response: Success",
                "BridgeKick: Kick a channel from a bridge.  (Priv: <none>)",
                "CoreStatus: Show PBX core status variables.  (Priv: system,reporting,all)",
                "LoggerRotate: Reload and rotate the Asterisk logger.  (Priv: system,reporting,all)",
            )
        )

        assert grant.excess(cli=False) == ()
        assert grant.may(actions.CORE_STATUS)
        assert not grant.may(actions.CHANNELS)

    def test_every_allowed_action_is_known_to_asterisk_22_if_its_module_is(self) -> None:
        grant = Grant.of(reply("22/ListCommands"))

        assert {name for name in ALLOWED if name not in grant.classes} == ELSEWHERE


# --- values that mean harm

PLACES: dict[str, Callable[[str], Action]] = {
    "username, plain": lambda value: actions.login_plain(value, "s", "off"),
    "secret": lambda value: actions.login_plain("u", value, "off"),
    "events": lambda value: actions.login_plain("u", "s", value),
    "username, md5": lambda value: actions.login_md5(value, "0" * 32, "off"),
    "key": lambda value: actions.login_md5("u", value, "off"),
    "challenge": lambda value: actions.login_md5("u", challenge_key(value, "s"), "off"),
    "mailbox": actions.mailbox_count,
    "endpoint": actions.endpoint_detail,
    "time": actions.unix_time_of,
    "text of a command": lambda value: Action("Command", (("Command", value),)),
    "variable": lambda value: Action("Getvar", (("Variable", value),)),
}
"""Every place where something from outside can enter an action."""


@pytest.mark.parametrize("place", PLACES)
def test_no_value_adds_a_header_or_an_action(place: str) -> None:
    built = 0
    for value in hostile_values(1):
        try:
            action = PLACES[place](value)
            data = action.encode("7")
        except ValueError:
            continue
        built += 1

        assert as_asterisk_reads(data) == [["Action", *(key for key, _ in action.headers), "ActionID"]]
        assert max(map(len, data.split(b"\r\n"))) <= 1022

    print(f"{place}: {built} of {HOSTILE} values are harmless enough to be sent")


def test_no_action_id_adds_a_header_either() -> None:
    for value in hostile_values(2):
        try:
            data = actions.PING.encode(value)
        except ValueError:
            continue

        assert as_asterisk_reads(data) == [["Action", "ActionID"]]


# --- what the code can send at all

SOURCES = [
    path for path in sorted(Path(actions.__file__).parents[1].rglob("*.py")) if "demo" not in path.parts
]
"""The bridge without its demo, which plays Asterisk and so names its actions."""


def calls(path: Path, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and name == getattr(node.func, "id", getattr(node.func, "attr", "")):
            yield node


def test_every_action_in_the_code_is_on_the_list() -> None:
    built = [node.args[0] for path in SOURCES for node in calls(path, "Action")]

    assert len(built) > 30
    assert {node.value for node in built if isinstance(node, ast.Constant)} <= ALLOWED.keys()
    assert [ast.dump(node) for node in built if not isinstance(node, ast.Constant)] == []
    assert ALLOWED.keys().isdisjoint(FORBIDDEN)


def test_nothing_else_makes_or_sends_bytes_of_actions() -> None:
    """An action is put into bytes in one place, and one place writes to Asterisk."""
    makers = {path.name for path in SOURCES for _ in calls(path, "encode_action")}
    writers = [
        ast.unparse(node)
        for path in SOURCES
        if path.parent.name == "ami"
        for name in ("write", "writelines", "sendall", "send")
        for node in calls(path, name)
    ]

    assert makers == {"actions.py"}
    assert writers == ["self._writer.write(action.encode(action_id))"]
