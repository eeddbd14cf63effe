"""Where tags stand, and what only looks like tags."""

import pytest

from bridge.core.sample import Labels
from bridge.protocols.dialects import dogstatsd_tags, is_notice, split_name


@pytest.mark.parametrize(
    ("name", "base", "tags"),
    [
        ("calls", "calls", ()),
        ("calls;site=a;zone=b", "calls", (("site", "a"), ("zone", "b"))),
        ("calls,site=a,zone=b", "calls", (("site", "a"), ("zone", "b"))),
        ("calls[site=a,zone=b]", "calls", (("site", "a"), ("zone", "b"))),
        ("calls[site=a].count", "calls.count", (("site", "a"),)),
        ("calls;site=a=b", "calls", (("site", "a=b"),)),
        ("calls;site=", "calls", (("site", ""),)),
        # Names of Asterisk and its dialplan that hold the same characters.
        ("PJSIP.contacts.bob;@f3a2.rtt", "PJSIP.contacts.bob;@f3a2.rtt", ()),
        ("calls,a", "calls,a", ()),
        ("calls[1]", "calls[1]", ()),
        ("calls;site=a;zone", "calls;site=a;zone", ()),
        ("a=b", "a=b", ()),
    ],
)
def test_tags_in_a_name_are_told_from_names_that_look_alike(name: str, base: str, tags: Labels) -> None:
    assert split_name(name) == (base, tags)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", ()),
        ("site:a", (("site", "a"),)),
        ("site:a,,zone:b,", (("site", "a"), ("zone", "b"))),
        ("url:http://x:1", (("url", "http://x:1"),)),
        ("flag", (("flag", "true"),)),
        ("site:", (("site", ""),)),
        (":a", (("", "a"),)),
    ],
)
def test_tags_of_dogstatsd(text: str, tags: Labels) -> None:
    assert dogstatsd_tags(text) == tags


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("_e{5,4}:title|text", True),
        ("_e{5,4}:title|text|t:warning|#a:b", True),
        ("_e{2,3}:\u00fc|a|b", True),  # the lengths are bytes, and the text may hold pipes
        ("_e{5,9}:title|text", False),
        ("_e{4,4}:title|text", False),
        ("_e{5,3}:title|text", False),
        ("_e{0,4}:|text", False),
        ("_e{5}:title|text", False),
        ("_e{99999999999,1}:t|t", False),
        ("_sc|trunk|0", True),
        ("_sc|trunk|2|d:1700000000|#site:a|m:down", True),
        ("_sc|trunk|4", False),
        ("_sc||0", False),
        ("_sc|trunk", False),
        ("_schedule:1|c", None),
        ("calls:1|c", None),
    ],
)
def test_events_and_service_checks_are_recognised(line: str, expected: bool | None) -> None:
    assert is_notice(line) is expected
