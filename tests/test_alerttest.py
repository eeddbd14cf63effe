"""Tests of alerts as data: what they can tell, and those of the rules that ship."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.alerttest import report, run_tests
from bridge.alerttest.cases import MOST, Case, Cases, read, values
from bridge.asterisk.alerts import SHIPPED
from bridge.errors import SettingsError
from bridge.settings import AlertsSettings
from bridge.settings.alerts import over

FILES = sorted((Path(__file__).parent / "alerts").glob("*.toml"))

TRUNK = """
[[test]]
name = "a trunk that is down"

[[test.series]]
metric = "trunk.up"
labels = { trunk = "acme" }
values = "1 0x3 1"
"""


def told(folder: Path, text: str, settings: AlertsSettings | None = None) -> list[str]:
    """What is not as a file of one test expects."""
    (outcome,) = run_tests(written(folder, text), settings or AlertsSettings())
    return list(outcome.faults)


def faults(folder: Path, text: str) -> list[str]:
    """What is wrong with the file itself, without its path."""
    file = written(folder, text)
    with pytest.raises(SettingsError) as caught:
        run_tests(file, AlertsSettings())
    lines = [str(fault) for fault in caught.value.faults]
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def written(folder: Path, text: str) -> Path:
    file = folder / "tests.toml"
    file.write_text(text)
    return file


class TestOfWhatShips:
    """tests/alerts: each rule that ships fires, and clears."""

    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
    def test_they_do_what_their_tests_say(self, file: Path) -> None:
        outcomes = run_tests(file, AlertsSettings())

        assert not [outcome for outcome in outcomes if outcome.faults], report(file, outcomes)

    @pytest.mark.parametrize("name", SHIPPED)
    def test_each_has_a_test_in_which_it_fires_and_clears(self, name: str) -> None:
        assert any(clears(name, case) for file in FILES for case in read(file).test)

    def test_no_file_changes_more_of_a_rule_than_that_it_is_on(self) -> None:
        """Else something else would be tested than what ships; labels that a user must give are data."""
        changed = {key for file in FILES for table in read(file).rule.values() for key in table}

        assert changed <= {"enabled", "labels"}


def clears(rule: str, case: Case) -> bool:
    """Whether a test expects that the rule fires, and later that it does not."""
    fires = [each.at for each in case.expect if each.rule == rule and each.state == "firing"]
    moments = {each.at for each in case.expect if rule in case.looked_at}
    on = {each.at for each in case.expect if each.rule == rule and each.state != "inactive"}
    return bool(fires) and case.exact and any(at > min(fires) for at in moments - on)


class TestWhatIsExpected:
    """Whatever is not as expected is told, with the moment."""

    def test_an_alert_that_fires_as_expected_is_good(self, tmp_path: Path) -> None:
        test = TRUNK + '[[test.expect]]\nat = "45s"\nrule = "trunk_down"\n'

        assert told(tmp_path, test) == []

    @pytest.mark.parametrize(
        ("expect", "fault"),
        [
            ('at = "30s"', "at 30s: trunk_down trunk=acme is pending instead of firing"),
            ('at = "75s"', "at 75s: trunk_down trunk=acme is inactive instead of firing"),
            (
                'at = "45s"\nstate = "inactive"',
                "at 45s: trunk_down trunk=acme is firing instead of inactive",
            ),
            (
                'at = "45s"\nseverity = "info"',
                "at 45s: trunk_down trunk=acme has severity 'critical' instead of 'info'",
            ),
            (
                'at = "45s"\nsummary = "no"',
                "at 45s: trunk_down trunk=acme has summary 'Trunk acme of hq is down' instead of 'no'",
            ),
            ('at = "45s"\nvalue = 1', "at 45s: trunk_down trunk=acme has value 0.0 instead of 1.0"),
            (
                'at = "45s"\nflapping = true',
                "at 45s: trunk_down trunk=acme has flapping False instead of True",
            ),
            (
                'at = "45s"\ninhibited = true',
                "at 45s: trunk_down trunk=acme has inhibited False instead of True",
            ),
        ],
    )
    def test_one_that_stands_otherwise_is_told(self, tmp_path: Path, expect: str, fault: str) -> None:
        test = f'{TRUNK}[[test.expect]]\nrule = "trunk_down"\nlabels = {{ trunk = "acme" }}\n{expect}\n'

        assert told(tmp_path, test) == [fault]

    def test_one_that_nothing_expects_is_told_unless_others_may_be(self, tmp_path: Path) -> None:
        test = TRUNK + '[[test.expect]]\nat = "45s"\n'

        rules = 'name = "a"\nrules = ["trunk_down"]'
        assert told(tmp_path, test.replace('name = "a trunk that is down"', rules)) == [
            "at 45s: trunk_down pbx=hq trunk=acme is firing, which nothing expects"
        ]
        assert told(tmp_path, test.replace('name = "a trunk that is down"', f"{rules}\nexact = false")) == []

    def test_rules_that_are_not_looked_at_may_do_what_they_like(self, tmp_path: Path) -> None:
        test = TRUNK + '[[test.expect]]\nat = "45s"\nrule = "queue_waiting"\nstate = "inactive"\n'

        assert told(tmp_path, test) == []

    def test_an_expectation_that_fits_two_alerts_must_say_more(self, tmp_path: Path) -> None:
        second = '[[test.series]]\nmetric = "trunk.up"\nlabels = { trunk = "other" }\nvalues = "0x9"\n'
        test = f'{TRUNK}{second}[[test.expect]]\nat = "45s"\nrule = "trunk_down"\n'

        assert told(tmp_path, test) == ["at 45s: 2 alerts are meant by trunk_down: name more labels"]


class TestRules:
    """The rules are those of the settings, with those of the file over them."""

    EXPECT = '[[test.expect]]\nat = "0s"\nrule = "trunk_down"\nstate = "inactive"\n'

    def test_a_rule_of_the_settings_is_run(self, tmp_path: Path) -> None:
        settings = over(AlertsSettings(), {"trunk_down": {"for": "1s"}}, {})
        test = TRUNK + '[[test.expect]]\nat = "16s"\nrule = "trunk_down"\n'

        assert told(tmp_path, test, settings) == []
        assert told(tmp_path, test) == ["at 16s: trunk_down is pending instead of firing"]

    def test_a_rule_of_the_file_goes_over_that_field_by_field(self, tmp_path: Path) -> None:
        own = '[rule.trunk_down]\nfor = "1s"\nlabels = { trunk = "a*" }\n'
        test = (
            TRUNK + '[[test.expect]]\nat = "16s"\nrule = "trunk_down"\nsummary = "Trunk acme of hq is down"\n'
        )

        assert told(tmp_path, own + test) == []

    def test_a_rule_may_be_in_the_file_alone(self, tmp_path: Path) -> None:
        own = '[rule.mine]\nmetric = "statsd.shop.orders"\nabsent = "1m"\nby = []\n'
        test = (
            '[[test]]\nname = "x"\n[[test.series]]\nmetric = "statsd.shop.orders"\nvalues = "5 6 _x9 7"\n'
            '[[test.expect]]\nat = "74s"\nrule = "mine"\nstate = "inactive"\n'
            '[[test.expect]]\nat = "75s"\nrule = "mine"\nvalue = 60\n'
            '[[test.expect]]\nat = "165s"\nrule = "mine"\nstate = "inactive"\n'
        )

        assert told(tmp_path, own + test) == []

    def test_what_is_no_calendar_is_told(self, tmp_path: Path) -> None:
        pytest.importorskip("recurring_ical_events")
        file = tmp_path / "holidays.ics"
        file.write_text("no calendar")
        own = f'[schedule.work]\ntimezone = "UTC"\nclosed = "{file}"\n'

        with pytest.raises(SettingsError, match=f"{file}: is no calendar that can be used"):
            told(tmp_path, own + TRUNK + self.EXPECT)

    def test_a_calendar_closes_a_schedule(self, tmp_path: Path) -> None:
        pytest.importorskip("recurring_ical_events")
        holidays = tmp_path / "holidays.ics"
        holidays.write_text(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//test//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
            "DTSTAMP:20240101T000000Z\r\nDTSTART;VALUE=DATE:20240101\r\nDTEND;VALUE=DATE:20240102\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        own = (
            '[rule.trunk_down]\nschedule = "work"\n'
            f'[schedule.work]\ntimezone = "UTC"\nhours = "08:00-18:00"\nclosed = "{holidays}"\n'
        )

        def on(day: str, state: str) -> str:
            start = f'name = "a"\nstart = {day}T12:00:00Z'
            expect = f'[[test.expect]]\nat = "45s"\nrule = "trunk_down"\nstate = "{state}"\n'
            return own + TRUNK.replace('name = "a trunk that is down"', start) + expect

        assert told(tmp_path, on("2024-01-01", "inactive")) == []
        assert told(tmp_path, on("2024-01-02", "firing")) == []

    def test_a_rule_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        test = TRUNK + '[[test.expect]]\nat = "0s"\nrule = "trunk_don"\n'
        meant = "; did you mean trunk_down?"

        assert faults(tmp_path, test) == [
            f"test 'a trunk that is down': names 'trunk_don', which is no rule that is enabled{meant}"
        ]

    def test_a_rule_that_is_wrong_is_told(self, tmp_path: Path) -> None:
        own = '[rule.mine]\nmetric = "queue.wating"\n[rule.trunk_down]\nclear = 3\nfor = "soon"\n'

        assert faults(tmp_path, own + TRUNK + self.EXPECT) == [
            "rule.trunk_down.for: 'soon' is not a duration; write it as 500ms, 10s, 5m or 1h",
            "rule.mine.metric: 'queue.wating' is not a metric; did you mean queue.waiting?",
        ]

    def test_no_server_is_asked_for_a_calendar(self, tmp_path: Path) -> None:
        own = '[schedule.work]\ntimezone = "UTC"\nopen = "https://calendar.example/a.ics"\n'

        assert faults(tmp_path, own + TRUNK + self.EXPECT) == [
            "schedule.work: names a URL, but tests ask no server (name a file)"
        ]


class TestFaultsOfTheFile:
    """What cannot be understood names the test and the place."""

    def test_all_are_told_at_once(self, tmp_path: Path) -> None:
        text = """
            intervall = "15s"
            [[test]]
            name = "one"
            [[test.series]]
            metric = "queue.wating"
            values = "1 x2"
            [[test.series]]
            metric = "queue.waiting"
            labels = { queu = "a" }
            values = "1"
            [[test.expect]]
            at = "soon"
            rule = "queue_waiting"
            [[test.expect]]
            at = "1m"
            state = "burning"
            [[test]]
            name = "two"
            [[test]]
            rules = ["queue_waiting"]
            expect = [{ at = "1m" }]
        """

        meant = "; did you mean queue.waiting?"
        assert sorted(faults(tmp_path, text)) == sorted(
            [
                f"test 'one', series 1, metric: is 'queue.wating', which is no metric{meant}",
                "test 'one', series 1, values: has 'x2': write 5, 5x3, 0+1x10, 10-1x10, _ or _x4",
                "test 'one', series 2, labels: must be queue (and pbx, if it is not hq)",
                "test 'one', expect 1, at: 'soon' is not a duration; write it as 500ms, 10s, 5m or 1h",
                "test 'one', expect 2, state: 'burning' is not one of 'inactive', 'pending' or 'firing'",
                "test 'two', expect: is missing: a test expects something",
                "test 3, name: is not set",
                "intervall: is not known",
            ]
        )

    @pytest.mark.parametrize("text", ["[[test", "\x00", "a = " + "[" * 5000])
    def test_what_is_not_toml_is_told(self, tmp_path: Path, text: str) -> None:
        assert faults(tmp_path, text)[0].startswith("is not TOML")

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="cannot be read: No such file"):
            run_tests(tmp_path / "none.toml", AlertsSettings())

    def test_a_test_that_names_no_rule_is_told(self, tmp_path: Path) -> None:
        assert faults(tmp_path, TRUNK + '[[test.expect]]\nat = "0s"\n') == [
            "test 'a trunk that is down', rules: is missing: no rule is named"
        ]


class TestValues:
    """The notation of promtool."""

    @pytest.mark.parametrize(
        ("notation", "meant"),
        [
            ("", []),
            ("1 -2.5 1e3", [1, -2.5, 1000]),
            ("5x3", [5, 5, 5, 5]),
            ("0+1x3 7", [0, 1, 2, 3, 7]),
            ("10-2.5x2", [10, 7.5, 5]),
            ("-1-1x1", [-1, -2]),
            ("_ 1 _x3", [None, 1, None, None, None]),
        ],
    )
    def test_are_written_so(self, notation: str, meant: list[float | None]) -> None:
        assert values(notation) == meant

    @pytest.mark.parametrize(
        "notation", ["x", "1x", "1+1", "_+1x2", "1,2", "nan", "1x-2", "1.2.3", "+", f"1x{MOST}", "1x9999999"]
    )
    def test_anything_else_is_told(self, notation: str) -> None:
        with pytest.raises(ValueError, match=r"^has "):
            values(notation)

    @given(st.lists(st.none() | st.integers(-(10**6), 10**6)))
    def test_whatever_is_written_one_by_one_comes_back(self, numbers: list[int | None]) -> None:
        assert values(" ".join("_" if each is None else str(each) for each in numbers)) == numbers


def test_the_report_says_what_failed_and_how_many_are_good(tmp_path: Path) -> None:
    bad = TRUNK + '[[test.expect]]\nat = "0s"\nrule = "trunk_down"\n'
    good = TRUNK.replace("that is down", "again") + '[[test.expect]]\nat = "45s"\nrule = "trunk_down"\n'
    file = written(tmp_path, bad + good)

    assert report(file, run_tests(file, AlertsSettings())) == (
        "FAILED  a trunk that is down\n"
        "        at 0s: trunk_down is inactive instead of firing\n"
        f"{file}: 1 of 2 tests are good"
    )


def test_two_days_are_over_soon(tmp_path: Path) -> None:
    text = (
        '[[test]]\nname = "x"\ninterval = "5m"\n[[test.series]]\nmetric = "trunk.up"\n'
        'labels = { trunk = "acme" }\nvalues = "1x500 0x80"\n'
        '[[test.expect]]\nat = "2d"\nrule = "trunk_down"\n'
    )

    assert told(tmp_path, text) == []


def test_an_empty_file_has_no_tests(tmp_path: Path) -> None:
    assert run_tests(written(tmp_path, ""), AlertsSettings()) == []
    assert Cases().test == ()
