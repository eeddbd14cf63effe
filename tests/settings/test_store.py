"""Settings of the local store."""

import pytest
from pydantic import ValidationError

from bridge.settings.store import StoreSettings


def test_by_default_it_is_for_whoever_has_no_graphite() -> None:
    assert StoreSettings().enabled is None


@pytest.mark.parametrize("text", ["10s", "2h,1m:2d,10m:30d", "1d,5m:1y"])
def test_a_retention_stays_as_it_was_written(text: str) -> None:
    assert StoreSettings(retention=text).retention == text


@pytest.mark.parametrize("text", ["", "soon", "2h,1m", "2h,1m:1h", "2h;1m:2d"])
def test_a_retention_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="retention"):
        StoreSettings(retention=text)
