"""What SNMP values mean: each rule on values of its own, and all of them on those of a real Asterisk."""

import json
from collections.abc import Mapping

import pytest

from bridge.asterisk.mib import OBJECTS, Oid, Syntax, Value
from bridge.asterisk.snmp import (
    CHANNEL_METRICS,
    SCALARS,
    TYPE_LIMIT,
    AsteriskMib,
    Reading,
    add_channel,
    channel_columns,
    channel_row,
    technologies,
    type_rows,
    whole_row,
)
from bridge.core.state import Json
from tests.servers.snmpd import recording

TOP = 1 << 32
PERSONAL = (
    *("Name", "Bridge", "Masq", "Masqr", "Data", "Exten", "AccountCode", "ForwardTo", "Variables"),
    *("CidDNID", "CidNum", "CidName", "CidANI", "CidRDNIS", "CidPresentation"),
)
WRAP = TOP / 100


def scalar(**values: int | bytes) -> dict[Oid, Value]:
    """The values of scalars by name; a text has the type of a text, whatever the MIB says."""
    return {
        OBJECTS[name].at(): Value(Syntax.TEXT if isinstance(data, bytes) else OBJECTS[name].syntax, data)
        for name, data in values.items()
    }


def read(mib: AsteriskMib, values: Mapping[Oid, Value], at: float = 1000.0) -> dict[str, float]:
    """The numbers of a poll at monotonic `at`."""
    reading = Reading("hq", 1.0, at)
    mib.scalars(values, reading)
    return {sample.series.name: sample.value for sample in reading.samples}


def channel_of(cells: Mapping[str, Value]) -> tuple[list[tuple[str, tuple[str, ...], float]], int]:
    """The samples of one channel `id`, and how many values were wrong."""
    columns = channel_columns(tuple(cells))
    reading = Reading("hq", 1.0)
    row = whole_row([text("id"), text("name"), *cells.values(), text("id"), text("name")])
    assert row
    add_channel(columns, row, reading)
    found = [
        (sample.series.name, tuple(value for _, value in sample.series.labels[1:]), sample.value)
        for sample in reading.samples
    ]
    return found, reading.wrong


def text(value: str) -> Value:
    return Value(Syntax.TEXT, value.encode())


def test_a_recorded_poll() -> None:
    """The numbers of a real Asterisk 22 with calls up become the metrics of the catalogue."""
    values = recording()

    numbers = read(AsteriskMib(), values)

    assert numbers == {
        "system.uptime": 14.16,
        "system.reload_age": 14.16,
        "system.version_number": 221001,
        "system.pid": 9413,
        "dialplan.active": 46,
        "system.modules": 331,
        "system.indications": 3,
        "channels.active": 9,
        "channels.bridged": 20,
        "dialplan.processed": 60,
        "system.info": 1,
    }
    assert {oid for oid in SCALARS if oid not in values} == set()


def test_channels_by_technology_are_keyed_by_name() -> None:
    """Each row of the table comes, those without a channel too."""
    values = recording()
    rows = type_rows(values)
    reading = Reading("hq", 1.0)

    technologies([values.get(oid) for oid in rows], reading)

    found = {sample.series.labels[1][1]: sample.value for sample in reading.samples}
    assert len(rows) == 24
    assert len(found) == 12
    assert found["Local"] > 0
    assert found["Announcer"] == 0


def test_the_version_as_text_is_a_label() -> None:
    reading = Reading("hq", 1.0)

    AsteriskMib().scalars(scalar(astVersionString=b"certified/20.7-cert5"), reading)

    assert [sample.series.labels for sample in reading.samples] == [
        (("pbx", "hq"), ("version", "certified/20.7-cert5"))
    ]


def test_what_is_absent_has_no_sample() -> None:
    """Asterisk 1.4 knows no calls; an absent number is not a zero."""
    assert read(AsteriskMib(), scalar(astNumChannels=3)) == {"channels.active": 3}
    assert read(AsteriskMib(), {}) == {}


@pytest.mark.parametrize("name", ["astNumChannels", "astConfigUpTime", "astConfigCallsProcessed"])
def test_a_text_where_a_number_belongs_is_left_out_and_counted(name: str) -> None:
    """The rest of the poll is used."""
    values = scalar(astNumModules=7) | {OBJECTS[name].at(): text("12")}
    reading = Reading("hq", 1.0)

    AsteriskMib().scalars(values, reading)

    assert [sample.value for sample in reading.samples] == [7]
    assert reading.wrong == 1


def test_a_number_where_a_text_belongs_is_left_out_and_counted() -> None:
    reading = Reading("hq", 1.0)

    AsteriskMib().scalars({OBJECTS["astVersionString"].at(): Value(Syntax.INTEGER, 22)}, reading)

    assert reading.samples == []
    assert reading.wrong == 1


