"""Working: whether a source, a sink or a spool works, and what is known of how it went."""

from typing import NamedTuple


class Working(NamedTuple):
    """How a part is.

    Attributes:
        kind: `source`, `sink`, `spool` or whatever else has parts.
        pbx: which PBX a source reads; `bridge` for what serves all of them.
        name: such as `ami`.
        up: whether it works now.
        since: when that began, in Unix seconds.
        heard: when it last was seen to work, in Unix seconds; None if it never was.
        fault: why it did not work the last time that it did not; empty if that never was.
        faulted: when that was, in Unix seconds.
    """

    kind: str
    pbx: str
    name: str
    up: bool
    since: float
    heard: float | None = None
    fault: str = ""
    faulted: float | None = None
