"""Environments that are right but for what was done to them; each depends on its kind and number alone."""

import itertools
import random
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bridge.settings.variables import ANY, VARIABLES, spelled

SECRET = "correct-horse-battery"

Environ = dict[str, str]
Mutation = Callable[[random.Random, Environ, Path], str]
"""Changes an environment; returns the name of what is to blame, or its beginning, or nothing."""

GOOD: list[Environ] = [
    {
        "BRIDGE_PBX__HQ__AMI__HOST": "10.0.0.5",
        "BRIDGE_PBX__HQ__AMI__USERNAME": "bridge",
        "BRIDGE_PBX__HQ__AMI__SECRET": SECRET,
        "BRIDGE_PBX__HQ__AMI__TLS": "yes",
        "BRIDGE_PBX__HQ__AMI__INTERVAL": "10s",
        "BRIDGE_PBX__HQ__STATSD__SENDERS": "10.0.0.5,2001:db8::/32",
        "BRIDGE_FRESHNESS": "1m",
    },
    {
        "BRIDGE_PBX__HQ__SNMP__HOST": "pbx.example",
        "BRIDGE_PBX__HQ__SNMP__COMMUNITY": SECRET,
        "BRIDGE_PBX__HQ__SNMP__OBJECTS": "1.3.6.1.2.1.1.3.0",
        "BRIDGE_PBX__LAB__SNMP__HOST": "::1",
        "BRIDGE_PBX__LAB__SNMP__VERSION": "3",
        "BRIDGE_PBX__LAB__SNMP__USERNAME": "monitor",
        "BRIDGE_PBX__LAB__SNMP__AUTH_PROTOCOL": "sha256",
        "BRIDGE_PBX__LAB__SNMP__AUTH_PASSWORD": SECRET,
        "BRIDGE_PBX__LAB__SNMP__PRIV_PROTOCOL": "aes",
        "BRIDGE_PBX__LAB__SNMP__PRIV_PASSWORD": SECRET,
        "BRIDGE_PBX__LAB__SNMP__RETRIES": "2",
    },
    {
        "BRIDGE_STATSD__LISTEN": "udp://0.0.0.0:8125,unixgram:///run/statsd.sock",
        "BRIDGE_STATSD__ALLOW": '["10.0.0.0/8", "::1"]',
        "BRIDGE_STATSD__PERCENTILES": "90,-10",
        "BRIDGE_STATSD__FLUSH_INTERVAL": "10s",
        "BRIDGE_STATSD__SOCKET_MODE": "0660",
        "BRIDGE_STATSD__MAX_SERIES": "1000",
        "BRIDGE_STATSD__NAMES": "etsy",
        "BRIDGE_STATSD_OUT__URL": "udp://127.0.0.1:8126",
        "BRIDGE_HTTP__LISTEN": "[::1]:8080",
        "BRIDGE_LOG__LEVEL": "debug",
        "BRIDGE_STATE_DIR": "off",
    },
    {
        "BRIDGE_GRAPHITE__URL": "tcp://one:2003,tls://two:2004,pickle://three",
        "BRIDGE_GRAPHITE__SPREAD": "all",
        "BRIDGE_GRAPHITE__BUFFER": "5000",
        "BRIDGE_MQTT__URL": "mqtts://bridge@broker:8883",
        "BRIDGE_MQTT__PASSWORD": SECRET,
        "BRIDGE_MQTT__CLIENT_ID": "asterisk-bridge-1",
        "BRIDGE_MQTT__PREFIX": "sites/a",
        "BRIDGE_MQTT__QOS": "1",
        "BRIDGE_MQTT__KEEPALIVE": "30",
        "BRIDGE_PRIVACY__CALLER": "hash",
        "BRIDGE_PRIVACY__KEY": SECRET,
    },
]

LETTERS = string.ascii_uppercase + string.digits + "_"
STRANGE = "\x01\x07\x08\t\n\x0b\r\x1b\x7f\x85\x9b\u2028\u200b\u202e\udc80\udcff٣İ\U0001f4de"
"""Characters that steer terminals, break lines, hide, are half a byte, or look like others."""
NUMBERS = ["0", "-1", "-0", "1.5", "1e3", "1e400", "nan", "inf", "0x10", "1_000", "٣", "9" * 19, "9" * 400]
JUNK = [
    "maybe",
    "None",
    "{}",
    "[]",
    "[[]]",
    '{"a": 1}',
    "null",
    ",",
    ",,",
    "://",
    "tcp://",
    "udp://:0",
    "@",
    "%",
]