def test_a_text_that_is_not_utf_8_is_still_a_text() -> None:
    assert Reading("hq", 1.0).text(Value(Syntax.TEXT, b"Ren\xe9")) == "Ren\ufffd"


class TestRestart:
    """Uptime, pid and the count of calls over restarts and wraps."""

    def test_calls_go_on_after_a_restart_that_the_uptime_shows(self) -> None:
        """`core restart now` keeps the pid."""
        mib = AsteriskMib()
        read(mib, scalar(astConfigPid=1, astConfigUpTime=6995, astConfigCallsProcessed=6))

        numbers = read(mib, scalar(astConfigPid=1, astConfigUpTime=43, astConfigCallsProcessed=8))

        assert numbers["dialplan.processed"] == 14
        assert numbers["system.uptime"] == 0.43

    def test_calls_go_on_after_a_restart_that_only_the_pid_shows(self) -> None:
        """The new process may be up for longer than the old one was at the last poll."""
        mib = AsteriskMib()
        read(mib, scalar(astConfigPid=1, astConfigUpTime=100, astConfigCallsProcessed=6))

        numbers = read(mib, scalar(astConfigPid=2, astConfigUpTime=5000, astConfigCallsProcessed=7))

        assert numbers["dialplan.processed"] == 13
        assert numbers["system.uptime"] == 50

    def test_no_restart(self) -> None:
        mib = AsteriskMib()
        read(mib, scalar(astConfigPid=1, astConfigUpTime=100, astConfigCallsProcessed=6))

        numbers = read(mib, scalar(astConfigPid=1, astConfigUpTime=1600, astConfigCallsProcessed=9))

        assert numbers["dialplan.processed"] == 9

    def test_the_uptime_wraps_after_497_days(self) -> None:
        """The same pid, and a time near zero after one near the top: nothing started anew."""
        mib = AsteriskMib()
        read(mib, scalar(astConfigPid=1, astConfigUpTime=TOP - 1000, astConfigCallsProcessed=600))

        after = scalar(astConfigPid=1, astConfigUpTime=500, astConfigCallsProcessed=601)
        numbers = read(mib, after, at=1015.0)

        assert numbers["dialplan.processed"] == 601
        assert numbers["system.uptime"] == pytest.approx(WRAP + 5)

    def test_a_new_process_near_the_wrap_is_no_wrap(self) -> None:
        mib = AsteriskMib()
        read(mib, scalar(astConfigPid=1, astConfigUpTime=TOP - 1000, astConfigCallsProcessed=600))

        numbers = read(mib, scalar(astConfigPid=2, astConfigUpTime=500, astConfigCallsProcessed=601))

        assert numbers["dialplan.processed"] == 1201
        assert numbers["system.uptime"] == 5

    def test_a_reload_is_no_restart(self) -> None:
        """The age of the last reload falls and nothing else does."""
        mib = AsteriskMib()
        read(mib, scalar(astConfigPid=1, astConfigUpTime=9000, astConfigReloadTime=9000))

        numbers = read(mib, scalar(astConfigPid=1, astConfigUpTime=9500, astConfigReloadTime=200))

        assert numbers["system.uptime"] == 95
        assert numbers["system.reload_age"] == 2

    def test_the_count_of_calls_wraps(self) -> None:
        mib = AsteriskMib()
        read(mib, scalar(astConfigPid=1, astConfigUpTime=1, astConfigCallsProcessed=TOP - 2))

        numbers = read(mib, scalar(astConfigPid=1, astConfigUpTime=2, astConfigCallsProcessed=3))

        assert numbers["dialplan.processed"] == TOP + 3

    def test_calls_go_on_over_a_restart_of_the_bridge(self) -> None:
        """Uptime and pid tell that it is the same Asterisk, so only what came since is added."""
        before, after = AsteriskMib(), AsteriskMib()
        read(before, scalar(astConfigPid=7, astConfigUpTime=500_000, astConfigCallsProcessed=600), at=10.0)

        after.restore(json.loads(json.dumps(before.state(offset=990.0))), offset=1970.0)
        poll = scalar(astConfigPid=7, astConfigUpTime=503_000, astConfigCallsProcessed=604)
        numbers = read(after, poll, at=10.0 + 30 - 980)

        assert numbers["dialplan.processed"] == 604

    @pytest.mark.parametrize(
        "state", [None, 5, "x", [], {}, {"life": [1], "processed": {"a": 1}, "pid": "x"}]
    )
    def test_a_state_that_is_none_is_ignored(self, state: Json) -> None:
        mib = AsteriskMib()
        mib.restore(state, 0.0)

        assert read(mib, scalar(astConfigCallsProcessed=5))["dialplan.processed"] == 5


