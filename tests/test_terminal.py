"""What a stream can show, by what it is and by what the environment asks for."""

import io

import pytest

from bridge.terminal import PIPED_WIDTH, console, is_coloured, is_live


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


PIPE = io.StringIO


@pytest.mark.parametrize(
    ("stream", "environ", "live", "coloured"),
    [
        (Terminal(), {}, True, True),
        (Terminal(), {"TERM": "dumb"}, False, False),
        (Terminal(), {"NO_COLOR": "1"}, True, False),
        (Terminal(), {"NO_COLOR": ""}, True, True),
        (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        (Terminal(), {"FORCE_COLOR": "0"}, True, False),
        (Terminal(), {"TERM": "dumb", "FORCE_COLOR": "1"}, False, True),
        (PIPE(), {}, False, False),
        (PIPE(), {"FORCE_COLOR": "1"}, False, True),
        (PIPE(), {"FORCE_COLOR": ""}, False, False),
        (PIPE(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_the_environment_goes_over_what_the_stream_is(
    stream: io.StringIO,
    environ: dict[str, str],
    live: bool,
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"TERM": "xterm", "NO_COLOR": "", "FORCE_COLOR": "", **environ}.items():
        monkeypatch.setenv(name, value)

    assert (is_live(stream), is_coloured(stream)) == (live, coloured)


def test_in_a_pipe_nothing_is_cut() -> None:
    assert console(PIPE()).width == PIPED_WIDTH


def test_a_text_is_written_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    stream = PIPE()

    console(stream).print("[bold]1[/bold] :smile:")

    assert stream.getvalue() == "[bold]1[/bold] :smile:\n"
