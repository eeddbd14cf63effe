"""What the program says of itself."""

from pathlib import Path

from bridge import __version__, documents
from bridge.cli import manual
from tests.cli.calling import Run


def test_version(run: Run) -> None:
    assert run("version") == (0, f"{__version__}\n", "")


class TestDocs:
    GENERATED = (*documents.GENERATED, *manual.GENERATED)

    def test_stale_documents_are_told_and_written(self, run: Run, tmp_path: Path) -> None:
        before = run("docs", "--check", "--root", str(tmp_path))
        writing = run("docs", "--root", str(tmp_path))
        after = run("docs", "--check", "--root", str(tmp_path))

        assert (before.code, before.out.splitlines()) == (1, [f"stale {path}" for path in self.GENERATED])
        assert (writing.code, writing.out.splitlines()) == (0, [f"wrote {path}" for path in self.GENERATED])
        assert after == (0, "", "")
