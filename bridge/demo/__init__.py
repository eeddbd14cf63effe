"""A simulated PBX and an embedded broker, so that a newcomer sees values with nothing installed."""
