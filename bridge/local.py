"""Local: what the bridge keeps and shows by itself, the page and the store."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge import __version__
from bridge.asterisk.catalog import CATALOG
from bridge.environment import masked
from bridge.keeping import recipes
from bridge.pipeline.alerts import Alerts
from bridge.pipeline.health import Health
from bridge.pipeline.requests import Requests
from bridge.settings import Settings
from bridge.sinks.http import GraphiteSite, Page, Site, Surroundings
from bridge.sinks.store import Archive, StoreSink


@dataclass(frozen=True, slots=True)
class Local:
    """It outlives the sinks, which new settings replace.

    Attributes:
        page: is shown at the HTTP port.
        archive: what can be read of the store.
        folder: of the store; None if there is no place for it.
    """

    page: Page
    archive: Archive
    folder: Path | None = None

    def sites(self, settings: Settings) -> Iterator[Site]:
        """The page, and what Grafana reads of the store if there is one."""
        yield self.page
        if self._keeps(settings):
            yield GraphiteSite(self.archive)

    def store(self, settings: Settings, health: Health) -> StoreSink | None:
        """The sink that keeps samples here; by default only where no Graphite does.

        Raises:
            SettingsError: the retention does not fit the intervals.
        """
        if not (self.folder and self._keeps(settings)):
            return None
        kept = recipes(settings)
        return StoreSink(settings.store, CATALOG, self.folder, health, recipes=kept, archive=self.archive)

    def _keeps(self, settings: Settings) -> bool:
        wanted = settings.store.enabled
        return self.folder is not None and (not settings.graphite.url if wanted is None else wanted)


def surroundings(settings: Settings, health: Health, alerts: Alerts, requests: Requests) -> Surroundings:
    """Where the page finds what no sample tells."""
    return Surroundings(
        version=__version__,
        metrics=CATALOG,
        settings=lambda: masked(settings),
        parts=health.working,
        rejected=lambda: health.rejected,
        alerts=alerts.active,
        silences=alerts.silences,
        answer=requests.answer if settings.alerts.commands else None,
    )
