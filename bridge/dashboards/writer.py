"""Writer: says queries, variables and annotations to one kind of data source."""

from collections.abc import Iterable
from typing import Protocol

from bridge.dashboards.panel import Marks, Variable
from bridge.dashboards.query import Asked, Query

Json = dict[str, object]
Scope = frozenset[str]
"""Labels which a variable of the same name limits."""


class Writer(Protocol):
    """One kind of data source.

    Attributes:
        flavour: the folder of its dashboards, and the end of their addresses.
        title: what people call it.
        datasource: Grafana's name of its kind.
        total: the reduction that makes one number of `Per.RANGE`.
    """

    flavour: str
    title: str
    datasource: str
    total: str

    def expression(self, query: Query, scope: Scope) -> str:
        """The query in the language of the data source; empty if it cannot be asked that."""
        ...

    def target(self, query: Query, scope: Scope) -> Json:
        """The fields of a panel's query; empty if it cannot be asked that."""
        ...

    def variable(self, variable: Variable, limits: Scope) -> Json:
        """The fields of a template variable that are its own, limited by variables before it."""
        ...

    def extra_variables(self) -> Iterable[Json]:
        """Template variables that its queries need besides."""
        ...

    def marks(self, marks: Marks, scope: Scope) -> Json:
        """The fields of an annotation; empty if it cannot be asked that."""
        ...


def legend(asked: Asked, open_: str, close: str) -> str:
    """The name of a line: the values of its labels between these marks, and what it is called."""
    return " ".join(filter(None, (*(f"{open_}{label}{close}" for label in asked.by), asked.called)))
