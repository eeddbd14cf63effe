"""All functions, as an editor sees them."""

import json

import pytest

from bridge.render.errors import QueryError
from bridge.render.functions import FUNCTIONS, described, function_named
from bridge.render.parameters import KINDS


def test_each_function_is_described() -> None:
    for name, info in described().items():
        assert info["name"] == name
        assert info["function"].startswith(f"{name}(")
        assert len(info["description"]) > 10
        assert info["group"] in {
            *("Alias", "Calculate", "Combine", "Filter Data", "Filter Series", "Graph", "Sorting", "Special"),
            "Transform",
        }


def test_the_description_is_json() -> None:
    assert json.loads(json.dumps(described())).keys() == FUNCTIONS.keys()


def test_parameters_are_told_in_the_shape_that_grafana_reads() -> None:
    assert described()["movingAverage"]["params"] == [
        {"name": "seriesList", "type": "seriesList", "required": True},
        {
            "name": "windowSize",
            "type": "intOrInterval",
            "required": True,
            "suggestions": [5, 7, 10, "1min", "5min", "10min", "30min", "1hour"],
        },
        {"name": "xFilesFactor", "type": "float"},
    ]
    assert described()["sortByName"]["params"][1] == {"name": "natural", "type": "boolean", "default": False}


def test_only_the_last_parameter_may_be_given_several_times() -> None:
    for function in FUNCTIONS.values():
        assert not any(parameter.multiple for parameter in function.parameters[:-1])
        assert all(parameter.kind in KINDS for parameter in function.parameters)


def test_an_unknown_function_is_told_with_those_that_are_known() -> None:
    with pytest.raises(
        QueryError, match=r"unknown function randomWalk. Known are absolute, aggregate, .*unique"
    ):
        function_named("randomWalk")
    with pytest.raises(QueryError, match=r"unknown function sumserie; did you mean sumSeries\?"):
        function_named("sumserie")


SERVED = """
alias aliasByNode aliasByMetric aliasByTags aliasSub sumSeries sum averageSeries avg maxSeries
minSeries countSeries diffSeries divideSeries multiplySeries rangeOfSeries aggregate group
groupByNode groupByNodes groupByTags sumSeriesWithWildcards averageSeriesWithWildcards
aggregateWithWildcards seriesByTag scale scaleToSeconds offset absolute perSecond derivative
nonNegativeDerivative integral keepLastValue transformNull isNonNull removeEmptySeries asPercent
summarize smartSummarize hitcount movingAverage movingMax movingMin movingSum movingMedian
movingWindow consolidateBy cumulative highestCurrent highestMax highestAverage highest lowest
lowestCurrent lowestAverage limit sortByName sortByMaxima sortByMinima sortByTotal sortBy exclude
grep maximumAbove maximumBelow minimumAbove averageAbove averageBelow currentAbove currentBelow
removeAboveValue removeBelowValue filterSeries timeShift constantLine threshold nPercentile
percentileOfSeries drawAsInfinite color alpha lineWidth dashed secondYAxis stacked
"""


def test_what_was_promised_is_served() -> None:
    assert set(SERVED.split()) <= FUNCTIONS.keys()
