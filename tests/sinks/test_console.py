"""ConsoleSink: samples for people."""

import asyncio

import pytest

from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE
from bridge.core.sample import Sample
from bridge.errors import TemporaryError
from bridge.sinks.console import ConsoleSink, line

NOW = 1_700_000_000.9


def test_every_sample_is_a_line() -> None:
    written: list[str] = []
    sink = ConsoleSink(written.append)

    async def main() -> None:
        await sink.open()
        await sink.write([Sample(QUEUE_WAITING.series("hq", "support"), 3, NOW)])
        await sink.write([Sample(DIALPLAN_ACTIVE.series("hq"), 0.5, NOW)])
        await sink.close()

    asyncio.run(main())

    assert written == [
        '2023-11-14T22:13:20Z queue.waiting{pbx="hq",queue="support"} 3',
        '2023-11-14T22:13:20Z dialplan.active{pbx="hq"} 0.5',
    ]


def test_nothing_in_a_label_moves_the_cursor() -> None:
    shown = line(Sample(QUEUE_WAITING.series("hq", "a\n\x1b[2Jé"), 3, NOW))

    assert shown.endswith(r'queue="a\n\x1b[2Jé"} 3')


def test_an_output_that_is_full_or_closed_can_be_tried_again() -> None:
    def fail(_: str) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(TemporaryError, match="standard output does not take a line: Broken pipe"):
        asyncio.run(ConsoleSink(fail).write([Sample(DIALPLAN_ACTIVE.series("hq"), 1, NOW)]))