def settable(rng: random.Random, environ: Environ, *forms: str) -> str:
    """The variable of some setting, which can be set without others of its section."""
    names = [
        spelled(tuple("hq" if part == ANY else part for part in path))
        for path, variable in VARIABLES.items()
        if not forms or variable.form.name in forms
    ]
    sections = {name.rpartition("__")[0] for name in environ}
    alone = [name for name in names if "__HQ__" not in name or name.rpartition("__")[0] in sections]
    return rng.choice(alone)


def given(rng: random.Random, environ: Environ) -> str:
    """Some variable that is set."""
    return rng.choice([name for name in sorted(environ) if name.startswith("BRIDGE_")])


def wrong_type(rng: random.Random, environ: Environ, _: Path) -> str:
    name = settable(rng, environ)
    environ[name] = rng.choice(JUNK)
    return name


def bounds(rng: random.Random, environ: Environ, _: Path) -> str:
    name = settable(rng, environ, "number", "duration", "list")
    environ[name] = rng.choice(NUMBERS) + rng.choice(["", "", "s", "ms", "d", ",1"])
    return name


def unknown(rng: random.Random, environ: Environ, _: Path) -> str:
    name = "BRIDGE_" + "".join(rng.choices(LETTERS, k=rng.randrange(30)))
    environ[name] = SECRET
    return name


def near_miss(rng: random.Random, environ: Environ, _: Path) -> str:
    name = given(rng, environ)
    at = rng.randrange(len("BRIDGE_"), len(name))
    value = environ.pop(name)
    instead = rng.choice(["", name[at] * 2, rng.choice(LETTERS), name[at].lower()])
    near = name[:at] + instead + name[at + 1 :]
    environ[near] = value
    return common(name, near)


