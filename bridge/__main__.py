"""`python -m bridge` is `asterisk-bridge`."""

from bridge.cli import main

if __name__ == "__main__":
    main()
