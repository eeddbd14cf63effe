"""What the bridge must say of an Asterisk, put together from Asterisk's own command line."""

import re
from collections.abc import Iterable, Mapping

from bridge.core.sample import Sample
from tests.live.asterisk import Asterisk, Counts

Key = tuple[str, ...]
"""A metric name and the values of its labels, without the PBX."""

TWENTY_CALLS = ("Local/hold@calls/n",) * 8 + ("PJSIP/hold@loop",) * 8 + ("Local/through@calls/n",) * 4
"""Within one server, out and in again over SIP, and one that is bridged to the other."""


def expected(instance: Asterisk, counts: Counts) -> dict[Key, float]:
    """The samples that every poll of the instance must hold while `counts` stand."""
    technologies: dict[Key, float] = {
        ("technology.channels", name): n for name, n in counts.technologies.items()
    }
    return {
        ("dialplan.active",): counts.calls,
        ("dialplan.processed",): counts.processed,
        ("channels.active",): counts.channels,
        ("system.version_number",): version_number(instance.version_text()),
        **technologies,
    }


def version_number(text: str) -> int:
    """22.10.1~dfsg is 221001."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", text)
    assert found, f"{text!r} is not a version"
    major, minor, patch = map(int, found.groups())
    return major * 10000 + minor * 100 + patch


def said(samples: Iterable[Sample]) -> dict[Key, float]:
    """The values of samples; of one series the last."""
    return {
        (series.name, *(value for key, value in series.labels if key != "pbx")): value
        for series, value, _ in samples
    }


def only(keys: Iterable[Key], of: Mapping[Key, object]) -> dict[Key, object]:
    """The part of `of` that has one of the keys, for a comparison whose difference can be read."""
    wanted = set(keys)
    return {key: value for key, value in of.items() if key in wanted}
