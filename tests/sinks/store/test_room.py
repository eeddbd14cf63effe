"""Which series makes room for another."""

from math import inf

from bridge.sinks.store.room import Room


def test_the_longest_silent_go_first_and_no_more_than_needed() -> None:
    room = Room(30)
    for number in range(3):
        room.add(f"s{number}", 10, number)
    room.touch("s0", 10)

    assert [*room.victims(15, inf)] == ["s1", "s2"]
    assert room.taken == 10


def test_what_was_written_of_late_stays() -> None:
    room = Room(30)
    for number in range(3):
        room.add(f"s{number}", 10, number)

    assert [*room.victims(30, 1)] == ["s0", "s1"]
    assert not room.has_room(30)


def test_where_there_is_room_nothing_goes() -> None:
    room = Room(30)
    room.add("s", 10, 0)

    assert [*room.victims(20, inf)] == []
    assert "s" in room


def test_a_series_keeps_its_place_in_room_under_another_name() -> None:
    room = Room(30)
    room.add("path", 10, 0)

    room.rename("path", "name")

    assert "path" not in room
    assert room.taken == 10
