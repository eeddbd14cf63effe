"""Hundreds of environments, each right but for what was done to it: `check` takes it or says what to change.

What is wrong is told in lines that begin with the variable; there is never a traceback, nor a secret, nor a
control character, nor a line without end. `TEST_MUTATIONS` sets how many there are; the seed is fixed.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bridge.environment import LINE, read
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.plans import sink_plans
from tests.checking import Answer, checked, told
from tests.mutations import GOOD, KINDS, SECRET, Case, Mutation, cases

MUTATIONS = int(os.environ.get("TEST_MUTATIONS", "600"))
PROCESSES = 1
"""How many of each kind are checked by a process of its own, too."""


def judge(case: Case, answer: Answer) -> None:
    """Hold an answer to what is promised."""
    said = answer.out + answer.err
    lines = answer.err.splitlines()

    assert answer.code in {0, 2}
    assert "Traceback" not in said
    assert SECRET not in said
    assert said.replace("\n", "").isprintable()
    assert all(len(line) < 4 * LINE for line in lines)
    if answer.code == 0:
        assert all(line.startswith("warning: ") for line in lines)
        return
    assert not answer.out
    assert all(line.startswith(("BRIDGE_", "/")) and ": " in line for line in lines)
    assert any(line.startswith(case.blamed) for line in lines), (case.blamed[:200], lines)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_mutated_environment_is_good_or_told_to_be_bad(kind: Mutation, tmp_path: Path) -> None:
    """What `check` calls good can be built: no sink refuses it later."""
    codes = set()
    for case in cases(kind, -(-MUTATIONS // len(KINDS)), tmp_path):
        answer = checked(case.environ)

        judge(case, answer)
        codes.add(answer.code)
        if answer.code == 0:
            assert list(sink_plans(read(case.environ).settings, Health(SystemClock())))

    assert 2 in codes


def test_processes_of_their_own_answer_the_same(tmp_path: Path) -> None:
    """A terminal, an encoding and an exit code are theirs alone."""
    drawn = [case for kind in KINDS for case in cases(kind, PROCESSES, tmp_path)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(told, [case.environ for case in drawn]))

    assert answers == [checked(case.environ) for case in drawn]


def test_what_is_mutated_was_good() -> None:
    """And thus each fault is of the mutation's making."""
    answers = [checked(environ) for environ in GOOD]

    assert [answer.code for answer in answers] == [0] * len(GOOD), answers
    assert json.dumps(answers).count("settings are good") == len(GOOD)
