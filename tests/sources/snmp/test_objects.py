"""Objects that the user names: what they compile to, and what polling them brings."""

import asyncio
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bridge.asterisk.mib import Oid, Syntax, Value
from bridge.asterisk.snmp import Reading
from bridge.settings import SnmpSettings
from bridge.sources.snmp.objects import ROW_LIMIT, UserObjects, Wanted, compile_objects, snake_case
from bridge.sources.snmp.session import open_session
from tests.servers.snmpd import PASS, settings, snmpd

MIBS = Path("tests/data/snmp/mibs")
TEST: Oid = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 7)
ERRORS: Oid = (*TEST, 4, 1, 3)
TOP = 1 << 32


class Answers:
    """A fake session that answers from a dict: counters of a real agent do not wrap on demand."""

    def __init__(self, values: Mapping[Oid, Value]) -> None:
        self.values = values
        self.limits: list[int] = []

    async def get(self, oids: Sequence[Oid]) -> list[Value | None]:
        return [self.values.get(oid) for oid in oids]

    def at_once(self, oids: Sequence[Oid]) -> int:
        return 20

    async def column(self, column: Oid, limit: int) -> list[tuple[Oid, Value]]:
        self.limits.append(limit)
        return [(oid, value) for oid, value in self.values.items() if oid[: len(column)] == column]


def polled(objects: UserObjects, values: Mapping[Oid, Value]) -> dict[tuple[str, str], float]:
    reading = Reading("hq", 1.0)
    asyncio.run(objects.poll(Answers(values), reading))
    return {(sample.series.name, sample.series.labels[1][1]): sample.value for sample in reading.samples}


def compiled(*names: str) -> list[Wanted]:
    return compile_objects(names, MIBS)


class TestCompile:
    """From names to variables."""

    def test_a_scalar(self) -> None:
        """Its only instance is .0, which may be left out."""
        assert compiled("TEST-MIB::testLines.0") == compiled("TEST-MIB::testLines")
        assert compiled("TEST-MIB::testLines") == [Wanted("snmp.test_lines", (*TEST, 1, 0), "0")]

    def test_a_cell(self) -> None:
        assert compiled("TEST-MIB::testErrors.7") == [Wanted("snmp.test_errors", (*ERRORS, 7), "7")]

    def test_a_cell_with_an_index_of_several_numbers(self) -> None:
        assert compiled("TEST-MIB::testErrors.4.10.0.0.5") == [
            Wanted("snmp.test_errors", (*ERRORS, 4, 10, 0, 0, 5), "4.10.0.0.5")
        ]

    def test_a_column(self) -> None:
        """Without an instance it is gone through."""
        assert compiled("TEST-MIB::testErrors") == [Wanted("snmp.test_errors", ERRORS, None)]

    @pytest.mark.parametrize("name", ["1.3.6.1.2.1.25.1.5.0", ".1.3.6.1.2.1.25.1.5.0"])
    def test_a_number(self, name: str) -> None:
        """It needs no MIB, and is asked for as it stands."""
        assert compile_objects([name], None) == [
            Wanted("snmp.oid", (1, 3, 6, 1, 2, 1, 25, 1, 5, 0), "1.3.6.1.2.1.25.1.5.0")
        ]

    def test_our_own_mib_needs_no_folder(self) -> None:
        names = ["ASTERISK-MIB::astNumModules", "ASTERISK-MIB::astChanTypeChannels"]

        assert [item.metric for item in compile_objects(names, None)] == [
            "snmp.ast_num_modules",
            "snmp.ast_chan_type_channels",
        ]

    def test_nothing_named_compiles_nothing(self) -> None:
        assert compile_objects([], Path("/no/such/folder")) == []

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("NO-SUCH-MIB::thing.0", "no file with the MIB NO-SUCH-MIB in tests/data/snmp/mibs, "),
            ("TEST-MIB::nothing.0", "TEST-MIB has no scalar and no column 'nothing'"),
            ("TEST-MIB::testTable", "TEST-MIB has no scalar and no column 'testTable'"),
            ("TEST-MIB::test", "TEST-MIB has no scalar and no column 'test'"),
            ("testLines.0", "'testLines.0' is not an object: write MODULE::object.instance"),
            ("TEST-MIB::testLines.x", "'TEST-MIB::testLines.x' is not an object"),
            ("1.", "'1.' is not an object"),
            ("../TEST-MIB::testLines", "is not an object"),
            ("3.1.1", "'3.1.1' is no OID"),
            ("1.40.1", "'1.40.1' is no OID"),
            ("1.3.4294967296", "'1.3.4294967296' is no OID"),
            ("1.3" + ".1" * 127, "is no OID: it has at most 128 parts of 32 bits"),
            ("TEST-MIB::testLines.4294967296", "is no OID"),
        ],
    )
    def test_what_cannot_be_found(self, name: str, said: str) -> None:
        with pytest.raises(ValueError, match=re.escape(said)):
            compiled(name)

    def test_a_missing_import_is_named(self, tmp_path: Path) -> None:
        """The file that the user has to add is another one than he named."""
        text = (MIBS / "TEST-MIB.txt").read_text()
        (tmp_path / "TEST-MIB.txt").write_text(text.replace("SNMPv2-TC;", "VENDOR-TC-MIB;"))

        with pytest.raises(ValueError, match=f"no file with the MIB VENDOR-TC-MIB in {tmp_path}"):
            compile_objects(["TEST-MIB::testLines"], tmp_path)

    def test_a_file_that_is_no_mib(self, tmp_path: Path) -> None:
        (tmp_path / "BAD-MIB.txt").write_text("BAD-MIB DEFINITIONS ::= BEGIN here is no MIB END\n")

        with pytest.raises(ValueError, match="the MIB BAD-MIB cannot be compiled"):
            compile_objects(["BAD-MIB::thing"], tmp_path)

    def test_two_objects_of_one_name(self, tmp_path: Path) -> None:
        """They would share a series, so only one of them can be polled."""
        text = (MIBS / "TEST-MIB.txt").read_text()
        (tmp_path / "TEST-MIB.txt").write_text(text)
        (tmp_path / "TWIN-MIB.txt").write_text(
            text.replace("TEST-MIB", "TWIN-MIB").replace("9999 7", "9999 8")
        )

        with pytest.raises(ValueError, match=r"two objects would both be the metric snmp\.test_lines"):
            compile_objects(["TEST-MIB::testLines", "TWIN-MIB::testLines"], tmp_path)

    @pytest.mark.parametrize(
        ("name", "metric"),
        [
            ("ifInOctets", "if_in_octets"),
            ("ifHCInOctets", "if_hc_in_octets"),
            ("hrSystemNumUsers", "hr_system_num_users"),
            ("astChanCidANI2", "ast_chan_cid_ani2"),
            ("dot1dBase-port", "dot1d_base_port"),
            ("laLoadInt", "la_load_int"),
        ],
    )
    def test_names_of_metrics(self, name: str, metric: str) -> None:
        assert snake_case(name) == metric


