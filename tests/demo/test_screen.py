"""What the demo shows."""

import asyncio
import io
import re
from collections.abc import Mapping
from itertools import pairwise

import pytest
from rich.console import Console

from bridge.asterisk.catalog.calls import HANGUPS_COUNT
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE, DIALPLAN_PROCESSED, SYSTEM_UPTIME
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.demo.screen import YOUR_OWN, Board, Doors, instructions, number, picture, show, summary
from bridge.environment import load

NOW = 1_700_000_000.0
DOORS = Doors(mqtt=1883, http=8080, statsd=8125)


def samples(values: Mapping[Series, float]) -> list[Sample]:
    return [Sample(series, value, NOW) for series, value in values.items()]


@pytest.fixture
def board() -> Board:
    """A board with a bit of everything."""
    filled = Board()
    filled.tap(
        samples(
            {
                DIALPLAN_ACTIVE.series("demo"): 7,
                DIALPLAN_PROCESSED.series("demo"): 1234,
                HANGUPS_COUNT.series("demo", "normal"): 20,
                HANGUPS_COUNT.series("demo", "busy"): 3,
                QUEUE_WAITING.series("demo", "support"): 2,
                SYSTEM_UPTIME.series("demo"): 3725,
                own.SOURCE_UP.series("demo", "ami"): 1,
                own.SINK_UP.series(BRIDGE, "mqtt"): 0,
                own.SINK_DELIVERED.series(BRIDGE, "mqtt"): 99,
            }
        )
    )
    return filled


def drawn(board: Board, height: int = 40, width: int = 120, doors: Doors = DOORS) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    with console.capture() as capture:
        console.print(picture(board, instructions(doors), height))
    return capture.get()


def test_the_lines_of_what_to_set_are_settings_that_the_bridge_takes() -> None:
    """Whoever copies them, with his own addresses in place, has a bridge that starts."""
    pairs = (word.partition("=") for line in YOUR_OWN for word in line.split())

    settings = load({name: value for name, _, value in pairs})

    assert len(YOUR_OWN) == 4
    assert settings.pbx["hq"].ami
    assert settings.pbx["hq"].snmp
    assert settings.graphite.url
    assert settings.mqtt.url


def test_the_instructions_name_the_real_ports() -> None:
    lines = "\n".join(instructions(Doors(mqtt=41883, http=48080, statsd=48125)))

    assert "mosquitto_sub -h 127.0.0.1 -p 41883 -t 'asterisk/#' -v" in lines
    assert "http://127.0.0.1:48080/metrics" in lines
    assert "udp://127.0.0.1:48125" in lines


def test_the_page_and_what_grafana_can_read_are_named_first_where_there_are_any() -> None:
    doors = Doors(mqtt=1883, http=48080, statsd=8125, page=True, graphite=True)

    look, grafana, *others = instructions(doors)

    assert "http://127.0.0.1:48080/ " in look
    assert grafana.endswith("type Graphite with the URL http://127.0.0.1:48080")
    assert others == instructions(doors._replace(page=False, graphite=False))


def test_variables_that_are_set_are_named_as_ignored_on_one_line() -> None:
    plain, warned = instructions(DOORS), instructions(DOORS, ["BRIDGE_MQTT__URL"])

    assert len(warned) == len(plain) + 1
    assert "ignores BRIDGE_MQTT__URL" in warned[-1]


def test_the_newest_value_is_shown(board: Board) -> None:
    board.tap(samples({DIALPLAN_ACTIVE.series("demo"): 8}))

    assert re.search(r"dialplan\.active +8\b", drawn(board))


def test_a_value_stands_with_its_labels_and_in_its_unit(board: Board) -> None:
    page = drawn(board)

    assert re.search(r"hangups\.count +busy +3\b", page)
    assert re.search(r"system\.uptime +62:05 min", page)


def test_the_state_of_sources_and_sinks_is_shown(board: Board) -> None:
    page = drawn(board)

    assert "ami up" in page
    assert "mqtt DOWN" in page
    assert "99 samples delivered" in page


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("height", [24, 30, 60])
def test_the_page_fits_a_terminal_and_keeps_what_to_do_next(height: int, width: int) -> None:
    crowded = Board()
    crowded.tap(samples({HANGUPS_COUNT.series("demo", f"cause{n}"): n for n in range(100)}))
    crowded.tap(samples({QUEUE_WAITING.series("demo", f"queue{n}"): n for n in range(100)}))

    for doors in (DOORS, DOORS._replace(page=True, graphite=True)):
        page = drawn(crowded, height, width, doors)

        assert len(page.splitlines()) <= height
        assert "mosquitto_sub" in page


def test_a_change_is_news_until_it_is_settled(board: Board) -> None:
    calls = DIALPLAN_ACTIVE.series("demo")
    assert board.moved(calls)
    board.settle()

    board.tap(samples({calls: 7}))
    assert not board.moved(calls)
    board.tap(samples({calls: 8}))
    assert board.moved(calls)


def test_the_summary_is_one_line_and_names_what_is_down(board: Board) -> None:
    line = summary(board, NOW)

    assert "\n" not in line
    assert "calls 7" in line
    assert "hangups 23" in line
    assert "mqtt down" in line


def test_before_the_first_value_the_summary_says_that_there_is_none() -> None:
    assert "calls -" in summary(Board(), NOW)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234, "", "1,234"),
        (0.125, "", "0.125"),
        (12, "seconds", "12 s"),
        (0.0123, "seconds", "0.0123 s"),
        (61.9, "seconds", "1:01 min"),
    ],
)
def test_numbers_are_for_people(value: float, unit: str, text: str) -> None:
    assert number(value, unit) == text


class Output(io.StringIO):
    """What is written, and an event when something has been."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self._left = wanted
        self.enough = asyncio.Event()

    def write(self, text: str) -> int:
        self._left -= text.count("dialplan.active") + text.count("processed ")
        if self._left <= 0:
            self.enough.set()
        return super().write(text)


def displayed(board: Board, wanted: int, *, terminal: bool) -> str:
    """What is shown until `wanted` pictures or lines are there, and at the end."""

    async def scenario() -> str:
        output = Output(wanted)
        console = Console(file=output, force_terminal=terminal, width=120, height=40)
        task = asyncio.create_task(show(board, instructions(DOORS), console, pause=0.01))
        await asyncio.wait_for(output.enough.wait(), 20)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return output.getvalue()

    return asyncio.run(scenario())


def test_elsewhere_than_on_a_terminal_lines_follow_each_other(board: Board) -> None:
    text = displayed(board, 2, terminal=False)

    assert "\x1b" not in text
    assert text.index("mosquitto_sub") < text.index("calls 7")
    times = re.findall(r"^\d\d:\d\d:\d\d", text, re.MULTILINE)
    assert all(before <= after for before, after in pairwise(times))


def test_a_terminal_shows_a_page_and_afterwards_what_to_do_next(board: Board) -> None:
    text = displayed(board, 2, terminal=True)

    page, afterwards = text.rsplit("\x1b[?1049l", 1)
    assert "dialplan.active" in page
    assert "mosquitto_sub" in afterwards
    assert "BRIDGE_MQTT__URL" in afterwards
