"""Settings of the local store, which stands in for Graphite where there is none."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bridge.core.archives import Retention
from bridge.settings.types import Amount, Section
from bridge.settings.values import Form


def _retention(text: str) -> str:
    Retention.parse(text)
    return text


RetentionText = Annotated[str, AfterValidator(_retention), Form("retention")]
"""How long values are kept, and how finely: `2h,1m:2d`."""


class StoreSettings(Section):
    """Samples kept in `state_dir`, which Grafana reads at the HTTP port, where no Graphite is named."""

    enabled: bool | None = Field(
        None, description="Keep them; default: if GRAPHITE__URL is not set, and there is a state_dir"
    )
    size: Amount = Field(
        256 * 1024 * 1024,
        description="The most disk used, bytes; a series has 93 KiB by default. What is silent makes room",
    )
    retention: RetentionText = Field(
        "2h,1m:2d,10m:30d",
        description="How long every value is kept, then one for each STEP:SPAN; files that are there stay",
    )
    prefix: str = Field("asterisk", description="First component of every path")
    layout: Literal["path", "tags"] = Field(
        "path", description="Labels as path components, or as Graphite tags"
    )
