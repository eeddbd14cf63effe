"""Topics, payloads and commands of Sparkplug B: written by us and read by Google's protobuf, and back.

A test that holds a statement of the specification has its mark (`tck-id-...`) as its name.
"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocols.mqtt import escape
from bridge.protocols.sparkplug import (
    HISTORICAL,
    LATEST,
    LONGEST_COMMAND,
    DataType,
    EdgeNode,
    Verb,
    asks_for_rebirth,
    definition,
    metric,
    milliseconds,
    payload,
    properties,
    rebirth_control,
    reference,
    session,
)
from tests import sparkplug_host as stranger

NOW = 1_700_000_000.1234
MS = 1_700_000_000_123
NODE = EdgeNode("asterisk", "pbx-gateway.example")
REQUEST = bytes.fromhex(
    "08fbd095ffbc31 1221 0a144e6f646520436f6e74726f6c2f52656269727468 18fbd095ffbc31 200b 7001"
)
"""A request for births as a host built on Eclipse Tahu's compiled schema writes it, with a data type."""


class TestTopics:
    """Chapter 4.1."""

    def test_topic_structure(self) -> None:
        assert [NODE.topic(verb) for verb in Verb if not verb.startswith("D")] == [
            "spBv1.0/asterisk/NBIRTH/pbx-gateway.example",
            "spBv1.0/asterisk/NDATA/pbx-gateway.example",
            "spBv1.0/asterisk/NDEATH/pbx-gateway.example",
            "spBv1.0/asterisk/NCMD/pbx-gateway.example",
        ]
        assert [NODE.topic(verb, "hq") for verb in Verb if verb.startswith("D")] == [
            "spBv1.0/asterisk/DBIRTH/pbx-gateway.example/hq",
            "spBv1.0/asterisk/DDATA/pbx-gateway.example/hq",
            "spBv1.0/asterisk/DDEATH/pbx-gateway.example/hq",
        ]

    @pytest.mark.parametrize("bad", ["", "a/b", "a+", "#", "a\0", "a\n", "\ud800"])
    def test_topic_structure_namespace_valid_group_id_and_edge_node_id(self, bad: str) -> None:
        for names in ((bad, "node"), ("group", bad)):
            with pytest.raises(ValueError, match="is no Sparkplug"):
                EdgeNode.checked(*names)

    def test_any_other_id_stays_as_it_is(self) -> None:
        assert EdgeNode.checked("Plant 1 (Süd)", "a.b-c_d") == EdgeNode("Plant 1 (Süd)", "a.b-c_d")

    @given(one=st.text(max_size=8), other=st.text(max_size=8))
    def test_topic_structure_namespace_valid_and_unique_device_id(self, one: str, other: str) -> None:
        """A device is named as a PBX is in the topics of values."""
        assert not set(escape(one)) & set("+/#")
        assert escape(one)
        assert (escape(one) == escape(other)) == (one == other)

    @pytest.mark.parametrize("verb", Verb)
    def test_payloads_qos_and_retain(self, verb: Verb) -> None:
        """QoS 0, and 1 for the will; none is retained."""
        message = NODE.message(verb, b"", "hq" if verb.startswith("D") else "")

        assert (message.qos, message.retain) == (1 if verb == "NDEATH" else 0, False)


