"""Samples as carbon takes them: names in path or tags layout; plaintext lines, datagrams or pickles."""

import pickle
import string
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import compress, groupby
from math import isfinite

from bridge.core.metric import Metric, MetricKind
from bridge.core.naming import Escape, escaper, place
from bridge.core.number import texts
from bridge.core.runs import Runs
from bridge.core.sample import Sample, Series

WORD = string.ascii_letters + string.digits + "_-"
"""Characters that every metrics system lets through."""
SAFE = WORD + ":@"
"""Those, and two more that mean nothing to carbon, to whisper's files or to graphite-web's targets."""
LONGEST_WORD = 120
"""Characters: two words with `=` between them, and whisper's `.wsp`, fit the 255 bytes of a file name."""
LONGEST_NAME = 16_000
"""carbon ends the connection at a line of more than 16,384 bytes: a series with a longer name is left out."""
NAMES = 200_000
"""Names kept: some 60 MB. When there are more the memory starts anew."""
DATAGRAM = 1400
"""Bytes of a datagram: with the headers of IPv6 and a tunnel it still fits an Ethernet frame."""
PICKLE_POINTS = 500
"""What carbon's own relay puts into one message."""
PICKLE_BYTES = 1 << 20
"""carbon refuses a longer message."""

Layout = Callable[[Series], str]
"""Gives a series its name; the empty name if it has no place in this layout."""


def path_layout(prefix: str, metrics: Mapping[str, Metric], safe: str = SAFE) -> Layout:
    """`<prefix>.<pbx>.<group>[.<label values>].<what>`; no two series share a name.

    An info metric has no place: all it has to tell is text.

    Args:
        prefix: the first components; may be empty.
        metrics: the catalogue, by name.
        safe: characters that are not written as %XX.
    """
    escape = _fitting(escaper(safe))
    bucket = _dotted(escape)

    def layout(series: Series) -> str:
        metric = metrics.get(series.name)
        if metric and metric.kind is MetricKind.INFO:
            return ""
        entity, what = place(series, escape, bucket)
        return _joined(bucket, prefix, *entity, what)

    return _bounded(layout)


def tag_layout(prefix: str) -> Layout:
    """`<prefix>.<group>.<what>;<label>=<value>[;...]`; no two series share a name.

    Tags are in the order into which carbon puts them, so a name is also what graphite-web calls it.

    Args:
        prefix: the first components; may be empty.
    """
    escape = _fitting(escaper(SAFE))
    escape_value = _fitting(escaper(SAFE + "."))
    bucket = _dotted(escape)

    def tag(key: str, value: str) -> str:
        # carbon keeps the metric itself under the tag `name`.
        return f";{'%6Eame' if key == 'name' else escape(key)}={escape_value(value)}"

    def layout(series: Series) -> str:
        (_, group, *_), what = place(series, escape, bucket)
        tags = (tag(key, value) for key, value in series.labels)
        return _joined(bucket, prefix, group, what) + "".join(sorted(tags))

    return _bounded(layout)


def _joined(bucket: Escape, prefix: str, *words: str) -> str:
    return ".".join((bucket(prefix), *words) if prefix else words)


def _bounded(layout: Layout) -> Layout:
    """The layout, but a path that is demanded is kept, and a name that would hurt carbon is left out."""

    def bounded(series: Series) -> str:
        name = series.path or layout(series)
        return name if len(name) <= LONGEST_NAME else ""

    return bounded


def _fitting(escape: Escape) -> Escape:
    """The same, but of a longer word only the beginning, and a digest behind a mark that no word has."""

    def fit(word: str) -> str:
        whole = escape(word)
        if len(whole) <= LONGEST_WORD:
            return whole
        digest = sha256(whole.encode()).hexdigest()[:32]
        return f"{whole[: LONGEST_WORD - len(digest) - 2]}%-{digest}"

    return fit


def _dotted(escape: Escape) -> Escape:
    """The same for every word of a dotted name."""
    return lambda name: ".".join(map(escape, name.split(".")))


class Names(dict[Series, str]):
    """The name of each series, worked out when it is first asked for.

    Args:
        layout: gives the names.
        limit: how many are kept.
    """

    def __init__(self, layout: Layout, limit: int = NAMES) -> None:
        super().__init__()
        self._layout = layout
        self._limit = limit
        self._runs = Runs[str](limit)

    def __missing__(self, series: Series) -> str:
        if len(self) >= self._limit:
            self.clear()
            self._runs.clear()
        name = self[series] = self._layout(series)
        return name

    def of(self, series: tuple[Series, ...]) -> list[str]:
        """The name of each."""
        names = self._runs.get(series)
        if names is None:
            names = list(map(self.__getitem__, series))
            self._runs.learn(series, names)
        return names


def lines(samples: Sequence[Sample], names: Names) -> list[str]:
    """`<name> <value> <time in whole seconds>`, each with its line end.

    Here and below samples without a name, and numbers that are not finite, are left out.
    """
    return [
        f"{name} {value}{end}"
        for named, said, end in _runs(samples, names)
        for name, value in zip(named, said, strict=True)
    ]


def plaintext(samples: Sequence[Sample], names: Names) -> Iterator[bytes]:
    """All lines in one piece."""
    if found := "".join([_block(*run) for run in _runs(samples, names)]):
        yield found.encode()


def _block(named: list[str], said: list[str], end: str) -> str:
    """Lines as one text, by one join of words that are all there already."""
    words = ["", " ", "", end] * len(named)
    words[::4], words[2::4] = named, said
    return "".join(words)


def _runs(samples: Sequence[Sample], names: Names) -> Iterator[tuple[list[str], list[str], str]]:
    """Names and values of those that stand together and have one time, and the end of all their lines."""
    if not samples:
        return
    series, values, times = zip(*samples, strict=True)
    start = 0
    for time, amount in _times(times):
        run = slice(start, start := start + amount)
        named, said = names.of(series[run]), texts(values[run])
        if not (all(named) and all(said)):
            there = list(map(all, zip(named, said, strict=True)))
            named, said = list(compress(named, there)), list(compress(said, there))
        yield named, said, f" {int(time)}\n"


def _times(times: Sequence[float]) -> Iterator[tuple[float, int]]:
    """Each time, and how many have it one after another: most often there is but one."""
    if times.count(times[0]) == len(times):
        yield times[0], len(times)
    else:
        yield from ((time, len(list(run))) for time, run in groupby(times))


def datagrams(samples: Sequence[Sample], names: Names) -> Iterator[bytes]:
    """Whole lines in pieces of up to `DATAGRAM` bytes; a longer line has a piece of its own."""
    piece = b""
    for line in lines(samples, names):
        encoded = line.encode()
        if piece and len(piece) + len(encoded) > DATAGRAM:
            yield piece
            piece = b""
        piece += encoded
    if piece:
        yield piece


def pickles(samples: Sequence[Sample], names: Names) -> Iterator[bytes]:
    """Messages of `(name, (time, value))`, in pickle protocol 2, with the length in front."""
    points = [
        (name, (int(time), value))
        for series, value, time in samples
        if (name := names[series]) and isfinite(value)
    ]
    for start in range(0, len(points), PICKLE_POINTS):
        yield from _messages(points[start : start + PICKLE_POINTS])


def _messages(points: list[tuple[str, tuple[int, float]]]) -> Iterator[bytes]:
    body = pickle.dumps(points, protocol=2)
    if len(body) <= PICKLE_BYTES:
        yield struct.pack("!L", len(body)) + body
    else:
        yield from _messages(points[: len(points) // 2])
        yield from _messages(points[len(points) // 2 :])
