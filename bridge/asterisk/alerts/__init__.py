"""The rules of alerts that ship, by name, in the order of docs/alerts.md.

Those are in force that cannot be wrong anywhere. The others wait for somebody who knows the PBX, and say why.
"""

from bridge.asterisk.alerts import calls, lines, own, pbx, queues
from bridge.asterisk.alerts.shipped import Shipped

SUBJECTS = (pbx, lines, queues, calls, own)
"""The parts of the list, in order."""

SHIPPED: dict[str, Shipped] = {rule.name: rule for subject in SUBJECTS for rule in subject.RULES}
"""Every rule that ships by its name."""