class TestPayloads:
    """Chapter 6.4: what hosts read."""

    def test_payloads_timestamp_in_utc_and_payloads_sequence_num(self) -> None:
        read = stranger.parse(payload(NOW, [], 255))

        assert (read.timestamp, read.seq, [*read.metrics]) == (MS, 255, [])

    def test_payloads_ndeath_seq(self) -> None:
        assert not stranger.parse(payload(NOW, [], None)).HasField("seq")

    @pytest.mark.parametrize(
        ("time", "written"),
        [(0.0, 0), (-5.0, 0), (NOW, MS), (1e300, LATEST)],
        ids=["0", "-5", "now", "never"],
    )
    def test_times_are_milliseconds_that_fit(self, time: float, written: int) -> None:
        assert milliseconds(time) == written

    def test_payloads_alias_birth_requirement(self) -> None:
        head = definition("queue/support/waiting", 300, DataType.DOUBLE)

        (read,) = stranger.parse(payload(NOW, [metric(head, NOW, 2.5)], 0)).metrics

        assert (read.name, read.alias, read.datatype) == ("queue/support/waiting", 300, stranger.DOUBLE)
        assert (read.timestamp, read.double_value) == (MS, 2.5)
        assert not read.HasField("is_historical")
        assert not read.HasField("properties")

    def test_payloads_alias_data_cmd_requirement(self) -> None:
        (read,) = stranger.parse(payload(NOW, [metric(reference(300), NOW, "22.10", HISTORICAL)], 0)).metrics

        assert (read.alias, read.string_value, read.is_historical) == (300, "22.10", True)
        assert not read.HasField("name")
        assert not read.HasField("datatype")

    @given(value=st.floats(allow_nan=False, allow_infinity=False))
    def test_a_number_is_a_double_to_the_last_bit(self, value: float) -> None:
        (read,) = stranger.parse(payload(NOW, [metric(reference(2), NOW, value)], 0)).metrics

        assert read.double_value == value

    @pytest.mark.parametrize(
        ("unit", "stale", "told"),
        [
            ("", False, []),
            ("seconds", False, [("engUnit", 12, "seconds")]),
            ("", True, [("Quality", 3, 500)]),
            ("bytes", True, [("engUnit", 12, "bytes"), ("Quality", 3, 500)]),
        ],
    )
    def test_payloads_propertyset_quality_value(
        self, unit: str, stale: bool, told: list[tuple[str, int, object]]
    ) -> None:
        head = definition("system/uptime", 2, DataType.DOUBLE)

        (read,) = stranger.parse(payload(NOW, [metric(head, NOW, 1.0, properties(unit, stale))], 0)).metrics

        found = [
            (key, value.type, getattr(value, value.WhichOneof("value")))
            for key, value in zip(read.properties.keys, read.properties.values, strict=True)
        ]
        assert found == told

    def test_payloads_nbirth_bdseq(self) -> None:
        (read,) = stranger.parse(payload(NOW, [session(255, NOW)], 0)).metrics

        assert (read.name, read.datatype, read.long_value) == ("bdSeq", stranger.INT64, 255)

    def test_payloads_nbirth_rebirth_req(self) -> None:
        """Without an alias: tck-id-operational-behavior-data-commands-rebirth-name-aliases."""
        (read,) = stranger.parse(payload(NOW, [rebirth_control(NOW)], 0)).metrics

        assert (read.name, read.datatype, read.boolean_value) == (stranger.REBIRTH, stranger.BOOLEAN, False)
        assert read.WhichOneof("value") == "boolean_value"
        assert not read.HasField("alias")


class TestCommands:
    """Chapter 5.17: the one command that there is, and whatever else comes."""

    @pytest.mark.parametrize("request_", [REQUEST, stranger.rebirth_request()], ids=["Tahu", "protobuf"])
    def test_operational_behavior_data_commands_ncmd_rebirth(self, request_: bytes) -> None:
        assert stranger.asks_for_rebirth(request_)

        assert asks_for_rebirth(request_)

    @pytest.mark.parametrize(
        "other",
        [
            b"",
            stranger.command(**{stranger.REBIRTH: False}),
            stranger.command(**{stranger.REBIRTH: 1}),
            stranger.command(**{stranger.REBIRTH: "true"}),
            stranger.command(**{"Node Control/Reboot": True, "node control/rebirth": True}),
            stranger.command(**{stranger.REBIRTH + "\0": True}),
        ],
        ids=["nothing", "false", "a number", "a text", "another command", "almost"],
    )
    def test_other_commands(self, other: bytes) -> None:
        assert not asks_for_rebirth(other)

    def test_among_others_it_is_found(self) -> None:
        assert asks_for_rebirth(stranger.command(**{"x": 1, stranger.REBIRTH: True, "y": "z"}))

    def test_of_two_values_the_last_one_counts(self) -> None:
        """As protobuf has it for a `oneof`; so a metric that is cut together from two does nothing."""
        name = b"\x0a\x14" + stranger.REBIRTH.encode()
        both = [name + b"\x70\x01" + b"\x50\x01", name + b"\x50\x01" + b"\x70\x01"]

        commands = [b"\x12" + bytes((len(body),)) + body for body in both]

        assert [asks_for_rebirth(each) for each in commands] == [False, True]
        assert [stranger.asks_for_rebirth(each) for each in commands] == [False, True]

    def test_a_command_that_is_too_long(self) -> None:
        with pytest.raises(ValueError, match="it has 4097 bytes"):
            asks_for_rebirth(b"\0" * (LONGEST_COMMAND + 1))

    @given(data=st.binary(max_size=80))
    def test_any_bytes_are_a_command_or_a_value_error(self, data: bytes) -> None:
        try:
            asks_for_rebirth(data)
        except ValueError:
            return

    def test_a_mutated_request_means_what_google_reads_in_it(self) -> None:
        chance = random.Random(11)
        mutants = {mutated(REQUEST, chance) for _ in range(5000)}

        judged = [(stranger.asks_for_rebirth(each), ours(each)) for each in mutants]

        assert {(True, True), (False, False), (None, None)} <= set(judged)
        assert not [pair for pair in judged if pair[0] is not None and pair[0] != pair[1]]
        assert (None, True) not in judged


def ours(command: bytes) -> bool | None:
    try:
        return asks_for_rebirth(command)
    except ValueError:
        return None


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, lost, doubled or made up."""
    octets = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(octets))
        match chance.randrange(4):
            case 0:
                octets[at] ^= 1 << chance.randrange(8)
            case 1:
                del octets[at : at + chance.randint(1, 4)]
            case 2:
                octets[at:at] = octets[at : at + chance.randint(1, 8)]
            case _:
                octets[at] = chance.randrange(256)
        if not octets:
            break
    return bytes(octets)
