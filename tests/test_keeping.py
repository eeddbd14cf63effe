"""The local store keeps each series as carbon would be told to."""

import pytest

from bridge.environment import load
from bridge.errors import SettingsError
from bridge.keeping import recipes
from bridge.settings import Settings
from bridge.settings.store import StoreSettings

HQ = {
    "BRIDGE_PBX__HQ__AMI__HOST": "10.0.0.5",
    "BRIDGE_PBX__HQ__AMI__USERNAME": "bridge",
    "BRIDGE_PBX__HQ__AMI__SECRET": "secret",
    "BRIDGE_PBX__HQ__AMI__INTERVAL": "15s",
}


def kept(name: str, *, store: StoreSettings | None = None, **environ: str) -> tuple[str, str]:
    """The archives of a series, and how its values become one."""
    settings = load({**HQ, **environ}).model_copy(update={"store": store or StoreSettings()})
    recipe = recipes(settings)(name)
    return ",".join(map(str, recipe.archives)), recipe.method


@pytest.mark.parametrize(
    ("name", "archives", "method"),
    [
        ("asterisk.hq.queue.support.waiting", "15s:2h,1m:2d,10m:30d", "average"),
        ("asterisk.hq.queue.support.longest_wait", "15s:2h,1m:2d,10m:30d", "max"),
        ("asterisk.hq.hangups.busy.count", "15s:2h,1m:2d,10m:30d", "last"),
        ("asterisk.hq.statsd.checkout.count", "10s:2h,1m:2d,10m:30d", "sum"),
        ("asterisk.hq.statsd.checkout.upper_90", "10s:2h,1m:2d,10m:30d", "max"),
        ("asterisk.bridge.process.memory", "10s:2h,1m:2d,10m:30d", "average"),
        ("somebody.elses", "10s:2h,1m:2d,10m:30d", "average"),
    ],
)
def test_the_finest_step_is_the_interval_of_the_series(name: str, archives: str, method: str) -> None:
    assert kept(name) == (archives, method)


def test_names_are_those_of_the_store_and_not_of_graphite() -> None:
    store = StoreSettings(prefix="pbx", layout="tags", retention="1h")

    found = kept("pbx.queue.longest_wait;pbx=hq;queue=support", store=store, BRIDGE_GRAPHITE__PREFIX="other")

    assert found == ("15s:1h", "max")


def test_the_size_is_what_documents_say() -> None:
    assert recipes(Settings())("asterisk.bridge.process.memory").size == 95_092


def test_a_retention_that_does_not_fit_an_interval_is_told() -> None:
    with pytest.raises(SettingsError, match="BRIDGE_STORE__RETENTION: '1m,1h:2d' gives"):
        kept("x", store=StoreSettings(retention="1m,1h:2d"))