class TestTypes:
    """The rows of the channel-type table that are asked for."""

    def test_none(self) -> None:
        assert type_rows({}) == []
        assert type_rows(scalar(astNumChanTypes=0)) == []
        assert type_rows(scalar(astNumChanTypes=b"9")) == []

    def test_a_mad_count_is_bounded(self) -> None:
        """The agent's number decides how much we ask; it may not decide everything."""
        assert len(type_rows(scalar(astNumChanTypes=2**31 - 1))) == 2 * TYPE_LIMIT
        assert type_rows(scalar(astNumChanTypes=-1)) == []

    def test_a_row_that_vanished(self) -> None:
        """A driver may be unloaded between two questions."""
        reading = Reading("hq", 1.0)

        technologies([text("IAX2"), None, None, Value(Syntax.GAUGE, 1)], reading)

        assert reading.samples == []
        assert reading.wrong == 0


class TestChannels:
    """Rows of the channel table."""

    def test_who_it_is_is_asked_first_and_last(self) -> None:
        unique_id, name = OBJECTS["astChanUniqueId"].at(3), OBJECTS["astChanName"].at(3)

        row = channel_row(channel_columns(["astChanState"]), 3)

        assert row == [unique_id, name, OBJECTS["astChanState"].at(3), unique_id, name]

    @pytest.mark.parametrize(
        "last",
        [("other", "name"), ("id", "other")],
        ids=["another channel", "renamed by a transfer"],
    )
    def test_a_row_that_moved_is_thrown_away(self, last: tuple[str, str]) -> None:
        cells = [text("id"), text("name"), Value(Syntax.INTEGER, 6), *map(text, last)]

        assert whole_row(cells) is None

    def test_a_row_that_is_gone(self) -> None:
        assert whole_row([None] * 5) is None

    def test_numbers_and_texts(self) -> None:
        """Numbers become gauges of the channel, texts infos that carry them in a label."""
        found, wrong = channel_of(
            {
                "astChanState": Value(Syntax.INTEGER, 6),
                "astChanType": text("PJSIP"),
                "astChanWhenHangup": Value(Syntax.TICKS, 1059),
                "astChanApp": text("Dial"),
            }
        )

        assert found == [
            ("channel.state", ("id",), 6),
            ("channel.technology", ("id", "PJSIP"), 1),
            ("channel.hangup_in", ("id",), 10.59),
            ("channel.application", ("id", "Dial"), 1),
        ]
        assert wrong == 0

    def test_an_overdue_hangup_is_in_no_time(self) -> None:
        """Asterisk puts a negative time into an unsigned type."""
        found, _ = channel_of({"astChanWhenHangup": Value(Syntax.TICKS, TOP - 300)})

        assert found == [("channel.hangup_in", ("id",), 0)]

    @pytest.mark.parametrize(
        ("octets", "outbound"),
        [("1040", 0), ("1020", 1), ("1060", 1), ("1260", 1), ("1042", 0), ("", 0), ("ff", 0)],
    )
    def test_direction_is_a_bit_that_the_old_text_leaves_out(self, octets: str, outbound: float) -> None:
        """Octets as real channels had them: 1040 in the dialplan, 1020 dialled, 1060 both."""
        found, _ = channel_of({"astChanFlags": Value(Syntax.TEXT, bytes.fromhex(octets))})

        assert found == [("channel.outbound", ("id",), outbound)]

    def test_wrong_types_are_counted(self) -> None:
        found, wrong = channel_of(
            {
                "astChanState": text("up"),
                "astChanApp": Value(Syntax.INTEGER, 1),
                "astChanFlags": Value(Syntax.INTEGER, 1),
                "astChanRings": Value(Syntax.INTEGER, 1),
            }
        )

        assert found == [("channel.rings", ("id",), 1)]
        assert wrong == 3

    @pytest.mark.parametrize(
        "name",
        [f"astChan{name}" for name in PERSONAL],
    )
    def test_personal_columns_are_refused(self, name: str) -> None:
        """Names, numbers, variables and what holds them; the message lists what may be polled."""
        with pytest.raises(ValueError, match=f"'{name}' is personal or says nothing; allowed are astChan"):
            channel_columns(["astChanState", name])

    def test_other_names_are_refused(self) -> None:
        with pytest.raises(ValueError, match="'state' is not a column of astChanTable"):
            channel_columns(["state"])

    def test_every_allowed_column_is_one_of_the_table(self) -> None:
        columns = channel_columns(tuple(CHANNEL_METRICS))

        assert {column.table for column in columns} == {"astChanTable"}
