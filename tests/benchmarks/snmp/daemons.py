"""Who asks from a process of its own: Prometheus's snmp_exporter, and collectd with BulkSize."""

import os
import re
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.snmp.loads import CASES, COLUMNS, GROUPS, NUMERIC, ROWS, SCALARS, TEXTS, Load, dotted
from tests.benchmarks.statsd import peers
from tests.benchmarks.statsd.machine import cpu
from tests.servers.process import answers, cache, free_port, running, wait_until
from tests.servers.snmpd import AUTH_PASSWORD, COMMUNITY, PRIV_PASSWORD, Agent

EXPORTER = cache() / "snmp-peers/usr/bin/prometheus-snmp-exporter"
COLLECTD = peers.unpacked() / "usr/sbin/collectd"
POLLS = 5
"""How many polls of collectd are measured, one each second."""
AUTH = {
    "v2c": f"  version: 2\n  auth: {{community: {COMMUNITY}}}",
    "v3": f"  version: 3\n  auth: {{security_level: authPriv, username: {CASES['v3']['username']}, "
    f"auth_protocol: SHA, password: {AUTH_PASSWORD}, priv_protocol: AES, priv_password: {PRIV_PASSWORD}}}",
}
INDEXES = {True: ("gauge", "DisplayString"), False: ("DisplayString", "OctetString")}
"""Of the table of groups, and of that of views."""


def _module(load: Load) -> Iterator[str]:
    """What generators of snmp_exporter make of a MIB, in the form of its version 0.21."""
    columns = COLUMNS if load.with_table else []
    yield f"bench:\n{AUTH[load.version]}\n  max_repetitions: 50"
    yield f"  get: [{', '.join(map(dotted, SCALARS))}]"
    yield f"  walk: [{', '.join(map(dotted, columns))}]"
    yield "  metrics:"
    for place, oid in enumerate((*SCALARS, *columns)):
        is_text = oid in TEXTS or oid[-1] == 3
        kind = "OctetString" if is_text and (oid in TEXTS or oid in columns) else "gauge"
        object_oid = oid if oid in columns else oid[:-1]
        yield f"  - {{name: m{place}, oid: {dotted(object_oid)}, type: {kind}, help: none,"
        kinds = INDEXES[oid[:-1] == GROUPS] if oid in columns else ()
        indexes = ", ".join(f"{{labelname: i{at}, type: {kind}}}" for at, kind in enumerate(kinds))
        yield f"     indexes: [{indexes}]}}"


def exporter(agent: Agent, load: Load, targets: int) -> float:
    """Scrapes, one after the other; the CPU of one in ms, the page for Prometheus included."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/snmp?target=127.0.0.1:{agent.port}&module=bench"
    least = len(SCALARS) + (ROWS * len(COLUMNS) if load.with_table else 0)

    def scrape() -> None:
        with urllib.request.urlopen(url, timeout=30) as page:
            assert len(re.findall(rb"^m\d", page.read(), re.MULTILINE)) >= least

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "snmp.yml"
        file.write_text("\n".join(_module(load)) + "\n")
        argv = [str(EXPORTER), f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}"]
        with running(argv, Path(folder) / "log") as process:
            wait_until(lambda: answers(port), "snmp_exporter")
            scrape()
            started = cpu(process.pid)
            for _ in range(targets):
                scrape()
            return (cpu(process.pid) - started) / targets * 1000


COLLECTD_HEAD = """\
Interval 1
BaseDir "{folder}"
PIDFile "{folder}/collectd.pid"
PluginDir "{peers}/usr/lib/collectd"
TypesDB "{peers}/usr/share/collectd/types.db"
LoadPlugin snmp
<Plugin snmp>
"""
COLLECTD_COLUMN = """\
<Data "{name}">
  Type "gauge"
  Table true
  Values "{oid}"
</Data>
"""
COLLECTD_HOST = """\
<Host "bench">
  Address "127.0.0.1:{port}"
  Version 2
  Community "{community}"
  BulkSize 50
  Interval 1
  Collect {names}
</Host>
</Plugin>
"""


def collectd(agent: Agent) -> float:
    """Four columns of numbers, which is all that collectd takes; the CPU in ms of 1,000 cells."""
    with tempfile.TemporaryDirectory() as folder:
        names = {f"c{place}": oid for place, oid in enumerate(NUMERIC)}
        listed = " ".join(f'"{name}"' for name in names)
        file = Path(folder) / "collectd.conf"
        file.write_text(
            COLLECTD_HEAD.format(folder=folder, peers=peers.unpacked())
            + "".join(COLLECTD_COLUMN.format(name=name, oid=dotted(oid)) for name, oid in names.items())
            + COLLECTD_HOST.format(port=agent.port, community=COMMUNITY, names=listed)
        )
        argv = [str(COLLECTD), "-f", "-C", str(file)]
        with running(argv, Path(folder) / "log", {**os.environ, **peers.libraries()}) as process:
            time.sleep(1.5)
            started = cpu(process.pid)
            time.sleep(POLLS)
            return (cpu(process.pid) - started) / (POLLS * ROWS * len(NUMERIC)) * 1e6
