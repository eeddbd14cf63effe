"""History: bounded, whatever comes."""

from bridge.core.sample import Sample, Series
from bridge.page.history import History
from bridge.page.plot import NOTHING, STEP
from tests.page.scene import NOW, series


def sample(name: str, value: float, time: float = NOW, **labels: str) -> Sample:
    return Sample(series(name, **labels), value, time)


def test_the_newest_of_each_series_is_known() -> None:
    history = History()

    history.take([sample("calls.active", 1), sample("calls.active", 2, NOW + 1), sample("x.y", 5)])

    assert [each.value for each in history.named("calls.active", NOW + 1)] == [2]
    assert len(history.everything(NOW + 1)) == 2


def test_what_is_silent_is_not_shown() -> None:
    history = History(stale=60)

    history.take([sample("calls.active", 1)])

    assert [*history.named("calls.active", NOW + 60)] != []
    assert [*history.named("calls.active", NOW + 61)] == []
    assert history.newest(series("calls.active"), NOW + 61) is None
    assert history.everything(NOW + 61) == []


def test_an_hour_is_known_of_some_as_the_highest_of_each_ten_seconds() -> None:
    history = History()
    begin = NOW // STEP * STEP

    for second in range(5000):
        history.take([sample("calls.active", second % 10, begin + second), sample("x.y", 1, begin + second)])

    assert len(history.points(series("calls.active"))) == 360
    assert {value for _, value in history.points(series("calls.active"))} == {9}
    assert history.points(series("x.y")) == []


def test_of_too_many_series_those_that_are_silent_make_room() -> None:
    history = History(stale=60, series=10)

    history.take([sample("x.y", 1, NOW, queue=str(number)) for number in range(20)])
    assert len(history.everything(NOW)) == 10

    history.take([sample("a.b", 1, NOW + 100, queue=str(number)) for number in range(20)])
    assert {each.series.name for each in history.everything(NOW + 100)} == {"a.b"}
    assert len(history.everything(NOW + 100)) == 10


def test_of_too_many_plots_those_that_ended_an_hour_ago_make_room() -> None:
    history = History(plots=2)
    first, second, third = (series("queue.waiting", queue=name) for name in "abc")

    history.take([Sample(first, 1, NOW), Sample(second, 1, NOW + 3000), Sample(third, 1, NOW + 3001)])
    assert history.points(third) == []

    history.take([Sample(third, 1, NOW + 3700)])
    assert history.points(first) == []
    assert history.points(third) != []


def test_names_without_end_leave_nothing_behind() -> None:
    history = History(series=5)

    history.take([Sample(Series(f"statsd.n{number}"), 1, NOW) for number in range(1000)])

    assert len(history._named) == 5


def test_a_plot_is_drawn_only_when_there_is_something_new() -> None:
    history = History()
    shown = [series("queue.waiting", queue=name) for name in "ab"]
    history.take([Sample(each, 1, NOW) for each in shown])

    first = history.plot(shown, NOW)

    assert history.plot(shown, NOW + 0.1) is first
    history.take([Sample(shown[0], 5, NOW)])
    assert history.plot(shown, NOW + 0.1).highest == 6
    assert history.plot([], NOW) == history.plot([series("x.y")], NOW) == NOTHING


def test_drawings_of_what_comes_and_goes_are_bounded() -> None:
    history = History(plots=4)
    history.take([sample("queue.waiting", 1, NOW, queue=str(number)) for number in range(4)])

    for number in range(1, 2**4):
        history.plot([each for bit, each in enumerate(history.plotted) if number >> bit & 1], NOW)

    assert len(history._drawn) <= 8


def test_plots_show_an_hour_or_as_much_as_is_known() -> None:
    history = History()
    history.take([sample("calls.active", 1)])

    assert [history.span(NOW + seconds) for seconds in (0, 299, 300, 3000, 9000)] == [
        300,
        300,
        900,
        3600,
        3600,
    ]
