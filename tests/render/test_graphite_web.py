"""Side by side: the real graphite-web and we answer the same requests over the same whisper files."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest

from bridge.render.errors import QueryError
from bridge.render.functions import described
from bridge.render.times import moment
from bridge.sinks.http.form import Form
from bridge.sinks.http.graphite_answers import Answers
from bridge.sinks.store.archive import Archive
from bridge.sinks.store.files import Files
from bridge.sinks.store.index import Index
from bridge.sinks.store.names import name_of
from tests.render import generated, listed
from tests.render.asked import Asked, differences
from tests.render.tree import NOW, TREE, plant
from tests.servers.graphite import GraphiteServer, environment

pytestmark = pytest.mark.live

GENERATED = int(os.environ.get("TEST_RENDER", "80"))
"""How many generated requests are made, besides those that are listed."""
Render = Callable[[Asked], str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("graphite")
    plant(found / "whisper")
    return found


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Render]:
    """Answers as graphite-web does, without a carbon that might hold newer values."""
    home = tmp_path_factory.mktemp("web")
    server = GraphiteServer(home)
    with (home / "web_settings.py").open("a") as settings:
        settings.write(f"CARBONLINK_HOSTS = []\nWHISPER_DIR = {str(folder / 'whisper')!r}\n")
        settings.write("STANDARD_DIRS = [WHISPER_DIR]\n")
    with server.web():
        url = f"http://127.0.0.1:{server.web_port}"
        named = urlencode([("path", stored.name) for stored in TREE])  # as carbon does, also without tags
        urlopen(f"{url}/tags/tagMultiSeries", named.encode(), timeout=30).close()

        def answer(asked: Asked) -> str:
            with urlopen(f"{url}/render?{asked.query}", timeout=30) as found:
                return str(found.read().decode())

        yield answer


@pytest.fixture(scope="module")
def ours(folder: Path) -> Render:
    """Answers as our read API does, over what it finds in the same folder."""
    files, index, archive = Files(folder), Index(), Archive()
    for found in files.survey():
        index.add(name_of(found.words))
    archive.show(index, files)
    answers = Answers(archive, lambda: NOW, longest=60)
    return lambda asked: answers.render(Form(parse_qsl(asked.query)))


@pytest.mark.parametrize("asked", [*listed.requests()], ids=str)
def test_what_is_asked_is_answered_as_graphite_web_does(asked: Asked, theirs: Render, ours: Render) -> None:
    assert not list(differences(ours(asked), theirs(asked)))


@pytest.mark.parametrize("asked", [*generated.requests(GENERATED)], ids=str)
def test_functions_within_functions_are_answered_alike(asked: Asked, theirs: Render, ours: Render) -> None:
    """graphite-web itself fails at a few of them; at those we may answer what we like."""
    mine = ours(asked)

    with suppress(HTTPError):
        assert not list(differences(mine, theirs(asked)))


def test_the_requests_are_many_and_do_find_something(ours: Render) -> None:
    requests = [*listed.requests(), *generated.requests(GENERATED)]
    found = [json.loads(ours(asked)) for asked in requests]

    assert len(set(map(str, requests))) >= 300
    assert sum(any(each["datapoints"] for each in answer) for answer in found) > len(requests) * 0.85


@pytest.mark.parametrize(
    ("piped", "nested"),
    [
        (f"{listed.ONE}|scale(2)|movingAverage(5)", f"movingAverage(scale({listed.ONE},2),5)"),
        ("odd.*|absolute()|timeShift('5min')", "timeShift(absolute(odd.*),'5min')"),
    ],
)
def test_what_is_piped_is_what_is_nested(piped: str, nested: str, theirs: Render, ours: Render) -> None:
    """Where a function looks at other times, graphite-web forgets the pipes before it. We do not."""
    assert not list(differences(ours(Asked((piped,))), theirs(Asked((nested,)))))


REFERENCES = [
    *("", "now", "today", "yesterday", "tomorrow", "noon", "midnight", "teatime", "8am", "12pm", "12am"),
    *("10:30", "00:00", "23:59", "9:05am", "9:05pm", "12:30pm", "20231114", "20240229", "1/2/23", "3/4/70"),
    *("12/31/2023", "11/14/99", "jan1", "january 15", "dec31", "feb 9", "mon", "monday", "sunday", "wed"),
    *("noon_yesterday", "14:30_20231114", "8am monday", "midnight 20240331", "02:30_20240331", "1700000000"),
    *("02:30_20241027", "01:30_20241103", "02:30_20240310", "teatime friday", "17", "20231345", "0"),
    *("99999999999999", "25:00", "10:75", "13pm", "foo", "jan", "feb30", "31/12/2023", "now now", "am"),
    *("noonnoon", "10:30noon", "00000000", "20231114x"),
]
SHIFTS = [
    *("", "-1h", "+1h", "-5min", "-1d", "-1w", "-1mon", "-1y", "+2h30min", "-90s", "-1seconds", "-3months"),
    *("-1m", "-h", "-", "+", "-1", "-1h-1h", "+1h-1h", "-0s", "-1H", "- 1 h", "-15minutes"),
]
MOMENTS = [(1_700_003_597, "UTC"), (1_711_846_800, "Europe/Berlin"), (1_729_990_800, "America/New_York")]
PARSES = """
import calendar, json, sys
from datetime import datetime
from django.conf import settings
settings.configure(TIME_ZONE="UTC")
import pytz
from graphite.render.attime import parseATTime
def parsed(text, now, zone):
    try:
        there = pytz.timezone(zone)
        found = parseATTime(text, there, datetime.fromtimestamp(now, there))
        return calendar.timegm(found.astimezone(pytz.utc).timetuple())
    except Exception:
        return None
