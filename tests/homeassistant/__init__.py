"""What Home Assistant takes: its documented words, and its own schemas where it can be installed."""
