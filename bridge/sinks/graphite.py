"""GraphiteSink: samples to carbon over TCP, TLS or UDP, as lines or pickles."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence

from bridge.core.endpoint import Endpoint, parse
from bridge.core.metric import Metric
from bridge.core.sample import Sample, Series
from bridge.core.state import Json, sequence, text
from bridge.errors import TemporaryError
from bridge.protocols.alerts import meaning
from bridge.protocols.graphite import NAMES, Names, datagrams, path_layout, pickles, plaintext, tag_layout
from bridge.settings import GRAPHITE_SCHEMES, GraphiteSettings
from bridge.sinks.wire import Wire, connect

ENCODERS: dict[str, Callable[[Sequence[Sample], Names], Iterator[bytes]]] = {
    "tcp": plaintext,
    "tls": plaintext,
    "udp": datagrams,
    "pickle": pickles,
}
"""Scheme of a URL to the form in which samples are written there."""


def graphite_sinks(settings: GraphiteSettings, metrics: Mapping[str, Metric]) -> list["GraphiteSink"]:
    """The sinks that the settings ask for: none, one for all URLs (`failover`), or one for each (`all`).

    Each has another beside it where series must not begin faster than carbon allows.
    """
    if settings.spread == "failover":
        return _sinks(settings, metrics, "graphite") if settings.url else []
    return [
        sink
        for url, name in zip(settings.url, _names(), strict=False)
        for sink in _sinks(settings.model_copy(update={"url": (url,)}), metrics, name)
    ]


def _sinks(settings: GraphiteSettings, metrics: Mapping[str, Metric], name: str) -> list["GraphiteSink"]:
    if not settings.new_series_per_minute:
        return [GraphiteSink(settings, metrics, name)]
    newcomers = NewSeriesSink(settings, metrics, f"{name}-new")
    return [GraphiteSink(settings, metrics, name, newcomers.has_begun), newcomers]


def _names() -> Iterator[str]:
    yield "graphite"
    number = 1
    while True:
        number += 1
        yield f"graphite-{number}"


class GraphiteSink:
    """Writes to one carbon: the first of the URLs that works.

    carbon acknowledges nothing: what it had received and not yet read when it died is lost without a
    word. So what was sent shortly before a break is given again after it (see `hold`), with the same times
    and values, which changes nothing where it had arrived.

    Args:
        settings: where to, and how.
        metrics: the catalogue, by name.
        name: what the sink is called.
        wants: tells the series that it is to be given; all if there is none.

    Attributes:
        wants: as given.
        batch: the most samples that it should be given at once.
    """

    def __init__(
        self,
        settings: GraphiteSettings,
        metrics: Mapping[str, Metric],
        name: str = "graphite",
        wants: Callable[[Series], bool] | None = None,
    ) -> None:
        self.name = name
        self.wants = wants
        self.batch = settings.batch
        self._settings = settings
        self._endpoints = [parse(url, GRAPHITE_SCHEMES) for url in settings.url]
        self._endpoint = self._endpoints[0]
        self._failed: Endpoint | None = None
        self._wire: Wire | None = None
        prefix = settings.prefix
        self._names = Names(path_layout(prefix, metrics) if settings.layout == "path" else tag_layout(prefix))

    @property
    def hold(self) -> float:
        """Seconds for which what was written may be lost: that a peer is cut off shows `timeout` later."""
        return self._settings.resend + self._settings.timeout

    @property
    def reached(self) -> bool:
        """Whether the peer's machine has confirmed all that was written."""
        return not self._wire or self._wire.reached

    async def open(self) -> None:
        """Connect to the first endpoint that works.

        The endpoint that broke last is tried last, since one that hangs still takes connections.
        """
        complaints = []
        for endpoint in sorted(self._endpoints, key=lambda endpoint: endpoint == self._failed):
            try:
                with _trouble(endpoint):
                    self._wire = await connect(endpoint, self._settings.timeout, self._context(endpoint))
            except TemporaryError as error:
                complaints.append(str(error))
            else:
                self._endpoint = endpoint
                break
        else:
            raise TemporaryError("; ".join(complaints))

    def _context(self, endpoint: Endpoint) -> ssl.SSLContext | None:
        if endpoint.scheme != "tls":
            return None
        return ssl.create_default_context(cafile=self._settings.tls_ca)

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Send a batch."""
        assert self._wire, "Delivery opens before it writes"
        try:
            with _trouble(self._endpoint):
                for payload in ENCODERS[self._endpoint.scheme](batch, self._names):
                    await self._wire.send(payload)
        except TemporaryError:
            self._failed = self._endpoint
            raise
        return {}

    async def close(self) -> None:
        """Let go of the connection."""
        if self._wire:
            await self._wire.close()
        self._wire = None


class NewSeriesSink(GraphiteSink):
    """Writes what has not begun yet, one series after another, and no faster than carbon makes files.

    Above MAX_CREATES_PER_MINUTE carbon takes values of series that have no file, and throws them away without
    a word. Here they wait for their turn in the buffer of this sink, and hold up nothing else: once a series
    has begun, what comes of it goes to the sink beside this one.
    """

    def __init__(self, settings: GraphiteSettings, metrics: Mapping[str, Metric], name: str) -> None:
        super().__init__(settings, metrics, name, lambda series: not self.has_begun(series))
        self.batch = min(settings.batch, settings.new_series_per_minute)
        self._begun: dict[str, None] = {}
        self._gap = 60.0 / settings.new_series_per_minute
        self._turn = 0.0

    def has_begun(self, series: Series) -> bool:
        """Whether carbon has a file for it, as far as can be known, or never will since it has no name."""
        name = self._names[series]
        return name in self._begun or not name

    def state(self) -> Json:
        """The names of what has begun, which must not wait again after a restart."""
        return list(self._begun)

    def restore(self, state: Json) -> None:
        """Go on from what `state` gave; anything else is ignored."""
        self._begun.update(dict.fromkeys(filter(None, map(text, sequence(state)[-NAMES:]))))

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Send a batch: what has begun meanwhile at once, and each other series at its turn."""
        waiting: dict[Series, list[Sample]] = {}
        for sample in batch:
            if not self.has_begun(sample.series):
                waiting.setdefault(sample.series, []).append(sample)
        await super().write([sample for sample in batch if sample.series not in waiting])
        for series, samples in waiting.items():
            await self._wait()
            await super().write(samples)
            self._note(self._names[series])
        return {}

    def _note(self, name: str) -> None:
        """It has begun; of too many those that did so first count as new again."""
        while len(self._begun) >= NAMES:
            del self._begun[next(iter(self._begun))]
        self._begun[name] = None

    async def _wait(self) -> None:
        """Wait for the next turn; turns that nobody took are not saved up."""
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(self._turn - clock())
        self._turn = clock() + self._gap


@contextlib.contextmanager
def _trouble(endpoint: Endpoint) -> Iterator[None]:
    """What went wrong with an endpoint, in our words."""
    try:
        yield
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or meaning(error.reason or str(error))
        hint = "see BRIDGE_GRAPHITE__URL and BRIDGE_GRAPHITE__TLS_CA"
        raise TemporaryError(f"no TLS with {endpoint}: {why}; {hint}", "tls") from error
    except TimeoutError as error:
        why = f"{endpoint} does not answer; is carbon there, or is it stuck?"
        raise TemporaryError(why, "timeout") from error
    except OSError as error:
        refused = isinstance(error, ConnectionRefusedError)
        reason = "connection refused" if refused else error.strerror or error
        raise TemporaryError(
            f"{endpoint}: {reason}; does carbon run there? See BRIDGE_GRAPHITE__URL"
        ) from error
