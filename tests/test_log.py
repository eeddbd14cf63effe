"""The log: lines for people or machines, and complaints that do not flood it."""

import json
import subprocess
import sys
from typing import Literal

import pytest

from bridge.log import Throttle, configure, get_logger
from tests.fakes import FakeClock


def test_json_lines_carry_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "json")

    get_logger(component="test").warning("down", pbx="hq", reason="refused")

    line = json.loads(capsys.readouterr().err)
    assert line | {"timestamp": ""} == {
        "component": "test",
        "event": "down",
        "level": "warning",
        "pbx": "hq",
        "reason": "refused",
        "timestamp": "",
    }


def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure("warning", "text")

    get_logger().info("up")

    assert capsys.readouterr().err == ""


def fail() -> None:
    """Fail as code does that could not use what a peer sent, with its words in every message."""
    words = f"+4930{'123456'}"
    try:
        int(words.replace("+", "x"))
    except ValueError as error:
        raise ExceptionGroup(words, [KeyError(words)]) from error


@pytest.mark.parametrize("style", ["text", "json"])
def test_what_an_exception_says_is_left_out_for_it_may_quote_a_caller(
    capsys: pytest.CaptureFixture[str], style: Literal["text", "json"]
) -> None:
    configure("info", style)

    try:
        fail()
    except ExceptionGroup:
        get_logger().exception("failed")

    said = capsys.readouterr().err
    assert "123456" not in said
    assert all(word in said for word in ("ValueError", "KeyError", "ExceptionGroup", "in fail"))


def test_what_libraries_log_of_an_exception_is_left_out_too() -> None:
    program = (
        "import logging; from bridge.log import configure; from tests.test_log import fail\n"
        "configure()\n"
        "try:\n  fail()\n"
        "except ExceptionGroup:\n  logging.getLogger('library').exception('failed')"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "123456" not in ended.stderr
    assert "ERROR library failed" in ended.stderr
    assert "in fail" in ended.stderr


def test_what_asyncio_logs_of_a_task_that_failed_is_left_out_too() -> None:
    """It repeats the exception in the lines below its first."""
    program = (
        "import asyncio; from bridge.log import configure; from tests.test_log import fail\n"
        "async def task(): fail()\n"
        "async def run(): asyncio.ensure_future(task()); await asyncio.sleep(0)\n"
        "configure()\nasyncio.run(run())"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "123456" not in ended.stderr
    assert "ERROR asyncio Task exception was never retrieved" in ended.stderr
    assert "in fail" in ended.stderr


def test_a_repeated_complaint_is_let_through_once_per_period_with_what_was_kept_back() -> None:
    clock = FakeClock(0)
    throttle = Throttle(clock.monotonic, period=60)

    first = [throttle.suppressed("bad line") for _ in range(3)]
    clock.now = 60
    later = throttle.suppressed("bad line")

    assert first == [0, None, None]
    assert later == 2


def test_different_complaints_do_not_silence_each_other() -> None:
    throttle = Throttle(FakeClock(0).monotonic)

    assert [throttle.suppressed(key) for key in ("a", "b", "a")] == [0, 0, None]


def test_endless_different_complaints_take_no_endless_memory() -> None:
    throttle = Throttle(FakeClock(0).monotonic, keys=2)

    assert [throttle.suppressed(str(key)) for key in range(5)] == [0, 0, 0, None, None]
