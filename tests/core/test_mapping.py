"""Mapping rules: docs/statsd-mapping.md says them in words."""

import re
from pathlib import Path

import pytest

from bridge.core.mapping import Mapper, Rule, read_rules
from bridge.core.sample import Series

DOCUMENT = Path(__file__).parents[2] / "docs" / "statsd-mapping.md"


def mapped(series: Series, *rules: Rule) -> Series | None:
    return Mapper(rules)(series)


def test_captures_fill_the_name_and_the_labels() -> None:
    rule = Rule("lab.*.calls.*", name="calls.$2", labels={"site": "$1", "what": "${2}s"})

    assert mapped(Series("lab.hq.calls.missed"), rule) == Series(
        "calls.missed", (("site", "hq"), ("what", "misseds"))
    )


def test_the_first_rule_that_matches_decides() -> None:
    rules = (Rule("a.b", name="first"), Rule("a.*", name="second"))

    assert mapped(Series("a.b"), *rules) == Series("first")
    assert mapped(Series("a.c"), *rules) == Series("second")
    assert mapped(Series("b.c"), *rules) == Series("b.c")


def test_a_star_ends_at_a_dot_and_a_rule_matches_the_whole_name() -> None:
    rule = Rule("a.*", name="x")

    assert mapped(Series("a.b.c"), rule) == Series("a.b.c")
    assert mapped(Series("z.a.b"), rule) == Series("z.a.b")


def test_other_characters_stand_for_themselves() -> None:
    assert mapped(Series("a+b"), Rule("a+b", name="x")) == Series("x")
    assert mapped(Series("aab"), Rule("a+b", name="x")) == Series("aab")


def test_a_bucket_can_be_dropped() -> None:
    assert mapped(Series("stasis.message.x"), Rule("stasis.message.*", drop=True)) is None


def test_tags_of_the_line_stay_and_labels_of_the_rule_go_before_them() -> None:
    tagged = Series("a.b", (("site", "old"), ("zone", "z")))

    assert mapped(tagged, Rule("a.*", labels={"site": "$1"})) == Series("a.b", (("site", "b"), ("zone", "z")))


def test_two_stars_between_dots_fold_the_contacts_of_an_address_of_record() -> None:
    rule = Rule("PJSIP.contacts.*;@*.rtt", name="rtt", labels={"aor": "$1"})

    assert mapped(Series("PJSIP.contacts.bob;@f3a2.rtt"), rule) == Series("rtt", (("aor", "bob"),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[rule]]\nname="x"', "rule 1 has no `match`"),
        ('[[rule]]\nmatch="a"\n[[rule]]\nmatch="a.*"\nname="$2"', "rule 2 '$2' asks for $2"),
        ('[[rule]]\nmatch="a"\nlabels={l="$1"}', "asks for $1"),
        ('[[rule]]\nmatch="a.*"\nname="$0"', "asks for $0"),
        ('[[rule]]\nmatch="a"\nlabels={"x-y"="1"}', "label 'x-y' is not usable"),
        ('[[rule]]\nmatch="a"\nlabels={pbx="1"}', "label 'pbx' is not usable"),
        ('[[rule]]\nmatch="a**"', "`**`"),
        ('[[rule]]\nmatch="*a*b*"', "more than 2 stars"),
        ('[[rule]]\nmatch="a"\ndrop=true\nname="b"', "choose one"),
        ('[[rule]]\nmatch="a"\nregex="b"', "rule 1 has the unknown key 'regex'"),
        ("[[rule]]\nmatch=1", "rule 1: match = 1 is not of the right type"),
        ('[[rule]]\nmatch="a"\nlabels={l=1}', "not of the right type"),
        ('[rule]\nmatch="a"', "write [[rule]]"),
        ("rule = 5", "write [[rule]]"),
        ("rule = [5]", "write [[rule]]"),
        pytest.param("a = " + "[" * 5000, "nested too deep", id="deep"),
        ("rules=[]", "unknown key 'rules'"),
        ("[[rule]", "line 1"),
    ],
)
def test_a_wrong_file_is_refused_with_the_number_of_the_rule(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        read_rules(text)


def test_the_documented_file_is_right() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)

    mapper = Mapper(read_rules(text))

    assert mapper(Series("lab.hq.calls.missed")) == Series("calls.missed", (("site", "hq"),))
    assert mapper(Series("stasis.message.ast_channel_snapshot_type")) is None
