"""The files of config/asterisk/ say what a real Asterisk understands."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.asterisk import Asterisk

EXCERPTS = Path(__file__).parent.parent.parent / "config" / "asterisk"

pytestmark = pytest.mark.live


@contextlib.contextmanager
def holding(pbx: Asterisk, file: str, text: str, reload: str) -> Iterator[str]:
    """A file of the PBX holds `text` for a while; gives what the command that reloads it answers."""
    path = pbx.home / "etc" / file
    before = path.read_text()
    path.write_text(text)
    try:
        yield pbx.cli(reload)
    finally:
        path.write_text(before)
        pbx.cli(reload)


def test_every_step_of_the_dialplan_is_taken(pbx: Asterisk) -> None:
    dialplan = (EXCERPTS / "extensions.conf").read_text()
    own = (pbx.home / "etc" / "extensions.conf").read_text()

    with holding(pbx, "extensions.conf", own + dialplan, "dialplan reload"):
        shown = pbx.cli("dialplan show asterisk-bridge-examples")

    steps = re.findall(r"^(?:exten =>| same =>)", dialplan, re.MULTILINE)
    assert f"{len(steps)} priorities" in shown


def test_the_ami_account_may_report_and_nothing_else(pbx: Asterisk) -> None:
    account = (EXCERPTS / "manager.conf").read_text().partition("[bridge]")[2]
    own = (pbx.home / "etc" / "manager.conf").read_text()

    with holding(pbx, "manager.conf", f"{own}\n[excerpt]{account}", "manager reload"):
        shown = pbx.cli("manager show user excerpt")

    assert re.search(r"read perm: system,call,agent,reporting,security$", shown, re.MULTILINE)
    assert re.search(r"write perm: reporting$", shown, re.MULTILINE)
    assert "0:  deny - 0.0.0.0/0.0.0.0" in shown
    assert "1: allow - 127.0.0.1/255.255.255.255" in shown


def test_the_statsd_file_is_taken(pbx: Asterisk) -> None:
    statsd = (EXCERPTS / "statsd.conf").read_text()

    with holding(pbx, "statsd.conf", statsd, "module reload res_statsd.so") as answer:
        assert "reloaded successfully" in answer
