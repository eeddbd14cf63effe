"""Transfers, once each."""

import pytest

from bridge.asterisk.transfers import RESULTS, Transfers
from tests.asterisk.recorded import event, events
from tests.asterisk.telling import Telling


def test_every_result_is_there_before_the_first_transfer() -> None:
    counts = Telling(Transfers).counts()

    assert set(counts.values()) == {0}
    assert len(counts) == 2 * len(RESULTS)


@pytest.mark.parametrize(
    ("name", "text", "labels"),
    [
        ("BlindTransfer", "Success", "blind,success"),
        ("BlindTransfer", "Not Permitted", "blind,not_permitted"),
        ("AttendedTransfer", "Fail", "attended,fail"),
        ("AttendedTransfer", "Invalid", "attended,invalid"),
        ("AttendedTransfer", "<script>", "attended,other"),
        ("BlindTransfer", "", "blind,other"),
    ],
)
def test_a_transfer_is_counted_by_type_and_result(name: str, text: str, labels: str) -> None:
    pbx = Telling(Transfers)
    transfer = event(f"Event: {name}", "Privilege: call,all", f"Result: {text}")

    pbx.hear(transfer, transfer)

    assert pbx.counts()[f"transfers.count{{{labels}}}"] == 1
    assert sum(pbx.counts().values()) == 1


def test_who_failed_may_try_again() -> None:
    pbx = Telling(Transfers)
    failed = event("Event: BlindTransfer", "Result: Fail")

    pbx.hear(failed, failed, after=5)

    assert pbx.counts()["transfers.count{blind,fail}"] == 2


def test_transfers_that_succeeded_are_those_of_the_log_of_channel_events() -> None:
    recorded = events("16/channel-use")
    rows = [message.get("EventName") for message in recorded if message.event == "CEL"]
    pbx = Telling(Transfers)

    pbx.hear(*recorded, after=0.1)

    assert pbx.counts()["transfers.count{blind,success}"] == rows.count("BLINDTRANSFER") == 1
