"""The engines that sessions are held to the same rules with."""

import pytest

ENGINES = ("auto", "pysnmp")
"""Values of the setting: `auto` is our own engine, except where it asks for DES."""

both = pytest.mark.parametrize("engine", ENGINES)
