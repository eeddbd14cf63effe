from bridge.core.settling import GATHERED, SETTLED, Settling


def test_it_is_settled_once_and_only_after_a_while() -> None:
    settling: Settling[str] = Settling()
    settling.ended("a", 10)

    told = [settling.settled(10 + SETTLED - 0.1), settling.settled(10 + SETTLED), settling.settled(99)]

    assert told == [[], [("a", 10)], []]


def test_the_first_word_of_an_end_counts() -> None:
    settling: Settling[str] = Settling()
    settling.ended("a", 10)
    settling.ended("a", 11)

    assert settling.settled(10 + SETTLED) == [("a", 10)]


def test_what_goes_on_is_not_settled() -> None:
    settling: Settling[str] = Settling()
    settling.ended("a", 10)
    settling.ended("b", 10)

    settling.goes_on("a")
    settling.goes_on("nothing")

    assert [*settling] == ["b"]
    assert "a" not in settling


def test_all_may_be_settled_at_once_or_forgotten() -> None:
    settling: Settling[str] = Settling()
    settling.ended("a", 10)

    assert settling.settled() == [("a", 10)]

    settling.ended("b", 11)
    settling.clear()

    assert settling.settled() == []


def test_it_is_overdue_only_when_many_may_have_gathered() -> None:
    settling: Settling[str] = Settling()
    never = settling.overdue(99)

    settling.ended("a", 10)

    assert not never
    assert not settling.overdue(10 + SETTLED)
    assert settling.overdue(10 + SETTLED + GATHERED)
