"""How samples travel: contracts, delivery, supervision, time and the bridge's own numbers."""
