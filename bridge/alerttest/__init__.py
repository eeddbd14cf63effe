"""Tests of alerts as data, for the rules that ship and for those of users."""

from bridge.alerttest.run import Outcome, report, run_tests

__all__ = ["Outcome", "report", "run_tests"]
