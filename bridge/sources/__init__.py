"""One file or folder for each thing the bridge reads."""
