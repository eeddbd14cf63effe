import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import ProtocolError
from bridge.protocols import ami
from bridge.protocols.ami import AmiMessage, AmiParser, Replies, Reply

DATA = Path(__file__).parents[1] / "data" / "ami"
GREETING = b"Asterisk Call Manager/11.0.0\r\n"
BEHIND = b"Event: Behind\r\n\r\n"

Pairs = list[tuple[str, str]]

CASES: dict[str, tuple[bytes, list[Pairs]]] = {
    "a response": (
        b"Response: Success\r\nActionID: 1\r\nPing: Pong\r\n\r\n",
        [[("Response", "Success"), ("ActionID", "1"), ("Ping", "Pong")]],
    ),
    "two events": (
        b"Event: A\r\nX: 1\r\n\r\nEvent: B\r\n\r\n",
        [[("Event", "A"), ("X", "1")], [("Event", "B")]],
    ),
    "a value with colons, and an empty one": (
        b"Event: A\r\nUri: sip:x@y:5060\r\nEmpty: \r\nBare:\r\n\r\n",
        [[("Event", "A"), ("Uri", "sip:x@y:5060"), ("Empty", ""), ("Bare", "")]],
    ),
    "equal keys, all kept in order": (
        b"Event: A\r\nVariable: a=1\r\nVariable: b=2\r\n\r\n",
        [[("Event", "A"), ("Variable", "a=1"), ("Variable", "b=2")]],
    ),
    "Latin-1 from a phone beside UTF-8": (
        b"Event: A\r\nName: B\xfcro\r\nOther: B\xc3\xbcro\r\n\r\n",
        [[("Event", "A"), ("Name", "Büro"), ("Other", "Büro")]],
    ),
    "a line of Agents that ends in LF alone": (
        b"Event: Agents\r\nCallStarted: 17\nLoggedInTime: 5\r\n\r\n",
        [[("Event", "Agents"), ("CallStarted", "17"), ("LoggedInTime", "5")]],
    ),
    "a PJSIP error whose text ends in LF": (
        b"Response: Error\r\nMessage: No Contacts found\n\r\n\r\n",
        [[("Response", "Error"), ("Message", "No Contacts found")]],
    ),
    "ListCommands with colons in its texts": (
        b"Response: Success\r\nPing: Keepalive: alive.  (Priv: <none>)\r\n\r\n",
        [[("Response", "Success"), ("Ping", "Keepalive: alive.  (Priv: <none>)")]],
    ),
    "Command of Asterisk 14 and later": (
        b"Response: Success\r\nOutput: one\r\nOutput: \r\nOutput: two\r\n\r\n",
        [[("Response", "Success"), ("Output", "one"), ("Output", ""), ("Output", "two")]],
    ),
    "Command up to Asterisk 13, with empty lines inside": (
        b"Response: Follows\r\nActionID: 7\r\none: 1\n\ntwo\r\n\r\nthree\n--END COMMAND--\r\n\r\n",
        [
            [
                ("Response", "Follows"),
                ("ActionID", "7"),
                *(("Output", line) for line in ("one: 1", "", "two", "", "three")),
            ]
        ],
    ),
    "Command up to Asterisk 13 that prints nothing": (
        b"Response: Follows\r\nPrivilege: Command\r\n--END COMMAND--\r\n\r\n",
        [[("Response", "Follows"), ("Privilege", "Command")]],
    ),
    "IAXnetstats, raw text without any end of its own": (
        b"(None) 250 -1 0\n(None) 1 2\n\r\nResponse: Success\r\nActionID: 2\r\n\r\n",
        [[("Response", "Success"), ("ActionID", "2")]],
    ),
    "a block that is neither response nor event": (b"Foo: bar\r\n\r\nEvent: A\r\n\r\n", [[("Event", "A")]]),
    "empty lines too many": (b"Response: Goodbye\r\n\r\n\r\n\r\n\r\n", [[("Response", "Goodbye")]]),
}


def parsed(*pieces: bytes) -> list[Pairs]:
    parser = AmiParser()
    return [list(message.pairs) for piece in pieces for message in parser.feed(piece)]


