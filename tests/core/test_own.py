"""The bridge's own metrics are described as those of Asterisk are."""

from bridge.core.own import OWN


def test_every_own_metric_has_a_name_of_its_own_and_a_sentence_of_help() -> None:
    assert len({metric.name for metric in OWN}) == len(OWN)
    assert all(not metric.help[0].islower() and not metric.help.endswith(".") for metric in OWN)
