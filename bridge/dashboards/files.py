"""The files of config/grafana: dashboards for each data source, and what Grafana needs to find them."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from bridge.dashboards.boards import BOARDS
from bridge.dashboards.grafana import dashboard
from bridge.dashboards.graphite import Graphite, Path, Tags
from bridge.dashboards.panel import Board
from bridge.dashboards.prometheus import Prometheus
from bridge.dashboards.writer import Writer

ROOT = "config/grafana"
PLACE = "/var/lib/grafana/dashboards/asterisk-bridge"
"""Where the provisioning files look for dashboards."""
WRITERS: tuple[Writer, ...] = (Graphite(Path()), Graphite(Tags()), Prometheus())
"""All data sources that there are dashboards for."""

PROVIDER = """\
# {note}.
#
# Has Grafana show the dashboards for {title}. The folder of this name in config/grafana/dashboards belongs
# to {place}; take the file of the data source that you have.
apiVersion: 1
providers:
  - name: asterisk-bridge-{flavour}
    folder: Asterisk
    type: file
    allowUiUpdates: true
    updateIntervalSeconds: 60
    options:
      path: {place}/{flavour}
"""

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "graphite": """\
# {note}.
#
# Graphite, for the dashboards of both layouts. The address is that of graphite-web.
apiVersion: 1
datasources:
  - name: Graphite
    uid: asterisk-graphite
    type: graphite
    access: proxy
    url: http://127.0.0.1:8080
    jsonData:
      graphiteVersion: "1.1"
      graphiteType: default
""",
        "prometheus": """\
# {note}.
#
# Prometheus. It must scrape the bridge, which by default answers on 127.0.0.1:8080/metrics; timeInterval is
# how often it does so.
apiVersion: 1
datasources:
  - name: Prometheus
    uid: asterisk-prometheus
    type: prometheus
    access: proxy
    url: http://127.0.0.1:9090
    jsonData:
      httpMethod: POST
      timeInterval: 15s
""",
    }
)
"""By Grafana's name of their kind."""


def files(note: str) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each file's path in the repository, and what makes its text; comments begin with `note`."""
    for writer in WRITERS:
        for board in BOARDS:
            yield f"{ROOT}/dashboards/{writer.flavour}/{board.slug}.json", partial(_text, board, writer, note)
        provider = PROVIDER.format(note=note, title=writer.title, flavour=writer.flavour, place=PLACE)
        yield f"{ROOT}/provisioning/dashboards/{writer.flavour}.yaml", partial(str, provider)
    for kind, source in SOURCES.items():
        yield f"{ROOT}/provisioning/datasources/{kind}.yaml", partial(str, source.format(note=note))


def _text(board: Board, writer: Writer, note: str) -> str:
    """JSON, whose first line holds the note."""
    text = json.dumps(dashboard(board, writer, note), indent=1, ensure_ascii=False)
    return text.replace("{\n ", "{", 1) + "\n"