def each_byte(stream: bytes) -> list[bytes]:
    return [stream[i : i + 1] for i in range(len(stream))]


@pytest.mark.parametrize(("stream", "expected"), CASES.values(), ids=CASES)
class TestFraming:
    def test_whole(self, stream: bytes, expected: list[Pairs]) -> None:
        assert parsed(GREETING + stream) == expected

    def test_byte_by_byte(self, stream: bytes, expected: list[Pairs]) -> None:
        assert parsed(*each_byte(GREETING + stream)) == expected

    def test_with_bytes_behind(self, stream: bytes, expected: list[Pairs]) -> None:
        assert parsed(GREETING + stream + BEHIND) == [*expected, [("Event", "Behind")]]


def test_what_is_cut_off_at_the_end_of_a_stream_is_not_given_out() -> None:
    assert parsed(GREETING + b"Event: A\r\n\r\nEvent: Hangup\r\nCause: 1") == [[("Event", "A")]]


def test_blocks_of_no_known_kind_are_counted() -> None:
    parser = AmiParser()

    parser.feed(GREETING + b"Foo: bar\r\n\r\nno header at all\r\n\r\nEvent: A\r\n\r\n")

    assert parser.ignored == 2


class TestGreeting:
    def test_tells_the_version_and_no_empty_line_follows_it(self) -> None:
        parser = AmiParser()

        messages = parser.feed(GREETING + b"Event: A\r\n\r\n")

        assert parser.version == "11.0.0"
        assert [message.event for message in messages] == ["A"]

    @pytest.mark.parametrize(
        "said", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x15\x03"]
    )
    def test_another_service_is_named_by_what_it_said(self, said: bytes) -> None:
        with pytest.raises(ProtocolError, match=r"not AMI: the peer said") as error:
            AmiParser().feed(said)

        assert repr(said[:60]) in str(error.value)

    def test_one_that_never_ends_is_refused(self) -> None:
        with pytest.raises(ProtocolError, match="not AMI"):
            AmiParser().feed(b"Asterisk Call Manager/" + b"1" * ami.MAX_GREETING)


