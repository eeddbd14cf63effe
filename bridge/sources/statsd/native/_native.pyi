# What the C of this folder gives to Python.

from collections.abc import Callable
from socket import socket

from bridge.core.aggregate import Bucket
from bridge.core.sample import Kind, Series
from bridge.core.timer import Numbers
from bridge.sources.statsd.senders import Packet

class Cell:
    value: float
    moved: bool

class Timer:
    count: float
    seen: int
    stride: int
    lowest: float
    highest: float
    def __init__(self, limit: int, /) -> None: ...
    def add(self, value: float, weight: float = 1.0) -> None: ...
    def numbers(self, percentiles: tuple[float, ...], /) -> Numbers: ...

class Table:
    def __init__(
        self,
        opened: Callable[[Kind, Series], Bucket | None],
        full: Callable[[], None],
        max_set: int,
        kinds: tuple[Kind, Kind, Kind, Kind],
        /,
    ) -> None: ...
    def __len__(self) -> int: ...
    def learn(self, name: bytes, code: bytes, series: Series | None, /) -> None: ...
    def knows(self, name: bytes, code: bytes, /) -> bool: ...
    def renew(self) -> None: ...
    def forget(self) -> None: ...

class Reader:
    def __init__(
        self,
        route: Callable[[str], Table | None],
        other: Callable[[list[Packet]], None],
        sender: str | None,
        /,
    ) -> None: ...
    def drain(self, opened: socket, /) -> tuple[int, int, int, bool]: ...
