"""What the pages of the documentation show: fenced blocks, the commands in them, and the settings."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

FENCE = re.compile(
    r"(?:^<!-- when: (?P<when>[^\n]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
ASSIGNED = re.compile(r"(?:export )?BRIDGE_[A-Z0-9_]+=")
PROMPT = "$ "


class Block(NamedTuple):
    """A fenced block of a page.

    Attributes:
        page: its path in the repository.
        line: the number of its first line.
        language: what the fence says.
        when: the situation in which it holds, from a comment above the fence that readers do not see.
        text: what is between the fences.
    """

    page: str
    line: int
    language: str
    when: str
    text: str


class Command(NamedTuple):
    """A command that a page shows.

    Attributes:
        block: where.
        line: the command, continued lines joined, and comments behind it taken away.
        output: the lines that the page shows below it.
    """

    block: Block
    line: str
    output: tuple[str, ...]


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start("text")) + 1
        name = str(page.relative_to(ROOT))
        yield Block(name, line, found["language"], found["when"] or "", found["text"])


def commands(block: Block) -> Iterator[Command]:
    """The commands of a block: each line of `sh`, and those behind a prompt in `console`."""
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.language == "sh":
        yield from (Command(block, bare, ()) for bare in map(_bare, lines) if bare)
    elif block.language == "console":
        starts = [number for number, line in enumerate(lines) if line.startswith(PROMPT)]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            yield Command(block, _bare(lines[start].removeprefix(PROMPT)), tuple(lines[start + 1 : end]))


def _bare(line: str) -> str:
    """A line without the comment behind it."""
    return re.sub(r"(^|\s+)#\s.*$", "", line).strip()


def assigned(text: str) -> dict[str, str]:
    """The variables that an `env` block, or a line of a shell, sets."""
    lines = (line.removeprefix("export ") for line in text.splitlines() if ASSIGNED.match(line))
    return dict(word.split("=", 1) for line in lines for word in shlex.split(line, comments=True))


def settings(page: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """(where, variables) of all that a page says should be set together."""
    for block in blocks(page):
        if found := assigned(block.text) if block.language in {"env", "sh"} else {}:
            yield f"{block.page}:{block.line}", found
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for indented in re.findall(r"(?:^    BRIDGE_[A-Z0-9_]+=.*\n)+", text, re.MULTILINE):
        lines = "\n".join(line.strip() for line in indented.splitlines())
        yield f"{page.relative_to(ROOT)}: {lines.partition('=')[0]}", assigned(lines)
