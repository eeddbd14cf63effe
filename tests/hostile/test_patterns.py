"""Patterns of mapping rules that are made to cost time: refused, or matched within a bounded one.

The pattern is the administrator's, but whoever sends a packet chooses the name that it meets.
"""

import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.mapping import Mapper, Rule
from bridge.core.sample import Series
from bridge.protocols.statsd import NAME_LIMIT

BOUND = 0.005
"""Seconds of a match, wherever it fails. One millisecond is wanted, and measured; the machine may be busy."""

NESTED = ("(a+)+", "(a|a)*", "(a*)*b", "(.*)*", "([a-z]+)*$", "(?:x+x+)+y", "(a|aa)+$", "^(a?){30}a{30}$")
"""What is evil as a regular expression, and an ordinary text to a glob."""
EVIL = [
    *(".".join(["*a*"] * parts) + ".b" for parts in (2, 4, 8, 16, 31)),
    *(".".join(["*a"] * parts) + ".b" for parts in (2, 4, 8, 16, 31)),
    *(".".join(["a*a*"] * parts) + ".b" for parts in (2, 8, 31)),
    *(".".join(["*"] * parts) + ".b" for parts in (2, 8, 31)),
    *("*" * stars for stars in (2, 3, 10, 100)),
    *("*a" * stars + "b" for stars in (1, 2, 3, 5, 10, 30)),
    *("a*" * stars + "b" for stars in (1, 2, 3, 5, 10, 30)),
    *("*" + "a" * letters + "*b" for letters in (1, 10, 100, 120)),
    *("*aa*ab", "*.*", "*a*.*a*b", "*ab*ab.c", "a" * 255 + "*", "*" + "a" * 255),
    *NESTED,
]
NAMES = [
    *(
        ".".join(["a" * (NAME_LIMIT // parts - 1)] * parts)[: NAME_LIMIT - 2] + ".c"
        for parts in (1, 2, 4, 8, 16, 31)
    ),
    *("a" * (NAME_LIMIT - 1) + "c", "a" * NAME_LIMIT, "ab" * (NAME_LIMIT // 2), "." * NAME_LIMIT),
    *("a" * (NAME_LIMIT // 2) + "b" * (NAME_LIMIT // 2), "x" * (NAME_LIMIT - 1) + "\n"),
]
"""As long as a name may be, and nearly what the patterns want."""


def took(mapper: Mapper, series: Series) -> float:
    """Seconds of a match: the least of some, since others have their turn meanwhile."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        mapper(series)
        times.append(time.perf_counter() - began)
        if times[-1] > 100 * BOUND:
            break
    return min(times)


def test_there_are_50_evil_patterns() -> None:
    assert len(EVIL) == len(set(EVIL)) == 50


@pytest.mark.timeout(20)
@pytest.mark.parametrize("pattern", EVIL)
def test_an_evil_pattern_is_refused_or_costs_a_bounded_time(pattern: str) -> None:
    rule = Rule(pattern, name="x")
    if rule.fault():
        return
    mapper = Mapper((rule,))

    assert max(took(mapper, Series(name)) for name in NAMES) <= BOUND


def simple(glob: str, name: str) -> list[str] | None:
    """What the stars stand for, found part by part with nothing clever."""
    parts, names = glob.split("."), name.split(".")
    if len(parts) != len(names):
        return None
    found: list[str] = []
    for part, text in zip(parts, names, strict=True):
        match = re.fullmatch("(.*)".join(map(re.escape, part.split("*"))), text, re.DOTALL)
        if not match:
            return None
        found += match.groups()
    return found


texts = st.text("ab.", max_size=12)


@given(st.text("ab.*", min_size=1, max_size=10), texts)
def test_a_pattern_matches_what_its_parts_match(glob: str, name: str) -> None:
    stars = min(glob.count("*"), 9)
    rule = Rule(glob, name="|".join(["x", *(f"${{{star}}}" for star in range(1, stars + 1))]))
    if rule.fault():
        return

    mapped = Mapper((rule,))(Series(name))

    found = simple(glob, name)
    assert mapped == Series(name if found is None else "|".join(["x", *found[:stars]]))


def test_no_name_makes_the_rules_of_a_busy_lab_slow() -> None:
    """Twenty rules of four parts, and 2,000 names of a stranger."""
    chance = random.Random(12)
    mapper = Mapper(tuple(Rule(f"lab{number}*.*a*.*b*.*c*", name="x") for number in range(20)))
    names = ["".join(chance.choices("labc0123.", k=NAME_LIMIT)) for _ in range(2000)]
    began = time.process_time()

    for name in names:
        mapper(Series(name))

    assert time.process_time() - began <= len(names) * BOUND
