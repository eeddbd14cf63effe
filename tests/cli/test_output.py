"""What is written is plain in a pipe, and as lively on a terminal as the environment allows.

By processes of their own, whose output goes to pipes or to a terminal.
"""

import re
import socket
from collections.abc import Iterator

import pytest

from tests.cli.calling import HQ, on_terminal, piped

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def peers() -> Iterator[dict[str, str]]:
    """Settings with a PBX that takes a connection and says nothing, and a Graphite that is there."""
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as carbon:
        yield {
            **HQ,
            "BRIDGE_PBX__HQ__AMI__PORT": str(silent.getsockname()[1]),
            "BRIDGE_PBX__HQ__AMI__TIMEOUT": "500ms",
            "BRIDGE_GRAPHITE__URL": f"tcp://127.0.0.1:{carbon.getsockname()[1]}",
        }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["check", "--connect"], 1),
        (["poll", "hq"], 1),
        (["show"], 0),
        (["alerts", "list"], 1),
        (["alerts", "silence", "--help"], 0),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_pipe_gets_plain_lines(arguments: list[str], code: int, peers: dict[str, str]) -> None:
    result = piped(*arguments, **peers)

    assert result.code == code
    assert result.out + result.err
    assert not set("\x1b\r\b") & set(result.out + result.err)


class TestTerminal:
    def test_it_shows_each_peer_while_it_is_tried_and_then_how_long_that_took(
        self, peers: dict[str, str]
    ) -> None:
        result = on_terminal("check", "--connect", **peers)

        during, _, after = result.out.rpartition("\x1b[2K")
        plain = COLOUR.sub("", after).splitlines()
        assert "trying  hq ami  0." in during
        assert COLOUR.search(after)
        assert re.fullmatch(r"failed  hq ami: .* \(\d+\.\d s\)", plain[0])
        assert re.fullmatch(r"ok      graphite \(\d+\.\d s\)", plain[1])
        assert result.out.rindex("\x1b[?25h") > result.out.rindex("\x1b[?25l"), "the cursor is not back"

    def test_it_shows_each_source_while_it_is_polled(self, peers: dict[str, str]) -> None:
        assert "trying  hq ami  0." in on_terminal("poll", "hq", **peers).out

    def test_by_no_color_there_is_progress_without_colours(self, peers: dict[str, str]) -> None:
        result = on_terminal("check", "--connect", **peers, NO_COLOR="1")

        assert "trying  hq ami  0." in result.out
        assert not COLOUR.search(result.out)

    def test_a_dumb_one_gets_lines_alone(self, peers: dict[str, str]) -> None:
        result = on_terminal("check", "--connect", **peers, TERM="dumb")

        assert "trying" not in result.out
        assert "\x1b" not in result.out
        assert len(result.out.splitlines()) == 3

    def test_help_is_coloured_unless_no_color_is_set(self) -> None:
        assert COLOUR.search(on_terminal("check", "--help").out)
        assert not COLOUR.search(on_terminal("check", "--help", NO_COLOR="1").out)


def test_colours_can_be_had_in_a_pipe_but_no_progress(peers: dict[str, str]) -> None:
    result = piped("check", "--connect", **peers, FORCE_COLOR="1")

    assert COLOUR.search(result.out)
    assert not set(COLOUR.sub("", result.out + result.err)) & set("\x1b\r")
    assert "trying" not in result.err
