"""People are hidden unless a setting shows them, and a hash has a key."""

import pytest
from pydantic import ValidationError

from bridge.settings import PrivacySettings
from tests.settings.conflicts import conflicts


def test_labels_of_people_are_hidden_and_those_of_configured_things_shown() -> None:
    labels = PrivacySettings().labels()

    assert {name for name, shown in labels.items() if shown == "hide"} == {"agent", "address", "caller"}
    assert {"endpoint", "aor", "trunk"} <= labels.keys()


def test_a_hash_needs_a_key_that_cannot_be_guessed() -> None:
    assert conflicts(PrivacySettings, agent="hash") == ["key"]
    assert conflicts(PrivacySettings, agent="hash", key="short") == ["key"]
    assert conflicts(PrivacySettings, agent="hash", key="0123456789abcdef") == []
    assert conflicts(PrivacySettings, agent="show") == []


def test_the_key_is_not_shown() -> None:
    with pytest.raises(ValidationError) as caught:
        PrivacySettings.model_validate({"agent": "hash", "key": "tooshort"})

    assert "tooshort" not in str(caught.value)
