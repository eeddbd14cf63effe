"""Bytes to values and back: incremental, bounded, pure."""
