"""What the simulated PBX answers to SNMP: its variables now, from the state of the Pbx."""

from collections.abc import Iterator, Mapping

from bridge.asterisk.mib import ASTERISK, OBJECTS, SYS_OR_ID, SYS_UPTIME, Oid, Syntax, Value
from bridge.demo.pbx import CARRIER, SYSTEM_NAME, VERSION, Channel, Pbx

Row = Mapping[str, int | bytes]
"""Data by the name of a scalar or column, less its prefix. What is not in it is a hole."""

TICKS_TOP = 1 << 32
SNMP_MIB: Oid = (1, 3, 6, 1, 6, 3, 1)
SYSTEM: Oid = SYS_UPTIME[:-2]
ZONES = ((b"us", b"United States / North America"), (b"de", b"Germany"), (b"fr", b"France"))
TECHNOLOGIES = (
    ("Local", b"Local Proxy Channel Driver"),
    ("PJSIP", b"PJSIP Channel Driver"),
    ("Recorder", b"Bridge Media Recording Channel Driver"),
)
MODULES = 214


def variables(pbx: Pbx) -> dict[Oid, Value]:
    """Every variable that there is now, in the order of a walk."""
    found = dict([*_system(pbx), *_row("ast", _scalars(pbx), 0)])
    tables: tuple[tuple[str, list[Row]], ...] = (
        ("astInd", [{"Country": country, "Description": text} for country, text in ZONES]),
        ("astChan", [_channel(channel, pbx) for channel in pbx.channels.values()]),
        ("astChanType", _technologies(pbx)),
    )
    for prefix, rows in tables:
        for index, row in enumerate(rows, 1):
            found.update(_row(prefix, {"Index": index, **row}, index))
    return dict(sorted(found.items()))


def _row(prefix: str, row: Row, index: int) -> Iterator[tuple[Oid, Value]]:
    for name, data in row.items():
        item = OBJECTS[prefix + name]
        yield item.at(index), Value(item.syntax, data)


def _ticks(seconds: float) -> int:
    return int(seconds * 100) % TICKS_TOP


def _system(pbx: Pbx) -> Iterator[tuple[Oid, Value]]:
    """The system group, and in sysORTable what is registered: the agent itself, and Asterisk."""
    uptime = Value(Syntax.TICKS, _ticks(pbx.now - pbx.started))
    yield (*SYSTEM, 1, 0), Value(Syntax.TEXT, b"Simulated PBX of asterisk-bridge")
    yield (*SYSTEM, 2, 0), Value(Syntax.OID, ASTERISK)
    yield SYS_UPTIME, uptime
    yield (*SYSTEM, 5, 0), Value(Syntax.TEXT, SYSTEM_NAME.encode())
    for index, root in enumerate((SNMP_MIB, ASTERISK), 1):
        yield (*SYS_OR_ID, index), Value(Syntax.OID, root)
        yield (*SYS_OR_ID[:-1], 3, index), Value(Syntax.TEXT, b"Part of the demo")
        yield (*SYS_OR_ID[:-1], 4, index), uptime


def _scalars(pbx: Pbx) -> Row:
    major, minor, patch = map(int, VERSION.split("."))
    uptime = _ticks(pbx.now - pbx.started)
    return {
        "VersionString": VERSION.encode(),
        "VersionTag": (major * 100 + minor) * 100 + patch,
        "ConfigUpTime": uptime,
        "ConfigReloadTime": uptime,
        "ConfigPid": 4242,
        "ConfigSocket": b"/var/run/asterisk/asterisk.ctl",
        "ConfigCallsActive": pbx.dialplan_active,
        "ConfigCallsProcessed": pbx.processed,
        "NumModules": MODULES,
        "NumIndications": len(ZONES),
        "CurrentIndication": ZONES[0][0],
        "NumChannels": len(pbx.channels),
        "NumChanTypes": len(TECHNOLOGIES),
        "NumChanBridge": pbx.bridged,
    }


def _technologies(pbx: Pbx) -> list[Row]:
    return [
        {
            "Name": name.encode(),
            "Desc": text,
            "DeviceState": 1,
            "Indications": 1,
            "Transfer": 1,
            "Channels": len(pbx.channels) if name == "PJSIP" else 0,
        }
        for name, text in TECHNOLOGIES
    ]


def _channel(channel: Channel, pbx: Pbx) -> Row:
    """A row with the holes of the real agent: what is empty is absent."""
    peers = [other for other in pbx.bridges().get(channel.bridge, []) if other != channel]
    sparse = {
        "Bridge": peers[0].name if len(peers) == 1 else "",
        "App": channel.application,
        "Data": channel.data,
        "CidDNID": channel.exten if channel.endpoint == CARRIER and not channel.outgoing else "",
        "CidNum": channel.number,
    }
    zeros = ("Rings", "CidANI2", "CidTON", "CidTNS", "ADSI", "HangupCause", "TransferCap")
    return {
        "Name": channel.name.encode(),
        "Language": b"en",
        "Type": b"PJSIP",
        "Context": channel.context.encode(),
        "Exten": channel.exten.encode(),
        "Pri": 1,
        "UniqueId": channel.uniqueid.encode(),
        "CallGroup": 0,
        "PickupGroup": 0,
        "State": int(channel.state),
        "Muted": 2,
        "AMAFlags": 3,
        "CidPresentation": (0).to_bytes(8, "little"),
        "Flags": b"\x10\x20" if channel.outgoing else b"\x10\x40",
        **dict.fromkeys(zeros, 0),
        **{name: text.encode() for name, text in sparse.items() if text},
    }
