"""The compiled StatsD core, `_native`: there only if there was a C compiler when the bridge was installed."""
