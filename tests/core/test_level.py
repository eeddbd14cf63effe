from bridge.core.level import Level


def test_the_peak_is_the_most_of_an_interval_and_the_next_begins_with_what_there_is() -> None:
    level = Level()
    for move in (level.rise, level.rise, level.fall, level.rise, level.fall):
        move()

    peaks = [level.end(), level.end()]

    assert level.now == 1
    assert peaks == [2, 1]


def test_a_count_corrects_it_and_may_be_the_peak() -> None:
    level = Level()
    level.rise()

    level.correct(7)
    level.correct(3)

    assert (level.now, level.end()) == (3, 7)


def test_it_is_never_below_nothing() -> None:
    level = Level()

    level.fall()

    assert level.now == 0
