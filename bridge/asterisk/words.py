"""Words and numbers as Asterisk writes them."""

import math
import re

DEVELOPMENT = 999_999
"""What Asterisk calls the number of a version that is no release."""
VERSION = re.compile(r"(?:certified[/-])?([0-9]+)\.([0-9]+)(?:\.([0-9]+))?")
CHANNEL = re.compile(r"([A-Za-z0-9_]+)/(.*?)(?:-[0-9a-f]{4,}(?:;[12])?)?", re.DOTALL)
ADDRESS = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\]?)(?::[0-9]+)?")
"""How an IP address is written, with or without a port."""
UNKNOWN = "unknown"


def version_number(version: str) -> int:
    """A version as Asterisk's own SNMP agent numbers it: 22.10.1 is 221001, a development build 999999."""
    match = VERSION.match(version)
    if not match:
        return DEVELOPMENT
    major, minor, patch = (int(part or 0) for part in match.groups())
    return major * 10_000 + minor * 100 + patch


def technology(channel: str) -> str:
    """The technology of a channel by its name: `PJSIP/trunk-0000002a` is PJSIP."""
    name, slash, _ = channel.partition("/")
    return name if slash and name.isascii() and name.replace("_", "").isalnum() else UNKNOWN


def endpoint(channel: str) -> str:
    """The endpoint behind a channel: `PJSIP/trunk-0000002a` is `trunk`; empty if the name has none."""
    match = CHANNEL.fullmatch(channel)
    return configured(match[2]) if match else ""


def configured(name: str) -> str:
    """The name if somebody has given it; empty for an address, by which chan_sip names who has no name."""
    return "" if ADDRESS.fullmatch(name) else name


def word(text: str) -> str:
    """One of Asterisk's fixed words as a label: `Dialing Offhook` is dialing_offhook."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or UNKNOWN


def number(text: str) -> float | None:
    """A finite number, or None where Asterisk gives something else, such as N/A."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
