"""The AMI source: two connections to one Asterisk, one for events and one for polls."""

from bridge.sources.ami.source import AmiSource

__all__ = ["AmiSource"]
