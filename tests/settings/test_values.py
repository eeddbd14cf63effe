"""Single values: read, checked, and written again as the environment writes them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.settings import values

WHOLE_DURATIONS = st.tuples(st.integers(1, 10_000), st.sampled_from(["ms", "s", "m", "h", "d"]))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("10s", 10), ("1.5m", 90), ("2h", 7200), ("1d", 86400), (" 3 s ", 3), ("7", 7)],
)
def test_a_duration_is_read_in_any_unit(text: str, seconds: float) -> None:
    assert values.duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "10 apples", "-1s", "s", "1s2s", "1e3", "inf", "\N{ARABIC-INDIC DIGIT ONE}s"]
)
def test_what_is_not_a_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 500ms, 10s, 5m or 1h"):
        values.duration(text)


@given(WHOLE_DURATIONS)
def test_a_duration_that_is_shown_reads_back(duration: tuple[int, str]) -> None:
    seconds = values.duration(f"{duration[0]}{duration[1]}")
    assert isinstance(seconds, float)

    shown = values.show_duration(seconds)

    assert values.duration(shown) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.5, "500ms"), (1, "1s"), (90, "90s"), (300, "5m"), (3600, "1h"), (172_800, "2d")]
)
def test_a_duration_is_shown_in_its_largest_whole_unit(seconds: float, shown: str) -> None:
    assert values.show_duration(seconds) == shown


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a,b", ["a", "b"]),
        (" a , b ,", ["a", "b"]),
        ("", []),
        ('["a,b", "c"]', ["a,b", "c"]),
        ("[90, 99.9]", [90, 99.9]),
    ],
)
def test_a_list_is_written_with_commas_or_as_json(text: str, items: list[object]) -> None:
    assert values.listed(text) == items


def test_a_broken_json_list_says_so() -> None:
    with pytest.raises(ValueError, match="looks like JSON but is not"):
        values.listed('["a"')


def test_values_that_toml_has_typed_already_pass() -> None:
    assert values.duration(5) == 5
    assert values.listed(["a"]) == ["a"]
    assert values.whole(1) == 1


def test_a_list_is_shown_as_it_would_be_written() -> None:
    assert values.show_list(("a", "b")) == "a,b"
    assert values.show_list((90.0, 99.5)) == "90,99.5"


@pytest.mark.parametrize("text", ["10.0.0.5", "10.0.0.0/8", "::1", "fd00::/8"])
def test_addresses_and_networks_are_taken(text: str) -> None:
    assert values.network(text) == text


@pytest.mark.parametrize("text", ["pbx.example", "10.0.0.5/8", "10.0.0", "*"])
def test_what_is_not_an_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 10\.0\.0\.5 or 10\.0\.0\.0/8"):
        values.network(text)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("0.0.0.0/0", "::1", False),
    ],
)
def test_networks_overlap_when_they_share_an_address(one: str, other: str, shared: bool) -> None:
    assert values.overlapping(one, other) is shared


@pytest.mark.parametrize("value", [0, 101, -100.5, float("nan")])
def test_a_percentile_lies_within_a_hundred_and_is_not_zero(value: float) -> None:
    with pytest.raises(ValueError, match="is not a percentile"):
        values.percentile(value)


def test_files_and_folders_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    assert values.readable_file(file) == file
    assert values.readable_folder(tmp_path) == tmp_path
    with pytest.raises(ValueError, match="is not a file"):
        values.readable_file(tmp_path)
    with pytest.raises(ValueError, match="is not a folder"):
        values.readable_folder(file)
    for check in (values.readable_file, values.readable_folder):
        with pytest.raises(ValueError, match="does not exist"):
            check(tmp_path / "none")


def test_a_path_that_no_file_can_have_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="cannot be used: File name too long"):
        values.readable_file(Path("x" * 5000))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\udcff", "\\udcff"),
        ("ü", "ü"),
        ("x" * 20, "xxxxxxx..."),
    ],
)
def test_one_line_of_bounded_length_does_nothing_to_a_terminal(text: str, shown: str) -> None:
    assert values.one_line(text, 10) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mqtt://user:hunter2@broker:1883", "mqtt://user:***@broker:1883"),
        ("mqtt://:hunter2@broker", "mqtt://:***@broker"),
        ("mqtt://u:p@ss/w@broker", "mqtt://u:***@broker"),
        ("mqtt://u:/pa ss\nw@broker", "mqtt://u:***@broker"),
        ("mqtt:/u:hunter2@broker", "mqtt:/u:***@broker"),
        ("mqtt//u:hunter2@broker", "mqtt//u:***@broker"),
        ("mqtt:u:hunter2@broker", "mqtt:***@broker"),
        ("u:hunter2@broker", "u:***@broker"),
        ("tcp://a:hunter2@one,tcp://b:hunter3@two", "tcp://a:***@two"),
        ("mqtt://user@broker", "mqtt://user@broker"),
        ("mqtt://broker:1883", "mqtt://broker:1883"),
    ],
)
def test_the_password_of_a_url_is_masked(text: str, shown: str) -> None:
    assert values.without_password(text) == shown


@pytest.mark.parametrize(("text", "yes"), [("::1", True), ("fe80::1%eth0", True), ("10.0.0.5:5038", False)])
def test_an_ipv6_address_is_told_from_a_host_with_a_port(text: str, yes: bool) -> None:
    assert values.is_ipv6(text) is yes
