"""A real disk that is full, or read-only: the batch is given again later, and what was written stays."""

import asyncio
import os
import sys
from collections.abc import Iterator
from errno import ENOSPC, EROFS

import pytest

from bridge.core.sample import Sample
from bridge.errors import TemporaryError
from tests.pipeline.test_spool_disk import Disk
from tests.sinks.store.shelf import NOW, PATH, WAITING, Store, samples


@pytest.fixture
def small() -> Iterator[Disk]:
    if sys.platform != "linux":
        pytest.skip("a small disk of its own needs Linux")
    made = Disk()
    try:
        if not made.mount():
            pytest.skip("a small disk of its own needs the right to `unshare -rm mount`")
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("error", [ENOSPC, EROFS])
def test_a_disk_that_takes_nothing_is_waited_for(small: Disk, error: int) -> None:
    inject, heal = (small.fill, small.empty) if error == ENOSPC else (small.protect, small.release)
    store = Store(small.path / "store")
    store.write(Sample(WAITING, 3, NOW - 50))
    batch = [Sample(WAITING, 4, NOW - 5), *samples(20)]

    inject()
    with pytest.raises(TemporaryError, match=f"{os.strerror(error)}; make room or give perm") as failed:
        store.write(*batch)
    meanwhile = store.read(PATH, NOW - 60, NOW)[PATH]
    heal()
    asyncio.run(store.sink.open())
    lost = store.write(*batch)

    assert failed.value.reason == "disk"
    assert meanwhile[0] == (1_699_999_950, 3.0)
    assert lost == {}
    assert store.read(PATH, NOW - 60, NOW) == {PATH: [(1_699_999_950, 3.0), (1_699_999_990, 4.0)]}
    assert len(store.read("asterisk.hq.queue.q*.*", NOW - 60, NOW)) == 20


def test_a_read_only_disk_is_told_at_the_start(small: Disk) -> None:
    Store(small.path / "store").write(Sample(WAITING, 3, NOW - 50))
    small.protect()
    store = Store(small.path / "store", opened=False)

    with pytest.raises(TemporaryError, match="store/whisper: "):
        asyncio.run(store.sink.open())
