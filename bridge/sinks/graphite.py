"""GraphiteSink: samples to carbon over TCP, TLS or UDP, as lines or pickles."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bridge.core.endpoint import Endpoint, parse
from bridge.core.metric import Metric
from bridge.core.sample import Sample
from bridge.errors import TemporaryError
from bridge.protocols.graphite import Names, datagrams, path_layout, pickles, plaintext, tag_layout
from bridge.settings import GRAPHITE_SCHEMES, GraphiteSettings
from bridge.sinks.wire import Wire, connect

RECENT = 100_000
"""Samples kept to be sent again after a break: some 10 MB, ten seconds of 10,000 a second."""

ENCODERS: dict[str, Callable[[Iterable[Sample], Names], Iterator[bytes]]] = {
    "tcp": plaintext,
    "tls": plaintext,
    "udp": datagrams,
    "pickle": pickles,
}
"""Scheme of a URL to the form in which samples are written there."""


def graphite_sinks(settings: GraphiteSettings, metrics: Mapping[str, Metric]) -> list["GraphiteSink"]:
    """The sinks that the settings ask for: none, one for all URLs (`failover`), or one for each (`all`)."""
    if settings.spread == "failover":
        return [GraphiteSink(settings, metrics)] if settings.url else []
    return [
        GraphiteSink(settings.model_copy(update={"url": (url,)}), metrics, name)
        for url, name in zip(settings.url, _names(), strict=False)
    ]


def _names() -> Iterator[str]:
    yield "graphite"
    number = 1
    while True:
        number += 1
        yield f"graphite-{number}"


class GraphiteSink:
    """Writes to one carbon: the first of the URLs that works.

    carbon acknowledges nothing: what it had received and not yet read when it died is lost without a
    word. So what was sent shortly before a break is sent again after it, with the same times and values,
    which changes nothing where it had arrived.

    Args:
        settings: where to, and how.
        metrics: the catalogue, by name.
        name: what the sink is called.
    """

    def __init__(
        self, settings: GraphiteSettings, metrics: Mapping[str, Metric], name: str = "graphite"
    ) -> None:
        self.name = name
        self._settings = settings
        self._endpoints = [parse(url, GRAPHITE_SCHEMES) for url in settings.url]
        self._endpoint = self._endpoints[0]
        self._failed: Endpoint | None = None
        self._wire: Wire | None = None
        prefix = settings.prefix
        self._names = Names(path_layout(prefix, metrics) if settings.layout == "path" else tag_layout(prefix))
        # That a peer is cut off shows only `timeout` after the cut.
        self._recent = Recent(settings.resend + settings.timeout)

    async def open(self) -> None:
        """Connect to the first endpoint that works, and repeat what a break may have swallowed.

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
        for batch in self._recent:
            await self._send(batch)
        self._recent.renew(_now())

    def _context(self, endpoint: Endpoint) -> ssl.SSLContext | None:
        if endpoint.scheme != "tls":
            return None
        return ssl.create_default_context(cafile=self._settings.tls_ca)

    async def write(self, batch: Sequence[Sample]) -> None:
        """Send a batch, and remember it for a while."""
        await self._send(batch)
        self._recent.add(batch, _now())

    async def _send(self, batch: Sequence[Sample]) -> None:
        assert self._wire, "Delivery opens before it writes"
        try:
            with _trouble(self._endpoint):
                for payload in ENCODERS[self._endpoint.scheme](batch, self._names):
                    await self._wire.send(payload)
        except TemporaryError:
            self._failed = self._endpoint
            raise

    async def close(self) -> None:
        """Let go of the connection."""
        if self._wire:
            await self._wire.close()
        self._wire = None


class Recent:
    """The batches that were sent last.

    Args:
        seconds: how long a batch is kept, counted at the time of the last one.
        limit: the most samples kept.
    """

    def __init__(self, seconds: float, limit: int = RECENT) -> None:
        self._seconds = seconds
        self._limit = limit
        self._batches: deque[tuple[float, Sequence[Sample]]] = deque()
        self._size = 0

    def __iter__(self) -> Iterator[Sequence[Sample]]:
        """The batches, oldest first."""
        return iter([batch for _, batch in self._batches])

    def add(self, batch: Sequence[Sample], now: float) -> None:
        """Remember a batch that was sent at `now`, and forget those that are too old or too many."""
        self._batches.append((now, batch))
        self._size += len(batch)
        while self._batches and (self._size > self._limit or self._batches[0][0] < now - self._seconds):
            _, old = self._batches.popleft()
            self._size -= len(old)

    def renew(self, now: float) -> None:
        """All of it was sent again at `now`."""
        self._batches = deque((now, batch) for _, batch in self._batches)


def _now() -> float:
    return asyncio.get_running_loop().time()


@contextlib.contextmanager
def _trouble(endpoint: Endpoint) -> Iterator[None]:
    """What went wrong with an endpoint, in our words."""
    try:
        yield
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or error
        hint = "see BRIDGE_GRAPHITE__TLS_CA"
        raise TemporaryError(f"no TLS with {endpoint}: {reason}; {hint}") from error
    except TimeoutError as error:
        raise TemporaryError(f"{endpoint} does not answer; is carbon there, or is it stuck?") from error
    except OSError as error:
        refused = isinstance(error, ConnectionRefusedError)
        reason = "connection refused" if refused else error.strerror or error
        raise TemporaryError(
            f"{endpoint}: {reason}; does carbon run there? See BRIDGE_GRAPHITE__URL"
        ) from error
