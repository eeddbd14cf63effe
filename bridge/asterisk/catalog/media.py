"""How well people hear each other: jitter, loss, round trip and opinion score."""
