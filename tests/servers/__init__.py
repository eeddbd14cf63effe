"""The real programs that the tests talk to: each is started on loopback ports of its own and ended by pid."""
