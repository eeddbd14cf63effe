"""Recorded traffic gives what it gave when somebody last looked, and what Asterisk itself wrote down."""

import json

import pytest

from bridge.asterisk.catalog import CATALOG
from tests import golden, recordings
from tests.live.records import Entry, Event, Record, Records, comparable, totals
from tests.live.truth import said
from tests.recordings import ALL, AMI, FOLDER

BY_FILE = "originates.results"
"""Every fifth of the recorded calls was placed by a file; for these there is no such event."""
CEL = (0, 1, 6, 10, 11, 7, 8, 14)
CDR = (7, 8, 9, 11, 12, 13, 16, 17, 19)
"""Where in the recorded tables the columns of Event and of Record are."""


def written(folder: str) -> Records:
    """What Asterisk wrote down while the folder was recorded."""
    events, calls = recordings.table(folder, "cel-custom"), recordings.table(folder, "cdr-custom")
    return Records(
        tuple(Event(*(row[column] for column in CEL)) for row in events),
        tuple(Record(*(row[column] for column in CDR)) for row in calls),
        tuple(map(Entry.of, recordings.queue_log(folder))),
    )


@pytest.mark.parametrize("folder", ALL)
def test_a_recording_gives_its_golden_values(folder: str) -> None:
    """After a wanted change: python -m tests.golden, and look at each difference."""
    expected = json.loads((FOLDER / folder / "golden.json").read_text())

    assert golden.golden(folder) == expected


@pytest.mark.parametrize("folder", AMI)
def test_the_counters_of_a_recording_are_what_asterisk_wrote_down(folder: str) -> None:
    truth = {key: value for key, value in totals(written(folder)).items() if key[0] != BY_FILE}

    counted = said(golden.tracked(recordings.sessions(folder)))

    assert comparable(counted, truth) == truth


@pytest.mark.parametrize("folder", ALL)
def test_every_number_of_a_recording_is_in_the_catalogue(folder: str) -> None:
    """But for what a dialplan names itself."""
    names = {series.partition(" ")[0] for replayed in golden.golden(folder).values() for series in replayed}

    assert {name for name in names if not name.startswith("statsd.")} <= CATALOG.keys()


def test_a_polled_channel_table_has_the_rows_that_were_counted() -> None:
    """Four calls a second: a few channels come and go between the count and the reading of the table."""
    polls = recordings.polls("churn-22")
    counted = golden.polled(polls)["channels.active"]

    assert len(counted) == len(polls) == 24
    assert all(abs(count - poll.channels) <= 4 for count, poll in zip(counted, polls, strict=True))
