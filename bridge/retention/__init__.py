"""What carbon must know to keep our series well: storage-schemas.conf and storage-aggregation.conf.

Both are made of the catalogue and of the settings, so that they fit the names and intervals of this bridge.
"""

from typing import Literal

from bridge.core.archives import Retention
from bridge.errors import Fault, SettingsError
from bridge.retention.aggregation import aggregation
from bridge.retention.rules import document
from bridge.retention.schemas import schemas
from bridge.settings import Settings

Which = Literal["schemas", "aggregation", "both"]
DEFAULT = "1d,1m:30d,15m:2y"
"""Every value for a day, one a minute for 30 days, one each 15 minutes for two years: 1.4 MB a series."""


def graphite_schemas(settings: Settings, which: Which = "both", retention: str = DEFAULT) -> str:
    """One of the files, or both, as text; each begins with a comment that names it.

    Args:
        settings: those in force.
        which: of the files.
        retention: how long values are kept, as `Retention.parse` has it.

    Raises:
        SettingsError: the retention cannot be understood, or does not fit the intervals.
    """
    parts = []
    if which != "aggregation":
        try:
            parts.append(document("storage-schemas.conf", schemas(settings, Retention.parse(retention))))
        except ValueError as error:
            hint = f"write it as {DEFAULT}: how long all values are kept, then coarser ones"
            raise SettingsError([Fault("--retention", f"{retention!r} {error}", hint)]) from error
    if which != "schemas":
        parts.append(document("storage-aggregation.conf", aggregation(settings)))
    return "\n".join(parts)
