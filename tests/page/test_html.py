"""The page as HTML: what it says, and that nothing that comes from outside becomes a part of it."""

import json
import os
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.alert import Key
from bridge.core.rejected import Rejected
from bridge.core.sample import Sample
from bridge.core.silence import Selector, Silence
from bridge.core.working import Working
from bridge.environment import masked, read
from bridge.page.history import History
from bridge.page.html import document, parts, title
from bridge.page.html_pbx import pbx_id
from bridge.page.model import Facts, Model, build
from bridge.page.search import find
from tests.page import scene
from tests.page.scene import NOW, series
from tests.page.test_markup import Reader
from tests.page.test_markup import read as parsed
from tests.servers.failing import CANARIES, CANARY, named

HOSTILE = (
    "<script>alert(1)</script>",
    "</title><script src=//evil.example/x.js></script>",
    "'\"><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "<!-- ", "-->", "]]>", "<![CDATA[", "<?php", "<!doctype html>",
    "&lt;script&gt;", "&#60;script&#62;", "&", "&amp", "<", ">", "`", "\\", "\\u003cscript\\u003e",
    "</table></main></body></html>",
    "<svg/onload=alert(1)>", "<a href=javascript:alert(1)>x</a>", "<style>*{display:none}</style>",
    "<iframe srcdoc='<script>'>", "<math><mtext></style>", "<template>", "<plaintext>", "<textarea>",
    "\u202egnp.exe", "\u2066x\u2069", "\u200b", "\ufeff", "\0", "\x1b[31mred", "\r\nSet-Cookie: a=b",
    "\n\ndata: x\n\n", "\ud800", "\U000e0041", "x" * 100_000, "a b", "", " ", "..", "../../etc/passwd", "%00",
    "{{7*7}}", "${7*7}", "#{7*7}", "日本語", "é" * 300, "🙂", "Ω≈ç√", "=cmd|' /C calc'!A0",
)  # fmt: skip
"""Names that somebody has tried somewhere."""
names = st.sampled_from(HOSTILE) | st.text(st.characters(), max_size=40)
names |= st.builds("".join, st.lists(st.sampled_from("<>\"'&/=!-[]? \0\u202eax"), max_size=30))

PLACES = 25
"""Places of the page at which a name from outside stands."""
NAMES = int(os.environ.get("TEST_NAMES", "1000"))


def hostile(*names: str) -> Model:
    """The scene with these names, in turn, wherever one comes from outside."""
    turn = cycle(names)
    history = History()
    queue = next(turn)
    history.take(
        [
            Sample(series("calls.active", next(turn)), 1.0, NOW),
            Sample(series("queue.waiting", "hq", queue=queue), 1.0, NOW),
            Sample(series("trunk.up", "hq", trunk=next(turn)), 1.0, NOW),
            Sample(series("trunk.channels", "hq", trunk=next(turn)), 1.0, NOW),
            Sample(series("system.info", "hq", version=next(turn)), 1.0, NOW),
            Sample(series(f"statsd.{next(turn)}", "hq", x=next(turn)), 1.0, NOW),
            Sample(series("sink.dropped", "bridge", sink="graphite", reason=next(turn)), 1.0, NOW),
        ]
    )
    notice = replace(
        scene.ALERTS[0], summary=next(turn), key=Key("queue_waiting", (("pbx", "hq"), ("queue", queue)))
    )
    facts = scene.facts(
        parts=(*scene.PARTS, Working("source", "hq", "other", False, NOW, None, next(turn), NOW)),
        alerts=(notice,),
        silences=(Silence(Selector("*", {"queue": (next(turn),)}), NOW + 60, next(turn)),),
        rejected=(
            Rejected(NOW, next(turn), next(turn), "no_value", next(turn).encode("utf-8", "replace"), True),
        ),
        settings={
            "pbx": {next(turn): {"ami": {"host": next(turn)}}},
            "alerts": {"rule": {next(turn): {"metric": next(turn)}}},
        },
        version=next(turn),
    )
    return build(history, facts, find(f"statsd {next(turn)}", history.everything(NOW)))


def shape(reader: Reader) -> Counter[tuple[str, ...]]:
    """Which elements there are, with which attributes; those that are for a name may be left out."""
    return Counter((tag, *sorted(attributes)) for tag, attributes in reader.tags)


@cache
def known() -> frozenset[tuple[str, ...]]:
    """The elements of pages on which all is well."""
    pages = (
        scene.model("queue"),
        scene.model("", commands=False, alerts=(), silences=(), rejected=(), parts=()),
        hostile("support"),
        hostile(""),
    )
    return frozenset().union(*(shape(parsed(document(page, said="Done.", refresh=30))) for page in pages))


@settings(max_examples=NAMES // PLACES)
@given(st.lists(names, min_size=PLACES, max_size=PLACES))
def test_no_name_becomes_markup(chosen: list[str]) -> None:
    """Only our elements with our attributes, one script, and links to us alone."""
    reader = parsed(document(hostile(*chosen), said=chosen[0], refresh=30))

    assert shape(reader).keys() <= known()
    assert sum(tag == "script" for tag, _ in reader.tags) == 1
    for _, attributes in reader.tags:
        for kind in ("href", "src", "action"):
            assert re.match(r"[/#](?!/)", attributes.get(kind) or "/")
    assert not {"\0", "\u202e", "\x1b"} & set(reader.text)


@pytest.mark.parametrize("name", HOSTILE)
def test_each_name_that_was_tried_somewhere(name: str) -> None:
    page = document(hostile(name), said=name)

    assert shape(parsed(page)).keys() <= known()
    assert len(page) < 200_000


@given(names)
def test_the_id_of_a_pbx_can_be_quoted_nowhere_and_harms_nowhere(name: str) -> None:
    assert re.fullmatch(r"pbx-[A-Za-z0-9]*", pbx_id(name))


@given(names)
def test_an_event_is_one_line_and_its_parts_are_one_element_each(name: str) -> None:
    for here, html in parts(hostile(name)).items():
        assert "\n" not in json.dumps(html)
        assert parsed(html).tags[0][1]["id"] == here


def test_every_id_is_there_once() -> None:
    page = parsed(document(scene.model("queue")))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]

    assert len(ids) == len(set(ids))
    assert set(parts(scene.model())) <= set(ids)


def test_no_secret_of_the_settings_is_on_the_page() -> None:
    """Each secret that the models know, those of a PBX for each of three."""
    pbxs = ("hq", "north", "south")
    environ = {f"BRIDGE_{named(path, pbx)}": canary for path, canary in CANARIES.items() for pbx in pbxs}
    secrets = len(environ)
    for pbx in pbxs:
        environ |= {
            f"BRIDGE_PBX__{pbx}__AMI__HOST".upper(): "10.0.0.5",
            f"BRIDGE_PBX__{pbx}__AMI__USERNAME".upper(): "bridge",
            f"BRIDGE_PBX__{pbx}__SNMP__HOST".upper(): "10.0.0.5",
        }
    environ["BRIDGE_MQTT__URL"] = "mqtts://bridge@broker"

    shown = document(scene.model(settings=masked(read(environ).settings)))

    assert secrets >= 12
    assert "10.0.0.5" in shown
    assert "BRIDGE_PBX__NORTH__AMI__SECRET" in shown
    assert CANARY not in shown


# --- what it says


def text_of(page: Model) -> str:
    return parsed(document(page)).text


def test_the_tab_tells_the_state() -> None:
    assert title(scene.model()) == "2 alerts · asterisk-bridge"
    assert title(scene.model(alerts=())) == "1 part down · asterisk-bridge"
    assert title(scene.model(alerts=(), parts=())) == "all is well · asterisk-bridge"


def test_a_pbx_is_shown_with_its_numbers() -> None:
    shown = parsed(parts(scene.model())["pbx-hq"]).text

    for words in (
        "hq",
        "up",
        "Asterisk 22.5.1",
        "up for 40 days",
        "Calls",
        "support",
        "2 of 5",
        "acme",
        "down",
    ):
        assert words in shown


def test_one_that_does_not_answer_says_why() -> None:
    shown = parsed(parts(scene.model())["pbx-north"]).text

    assert "down" in shown
    assert "no route to host" in shown


def test_buttons_are_there_only_if_they_are_of_use() -> None:
    assert "<button" in parts(scene.model())["alerts-now"]
    assert "<button" not in parts(scene.model(commands=False))["alerts-now"]
    assert "<form" not in parts(scene.model(commands=False))["alerts-now"]


def test_what_is_acknowledged_and_silenced_offers_neither_again() -> None:
    cared = replace(scene.ALERTS[0], acknowledged=True, silenced_until=NOW + 60)

    shown = parts(scene.model(alerts=(cared,), silences=()))["alerts-now"]

    assert "acknowledged" in shown
    assert "<button" not in shown


def test_the_books_of_a_sink_are_shown() -> None:
    shown = parsed(parts(scene.model())["sinks-now"]).text

    for words in ("Graphite", "1,804,221", "1,801,730", "191", "too old", "2,300 (3.2 MB on disk)"):
        assert words in shown


def test_refused_lines_are_shown_as_the_setting_says() -> None:
    hidden = parsed(parts(scene.model())["rejected-now"]).text
    open_ = tuple(each._replace(shown=True) for each in scene.REJECTED)
    shown = parsed(parts(scene.model(rejected=open_))["rejected-now"]).text

    assert "aaaa.aaaaaa:9|a" in hidden
    assert "shop.orders" not in hidden
    assert "shop.orders:1|x" in shown
    assert "10.0.0.5" in shown
    assert "bad type" in shown


def test_a_search_is_answered_with_values() -> None:
    shown = parsed(parts(scene.model("queue support waiting"))["found"]).text

    assert "2 series found" in shown
    assert "pbx=hq, queue=support" in shown
    assert "nothing" not in parsed(parts(scene.model())["found"]).text


def test_settings_have_the_names_of_their_variables() -> None:
    shown = text_of(scene.model())

    assert "BRIDGE_PBX__HQ__AMI__HOST" in shown
    assert "metric queue.waiting, above 2.0" in shown


def test_it_loads_itself_again_only_if_somebody_wants_it_and_not_all_the_time() -> None:
    assert "http-equiv" not in document(scene.model())
    assert 'http-equiv="refresh" content="10"' in document(scene.model(), refresh=0)


def test_an_empty_bridge_says_what_to_do() -> None:
    empty = build(History(), Facts(NOW))

    shown = text_of(empty)

    for words in (
        "All is well",
        "No alert fires",
        "No PBX is set",
        "No source is set",
        "No line was refused",
    ):
        assert words in shown


def test_what_does_not_change_is_not_sent_again() -> None:
    later = scene.facts(now=NOW + 1)
    history = scene.history()

    before, after = parts(build(history, scene.facts())), parts(build(history, later))

    assert [name for name in before if before[name] != after[name]] in ([], ["sources-now"])
