"""Names of the user's own buckets in the bridge's naming."""

from bridge.core.aggregate import Summary
from bridge.core.buckets import BucketNames
from bridge.core.sample import Kind, Labels, Sample, Series


def summary(bucket: str, kind: Kind, values: dict[str, float], labels: Labels = ()) -> Summary:
    return Summary(Series(bucket, labels), kind, values, 1700.0)


def test_the_bucket_keeps_its_name_and_every_statistic_has_one_of_its_own() -> None:
    names = BucketNames("hq")

    samples = list(names.samples([summary("lab.calls", Kind.COUNTER, {"count": 3, "rate": 0.3})]))

    assert samples == [
        Sample(Series("statsd.lab.calls.count", (("pbx", "hq"),)), 3, 1700.0),
        Sample(Series("statsd.lab.calls.rate", (("pbx", "hq"),)), 0.3, 1700.0),
    ]


def test_a_gauge_is_named_by_its_bucket_alone() -> None:
    (sample,) = BucketNames("hq").samples([summary("lab.level", Kind.GAUGE, {"": 3})])

    assert sample.series.name == "statsd.lab.level"


def test_tags_follow_the_pbx_and_cannot_pose_as_it() -> None:
    tagged = summary("level", Kind.GAUGE, {"": 3}, (("pbx", "other"), ("room", "a")))

    (sample,) = BucketNames("hq").samples([tagged])

    assert sample.series.labels == (("pbx", "hq"), ("exported_pbx", "other"), ("room", "a"))
    assert BucketNames("hq").conflicts == 0


def test_when_two_want_one_name_the_first_has_it_and_the_other_is_counted() -> None:
    names = BucketNames("hq")

    samples = list(
        names.samples(
            [
                summary("foo", Kind.COUNTER, {"count": 1, "rate": 0.1}),
                summary("foo", Kind.TIMER, {"count": 2, "mean": 5}),
                summary("foo.count", Kind.GAUGE, {"": 7}),
            ]
        )
    )

    assert [(sample.series.name, sample.value) for sample in samples] == [
        ("statsd.foo.count", 1),
        ("statsd.foo.rate", 0.1),
        ("statsd.foo.mean", 5),
    ]
    assert names.conflicts == 2


def test_the_next_flush_starts_anew() -> None:
    names = BucketNames("hq")
    gauge = summary("level", Kind.GAUGE, {"": 3})

    assert len([*names.samples([gauge]), *names.samples([gauge])]) == 2
    assert names.conflicts == 0
