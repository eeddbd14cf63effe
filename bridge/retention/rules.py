"""Rules as carbon reads them: sections of a file, the first that fits being the one that counts."""

from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import NamedTuple

WIDTH = 108
"""Characters of a line of comment."""
HEAD = """\
# {name}: made by `asterisk-bridge graphite-schemas`, of the settings and the catalogue.
#
# carbon takes the first rule that fits, so these go above yours that fit more. It looks at them when it makes
# the file of a new series; files that are there stay as they are. docs/graphite.md tells how to change them.
"""


class Rule(NamedTuple):
    """One section.

    Attributes:
        name: of the section.
        reason: why it says what it says, for people.
        pattern: a regular expression that is looked for in names.
        terms: what holds for the series that it finds.
    """

    name: str
    reason: str
    pattern: str
    terms: Mapping[str, str]

    def __str__(self) -> str:
        reason = "".join(f"# {line}\n" for line in wrap(self.reason, WIDTH, break_on_hyphens=False))
        terms = "".join(f"{name} = {value}\n" for name, value in self.terms.items())
        return f"{reason}[{self.name}]\npattern = {self.pattern}\n{terms}"


def document(name: str, rules: Iterable[Rule]) -> str:
    """A whole file."""
    return "\n".join((HEAD.format(name=name), *map(str, rules)))
