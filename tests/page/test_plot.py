"""Plot: values as a path that stays within its frame."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bridge.page.plot import HEIGHT, NOTHING, SPAN, SPANS, WIDTH, column, plot, total

NOW = 1_700_000_010.0
COLUMN = column(SPAN)
points = st.lists(st.tuples(st.floats(NOW - 2 * SPAN, NOW + 100), st.floats(-1e300, 1e300)), max_size=50).map(
    sorted
)


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([-\d.e+]+) ([-\d.e+]+)", path)]


@given(points, st.sampled_from(SPANS))
def test_a_drawing_stays_within_its_frame(given_points: list[tuple[float, float]], span: float) -> None:
    drawn = plot(given_points, NOW, span)

    for x, y in places(drawn.line + drawn.area):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


def test_the_highest_value_is_at_the_top_and_nothing_at_the_bottom() -> None:
    drawn = plot([(NOW - 60, 0.0), (NOW, 8.0)], NOW)

    assert drawn.highest == 8.0
    assert [y for _, y in places(drawn.line)] == [HEIGHT - 1, 1]


def test_of_several_values_in_a_column_the_highest_is_drawn() -> None:
    begin = NOW // COLUMN * COLUMN

    assert len(places(plot([(begin, 1.0), (begin + 1, 9.0), (begin + 2, 2.0)], NOW).line)) == 2
    assert plot([(begin, 1.0), (begin + 1, 9.0), (begin + 2, 2.0)], NOW).highest == 9.0


def test_an_outage_is_a_gap_and_a_slow_poll_is_none() -> None:
    slow = [(NOW - 3000 + 60 * number, 1.0) for number in range(10)]
    later = [(NOW - 600 + 60 * number, 1.0) for number in range(10)]

    assert plot(slow, NOW).line.count("M") == 1
    assert plot(slow + later, NOW).line.count("M") == 2


def test_it_does_not_move_within_a_column() -> None:
    known = [(NOW - 100.0, 3.0), (NOW - 70.0, 5.0)]
    begin = NOW // COLUMN * COLUMN

    assert plot(known, begin) == plot(known, begin + COLUMN - 0.1) != plot(known, begin + COLUMN)


def test_what_is_older_than_an_hour_is_not_drawn() -> None:
    assert plot([(NOW - SPAN - COLUMN, 7.0)], NOW) == NOTHING


def test_several_are_added_up() -> None:
    begin = NOW // COLUMN * COLUMN

    assert total([[(begin, 1.0), (begin + 10, 4.0)], [(begin + 5, 2.0)]]) == [(begin, 6.0)]


def test_what_has_just_begun_fills_more_than_a_dot() -> None:
    known = [(NOW - 60 + 15 * number, float(number)) for number in range(5)]

    drawn = places(plot(known, NOW, SPANS[0]).line)

    assert drawn[-1][0] - drawn[0][0] >= WIDTH / 6