print(json.dumps([parsed(*each) for each in json.load(sys.stdin)]))
"""


def _asks(program: str, question: object, **env: str) -> object:
    """What a program says in graphite-web's own Python."""
    answer = subprocess.run(
        [environment() / "bin" / "python", "-W", "ignore", "-c", program],
        input=json.dumps(question),
        env=os.environ | env,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(answer.stdout)


def _moment(text: str, now: int, zone: str) -> int | None:
    try:
        return moment(text, now, ZoneInfo(zone))
    except QueryError:
        return None


def test_every_form_of_a_time_is_read_alike() -> None:
    questions = [(reference + shift, *at) for reference, shift, at in product(REFERENCES, SHIFTS, MOMENTS)]

    assert [_moment(*each) for each in questions] == _asks(PARSES, questions)


PARAMETERS = """
import json, sys, django
django.setup()
from graphite.render.functions import SeriesFunctions
found = {name: (f.group, [p.toJSON() for p in f.params]) for name, f in SeriesFunctions.items()}
print(json.dumps(found, default=str))
"""


def test_functions_are_described_alike(tmp_path: Path) -> None:
    """All but the options: we write those that are served; and defaults where graphite-web's are not true."""
    (tmp_path / "local.py").write_text(f'SECRET_KEY = "x"\nSTORAGE_DIR = LOG_DIR = {str(tmp_path)!r}\n')
    settings = {"PYTHONPATH": str(tmp_path), "GRAPHITE_SETTINGS_MODULE": "local"}
    wanted = _asks(PARAMETERS, None, DJANGO_SETTINGS_MODULE="graphite.settings", **settings)

    assert isinstance(wanted, dict)
    for name, mine in described().items():
        group, parameters = wanted[name]
        assert mine["group"] == group
        assert [_shape(each) for each in mine["params"]] == [_shape(each) for each in parameters], name


def _shape(parameter: dict[str, object]) -> tuple[object, ...]:
    return tuple(parameter.get(key) for key in ("name", "type", "required", "multiple"))