class TestLimits:
    @pytest.mark.parametrize(
        ("body", "complaint"),
        [
            (b"Event: A\r\nX: " + b"x" * ami.MAX_LINE + b"\r\n\r\n", "a line is longer than 65536"),
            (b"Event: A\r\n" + b"X: y\r\n" * ami.MAX_HEADERS + b"\r\n", "more than 20000 headers"),
            (b"Event: A\r\n" + b"X: y\r\n" * (ami.MAX_MESSAGE // 6) + b"\r\n", "longer than 4194304"),
            (b"Event: A\r\n" + b"X: y\r\n" * (ami.MAX_MESSAGE // 6 + 1), "longer than 4194304"),
            (b"Response: Follows\r\n" + b"x\r\n\r\n" * (ami.MAX_MESSAGE // 5), "longer than 4194304"),
        ],
        ids=["line", "headers", "message", "message without an end", "output of a command without an end"],
    )
    def test_what_is_beyond_one_is_refused_for_good(self, body: bytes, complaint: str) -> None:
        parser = AmiParser()

        with pytest.raises(ProtocolError, match=complaint):
            parser.feed(GREETING + body)
        with pytest.raises(ProtocolError, match=complaint):
            parser.feed(BEHIND)

    def test_the_longest_allowed_pass(self) -> None:
        longest_line = b"Event: A\r\nX: " + b"x" * (ami.MAX_LINE - 5) + b"\r\n\r\n"
        most_headers = b"Event: A\r\n" + b"X: y\r\n" * (ami.MAX_HEADERS - 1) + b"\r\n"

        assert len(parsed(GREETING + longest_line + most_headers)) == 2

    def test_messages_before_the_fault_are_not_lost(self) -> None:
        parser = AmiParser()

        messages = parser.feed(GREETING + BEHIND + b"Event: A\r\nX: " + b"x" * ami.MAX_LINE + b"\r\n\r\n")

        assert [message.event for message in messages] == ["Behind"]
        with pytest.raises(ProtocolError, match="a line is longer"):
            parser.feed(b"")


STREAM = GREETING + b"".join(stream for stream, _ in CASES.values())


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_cutting_the_stream_anywhere_changes_nothing(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]

    assert parsed(*(STREAM[a:b] for a, b in pairwise(edges))) == parsed(STREAM)


PARTS = [
    b"Event: ",
    b"Response: Follows\r\n",
    b"--END COMMAND--",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b":",
    b"\xff",
    b"x",
]


@given(st.lists(st.sampled_from(PARTS) | st.binary(max_size=20), max_size=60))
def test_no_input_crashes_and_every_message_has_a_kind(pieces: list[bytes]) -> None:
    parser = AmiParser()

    messages = [message for piece in [GREETING, *pieces] for message in parser.feed(piece)]

    assert all(bool(message.event) or bool(message.response) for message in messages)
    assert all(isinstance(message.getall(key), list) for message in messages for key, _ in message.pairs)


@given(st.binary(max_size=100))
def test_what_is_no_greeting_is_an_error_and_nothing_else(said: bytes) -> None:
    try:
        AmiParser().feed(said)
    except ProtocolError:
        assert not said.startswith(ami.GREETING)
    else:
        assert said.startswith(ami.GREETING) or ami.GREETING.startswith(said)


class TestMessage:
    def test_keys_match_in_any_case(self) -> None:
        message = AmiMessage(b"Event: A\r\nUniqueID: 1.2")

        assert (message.get("Uniqueid"), message.get("UniqueID"), message.getall("uniqueid")) == (
            "1.2",
            "1.2",
            ["1.2"],
        )

    def test_the_first_of_equal_keys_is_given_before_and_after_the_table_is_made(self) -> None:
        message = AmiMessage(b"Event: A\r\nX: 1\r\nX: 2")

        first = message.get("X")

        assert message.get("absent", "none") == "none"
        assert (first, message.get("X"), message.getall("X")) == ("1", "1", ["1", "2"])

    def test_a_header_response_does_not_make_a_response_of_an_event(self) -> None:
        message = AmiMessage(b"Event: OriginateResponse\r\nResponse: Failure")

        assert (message.event, message.response) == ("OriginateResponse", "")

    def test_an_item_of_a_list_is_told_from_a_happening(self) -> None:
        item = AmiMessage(b"Event: ParkedCall\r\nActionID: 3\r\nParkinglot: default")
        happening = AmiMessage(b"Event: ParkedCall\r\nPrivilege: call,all\r\nParkinglot: default")

        assert item.listed
        assert not happening.listed

    def test_its_content_is_not_shown_by_accident(self) -> None:
        message = AmiMessage(b"Event: Hangup\r\nCallerIDNum: 5551234")

        assert repr(message) == "<AmiMessage Hangup, 35 bytes>"


@pytest.mark.parametrize("name", ["22/events.txt", "16/events.txt", "16/events-failures.txt"])
def test_recorded_streams_parse_wholly(name: str) -> None:
    """Asterisk 16 and 22, calls of all kinds; counted here by another way."""
    stream = (DATA / name).read_bytes()
    parser = AmiParser()

    messages = parser.feed(stream)

    assert [m.event for m in messages if m.event] == [
        match.decode() for match in re.findall(rb"(?m)^Event: (.*)\r$", stream)
    ]
    assert (
        sum(len(message.pairs) for message in messages) == len(re.findall(rb"(?m)^[^\r\n]+\r$", stream)) - 1
    )
    assert parser.ignored == 0


class TestReplies:
    def test_a_single_response_is_a_reply_at_once(self) -> None:
        replies, events = Replies().sort(
            [AmiMessage(b"Response: Error\r\nActionID: 4\r\nMessage: Permission denied")]
        )

        assert [(reply.action_id, reply.ok, reply.error) for reply in replies] == [
            ("4", False, "Permission denied")
        ]
        assert events == []

    def test_a_list_is_a_reply_when_it_is_complete_also_with_items_that_carry_no_id(self) -> None:
        sorter = Replies()
        begin = [
            AmiMessage(b"Response: Success\r\nActionID: 5\r\nEventList: start"),
            AmiMessage(b"Event: QueueParams\r\nQueue: sales"),
            AmiMessage(b"Event: QueueMember\r\nActionID: 5"),
        ]

        incomplete = sorter.sort(begin)
        replies, events = sorter.sort([AmiMessage(b"Event: XComplete\r\nActionID: 5\r\nEventList: Complete")])

        assert incomplete == ([], [])
        assert [item.event for item in replies[0].items] == ["QueueParams", "QueueMember"]
        assert replies[0].ok
        assert events == []

    def test_events_outside_of_a_list_are_not_of_it(self) -> None:
        hangup = AmiMessage(b"Event: Hangup\r\nPrivilege: call,all")

        replies, events = Replies().sort([hangup])

        assert (replies, events) == ([], [hangup])

    def test_one_event_that_is_announced_is_the_reply_and_no_happening(self) -> None:
        announced = AmiMessage(b"Response: Success\r\nActionID: 5\r\nMessage: FAXStats event will follow")
        event = AmiMessage(b"Event: FAXStats\r\nActionID: 5\r\nCurrentSessions: 0")

        replies, events = Replies().sort([announced, event, event])

        assert replies == [Reply(announced, (event,))]
        assert events == [event]

    def test_a_list_of_fax_sessions_is_announced_with_a_capital(self) -> None:
        start = AmiMessage(
            b"Response: Success\r\nActionID: 5\r\nEventList: Start\r\nMessage: list will follow"
        )
        complete = AmiMessage(b"Event: FAXSessionsComplete\r\nActionID: 5\r\nEventList: Complete")

        assert Replies().sort([start, complete]) == ([Reply(start)], [])

    def test_a_list_without_end_is_refused(self) -> None:
        start = AmiMessage(b"Response: Success\r\nActionID: 5\r\nEventList: start")
        item = AmiMessage(b"Event: X\r\nActionID: 5")

        with pytest.raises(ProtocolError, match="more than 50000 items"):
            Replies().sort([start, *[item] * (ami.MAX_ITEMS + 1)])

    def test_a_list_of_too_long_items_ends(self) -> None:
        start = AmiMessage(b"Response: Success\r\nActionID: 5\r\nEventList: start")
        item = AmiMessage(b"Event: X\r\nActionID: 5\r\nY: " + b"y" * ami.MAX_LINE)
        enough = ami.MAX_LIST // ami.MAX_LINE

        with pytest.raises(ProtocolError, match="or 67108864 bytes"):
            Replies().sort([start, *[item] * enough])

    def test_what_lists_of_one_connection_hold_does_not_add_up(self) -> None:
        start = AmiMessage(b"Response: Success\r\nActionID: 5\r\nEventList: start")
        item = AmiMessage(b"Event: X\r\nActionID: 5\r\nY: " + b"y" * ami.MAX_LINE)
        end = AmiMessage(b"Event: E\r\nActionID: 5\r\nEventList: Complete")
        half = ami.MAX_LIST // ami.MAX_LINE // 2

        replies, _ = Replies().sort([start, *[item] * half, end] * 3)

        assert [len(reply.items) for reply in replies] == [half] * 3


class TestText:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            (b"Zo\xc3\xab", "Zoë"),
            (b"Zo\xeb", "Zoë"),
            (b"\x1b[31mred", r"\x1b[31mred"),
            (b"a\rb\tc\x00", r"a\rb\tc\x00"),
            (b"\xc2\x9b2J", r"\x9b2J"),
            (b"\x9b2J", r"\x9b2J"),
            ("\u202egpj.exe".encode(), r"\u202egpj.exe"),
        ],
    )
    def test_control_characters_come_out_as_words(self, raw: bytes, text: str) -> None:
        message = AmiMessage(b"Event: X\r\nName: " + raw)

        assert message.get("Name") == text
        assert message.getall("name") == [text]
