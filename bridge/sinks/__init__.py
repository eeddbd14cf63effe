"""One file for each place the bridge sends to."""
