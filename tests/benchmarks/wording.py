"""How benchmarks are asked, and what they say of a goal."""

import argparse


def options(description: str | None) -> argparse.ArgumentParser:
    """What takes the words of the command line: those that all have; each adds its own.

    Args:
        description: what stands at the top of the benchmark.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="whether all of it works, in seconds")
    return parser


def verdict(reached: bool) -> str:
    """What a table says of a goal."""
    return "reached" if reached else "**missed**"