class TestPoll:
    """From answers to samples."""

    def test_numbers_in_base_units(self) -> None:
        objects = UserObjects(compiled("TEST-MIB::testLines", "TEST-MIB::testUpTime", "1.3.6.1.2.1.1.3.0"))

        found = polled(
            objects,
            {
                (*TEST, 1, 0): Value(Syntax.INTEGER, -5),
                (*TEST, 2, 0): Value(Syntax.TICKS, 1234),
                (1, 3, 6, 1, 2, 1, 1, 3, 0): Value(Syntax.TICKS, 100),
            },
        )

        assert found == {
            ("snmp.test_lines", "0"): -5,
            ("snmp.test_up_time", "0"): 12.34,
            ("snmp.oid", "1.3.6.1.2.1.1.3.0"): 1,
        }

    def test_narrow_counters_never_go_back(self) -> None:
        """Over a wrap and over a restart of what counts."""
        objects = UserObjects(compiled("TEST-MIB::testErrors.1"))
        totals = [
            polled(objects, {(*ERRORS, 1): Value(Syntax.COUNTER, reading)})["snmp.test_errors", "1"]
            for reading in (TOP - 10, 5, 100, 3)
        ]

        assert totals == [TOP - 10, TOP + 5, TOP + 100, TOP + 103]

    def test_wide_counters_wrap_at_64_bits(self) -> None:
        """A fall from 2**32 is a restart for them and no wrap."""
        objects = UserObjects(compiled("TEST-MIB::testHCOctets.1"))
        oid = (*TEST, 4, 1, 2, 1)
        totals = [
            polled(objects, {oid: Value(Syntax.COUNTER64, reading)})["snmp.test_hc_octets", "1"]
            for reading in (TOP - 10, 5)
        ]

        assert totals == [TOP - 10, TOP - 5]

    def test_a_column_is_labelled_by_its_rows_and_bounded(self) -> None:
        objects = UserObjects(compiled("TEST-MIB::testErrors"))
        session = Answers({(*ERRORS, row): Value(Syntax.COUNTER, row * 10) for row in (1, 3, 12)})
        reading = Reading("hq", 1.0)

        asyncio.run(objects.poll(session, reading))

        assert [(sample.series.labels, sample.value) for sample in reading.samples] == [
            ((("pbx", "hq"), ("index", str(row))), row * 10) for row in (1, 3, 12)
        ]
        assert session.limits == [ROW_LIMIT]

    def test_a_text_is_counted_as_wrong_and_an_absence_is_nothing(self) -> None:
        objects = UserObjects(compiled("TEST-MIB::testName", "TEST-MIB::testLines"))
        reading = Reading("hq", 1.0)

        asyncio.run(objects.poll(Answers({(*TEST, 3, 0): Value(Syntax.TEXT, b"name")}), reading))

        assert reading.samples == []
        assert reading.wrong == 1

    @pytest.mark.live
    def test_a_real_agent(self, tmp_path: Path) -> None:
        """Scalars, cells and a whole column, of all types, from a real agent."""
        root = ".".join(map(str, TEST))
        (tmp_path / "wide.txt").write_text(f"{root}.4.1.2.1\tcounter64\t18446744073709551615\n")
        lines = [
            f"override {root}.1.0 integer 7",
            f"override {root}.2.0 timeticks 250",
            f"pass_persist {root}.4.1.2 {sys.executable} -S {PASS} {tmp_path}/wide.txt",
            *(f"override {root}.4.1.3.{row} counter {row}" for row in (1, 2, 30)),
        ]
        names = ["testLines", "testUpTime.0", "testHCOctets.1", "testErrors", "testErrors.99"]
        objects = UserObjects(compiled(*(f"TEST-MIB::{name}" for name in names)))
        reading = Reading("hq", 1.0)

        async def polling(where: SnmpSettings) -> None:
            async with open_session(where) as session:
                await objects.poll(session, reading)

        with snmpd(tmp_path, None, lines) as agent:
            asyncio.run(polling(settings(agent)))

        assert {(s.series.name, s.series.labels[1][1]): s.value for s in reading.samples} == {
            ("snmp.test_lines", "0"): 7,
            ("snmp.test_up_time", "0"): 2.5,
            ("snmp.test_hc_octets", "1"): 18446744073709551615,
            ("snmp.test_errors", "1"): 1,
            ("snmp.test_errors", "2"): 2,
            ("snmp.test_errors", "30"): 30,
        }