def common(one: str, other: str) -> str:
    """The section that two names share: the fault may be that the one is there, or that the other is not."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(each for each, _ in same).rpartition("__")[0]


def strange_value(rng: random.Random, environ: Environ, _: Path) -> str:
    name = given(rng, environ)
    at = rng.randrange(len(environ[name]) + 1)
    environ[name] = environ[name][:at] + "".join(rng.choices(STRANGE, k=3)) + environ[name][at:]
    return name


def strange_name(rng: random.Random, environ: Environ, _: Path) -> str:
    name = given(rng, environ)
    at = rng.randrange(len("BRIDGE_"), len(name) + 1)
    environ[name[:at] + rng.choice(STRANGE) + name[at:]] = environ.pop(name)
    return name[:at].rpartition("__")[0]


def huge(rng: random.Random, environ: Environ, _: Path) -> str:
    name, much = given(rng, environ), rng.choice([5_000, 100_000])
    if rng.random() < 0.2:
        long = name + rng.choice(["X", "__X"]) * (much // 3)
        environ[long] = environ.pop(name)
        return common(name, long)
    name = rng.choice([name, settable(rng, environ)])
    filler = rng.choice(["9", "a", "[", "x,", "10.0.0.1,", "%s", "{", " ", "\x1b"])
    environ[name] = filler * (much // len(filler))
    return name


def empty(rng: random.Random, environ: Environ, _: Path) -> str:
    name = rng.choice([given(rng, environ), settable(rng, environ)])
    environ[name] = rng.choice(["", " ", "  \t", "\n"])
    return name.rpartition("__")[0]


def removed(rng: random.Random, environ: Environ, _: Path) -> str:
    name = given(rng, environ)
    del environ[name]
    return name.rpartition("__")[0]


def misplaced(rng: random.Random, environ: Environ, _: Path) -> str:
    parts = given(rng, environ).split("__")
    name = "__".join(rng.choice([parts[:-1], [*parts, "X"], [*parts, ""], parts[1:], [*parts, parts[-1]]]))
    name = name if name.startswith("BRIDGE_") else f"BRIDGE_{name}"
    environ[name] = rng.choice([SECRET, "", "{}", f'{{"a": "{SECRET}"}}'])
    return name


CONFLICTS: list[tuple[str, Environ]] = [
    ("BRIDGE_PBX__B__STATSD__SENDERS", {"A": "10.0.0.0/8", "B": "10.1.0.0/16"}),
    ("BRIDGE_PBX__B__STATSD__SENDERS", {"A": "0.0.0.0/0", "B": "192.0.2.1"}),
    ("BRIDGE_MQTT__TLS_CA", {"BRIDGE_MQTT__URL": "mqtt://b", "BRIDGE_MQTT__TLS_CA": __file__}),
    ("BRIDGE_MQTT__TLS_KEY", {"BRIDGE_MQTT__URL": "mqtts://b", "BRIDGE_MQTT__TLS_KEY": __file__}),
    ("BRIDGE_MQTT__URL", {"BRIDGE_MQTT__URL": f"mqtt://u:{SECRET}@b"}),
    ("BRIDGE_MQTT__USERNAME", {"BRIDGE_MQTT__URL": "mqtt://u@b", "BRIDGE_MQTT__USERNAME": "v"}),
    ("BRIDGE_GRAPHITE__TLS_CA", {"BRIDGE_GRAPHITE__URL": "tcp://b", "BRIDGE_GRAPHITE__TLS_CA": __file__}),
    ("BRIDGE_MQTT__PASSWORD_FILE", {"BRIDGE_MQTT__PASSWORD": SECRET, "BRIDGE_MQTT__PASSWORD_FILE": __file__}),
    ("BRIDGE_PRIVACY__KEY", {"BRIDGE_PRIVACY__CALLER": "hash", "BRIDGE_PRIVACY__KEY": SECRET[:8]}),
    ("BRIDGE_mqtt__url", {"BRIDGE_MQTT__URL": "mqtt://a", "BRIDGE_mqtt__url": "mqtt://b"}),
]


def conflict(rng: random.Random, environ: Environ, _: Path) -> str:
    name, others = rng.choice(CONFLICTS)
    for key, value in others.items():
        environ[f"BRIDGE_PBX__{key}__STATSD__SENDERS" if len(key) == 1 else key] = value
    return name


def password_in_url(rng: random.Random, environ: Environ, _: Path) -> str:
    """A URL with a password, with a slip in front of it: what is no URL may still hold a secret."""
    name = rng.choice(
        ["BRIDGE_MQTT__URL", "BRIDGE_GRAPHITE__URL", "BRIDGE_STATSD_OUT__URL", "BRIDGE_STATSD__LISTEN"]
    )
    front = rng.choice(["mqtt://u:", "mqtts://u:", "tcp://u:", "udp://:"])
    at = rng.randrange(len(front) - 1)
    secret = rng.choice(["", "/", "@", " ", "#", "?"]) + SECRET
    environ[name] = f"{front[:at]}{rng.choice(['', rng.choice('/:x')])}{front[at + 1 :]}{secret}@broker"
    return name


TOML = f"""
freshness = "30s"
[pbx.hq.ami]
host = "10.0.0.5"
username = "bridge"
secret = "{SECRET}"
[graphite]
url = ["tcp://a", "tcp://b"]
[statsd]
percentiles = [90, 99.9]
"""


def toml(rng: random.Random, environ: Environ, folder: Path) -> str:
    """A TOML file with a few of its bytes changed, repeated or left out."""
    data = bytearray(TOML.encode())
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data))
        data[at : at + rng.choice([0, 1, 1, 5])] = rng.choice(
            [
                b"",
                b"\n",
                b'"',
                b"[",
                b"]",
                b"=",
                b"\x00",
                b"\xff",
                b"a.",
                b"{",
                b"[" * 3000,
                b"a." * 3000,
                b"1979-05-27",
            ]
        )
    if SECRET.encode() not in data:
        data += f"\n# {SECRET}".encode()
    environ.clear()
    environ["BRIDGE_CONFIG"] = str(folder / "bridge.toml")
    (folder / "bridge.toml").write_bytes(data)
    return ""


def secret_file(rng: random.Random, environ: Environ, folder: Path) -> str:
    """A secret in a file that is not as it should be."""
    path = folder / "secret"
    path.write_bytes(
        rng.choice(
            [b"", b"\n", f"{SECRET}\n".encode(), f"{SECRET}\nmore".encode(), b"\xff", b"\0", b"x" * 70_000]
        )
    )
    path.chmod(rng.choice([0o600, 0o644, 0o666]))
    secrets = [path for path, each in VARIABLES.items() if each.secret]
    name = spelled(tuple("hq" if part == ANY else part for part in rng.choice(secrets)))
    environ.pop(name, None)
    file = rng.choice([str(path), str(folder), str(folder / "none"), "x" * 5000, "\udcff", "/dev/zero"])
    environ[f"{name}_FILE"] = file
    return name.rpartition("__")[0]


KINDS: list[Mutation] = [
    wrong_type,
    bounds,
    unknown,
    near_miss,
    strange_value,
    strange_name,
    huge,
    empty,
    removed,
    misplaced,
    conflict,
    password_in_url,
    toml,
    secret_file,
]


class Case(NamedTuple):
    """One environment, and where what is wrong with it is to be looked for."""

    environ: Environ
    blamed: str


def cases(kind: Mutation, number: int, folder: Path) -> Iterator[Case]:
    for each in range(number):
        rng = random.Random(f"{kind.__name__} {each}")
        environ = dict(rng.choice(GOOD))
        place = folder / f"{kind.__name__}-{each}"
        place.mkdir()
        yield Case(environ, kind(rng, environ, place))
