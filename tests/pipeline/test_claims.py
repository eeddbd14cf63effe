"""Claims against a model: each sample is free, held, settled or lost, and counted as such."""

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bridge.pipeline.claims import Claims


class Books(RuleBasedStateMachine):
    """A record is free, held, or an orphan (held, while the copy on the disk is lost), or done with."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = Claims()
        self.ends: dict[int, int] = {}
        self.free: set[int] = set()
        self.held: set[int] = set()
        self.orphans: set[int] = set()
        self.lost = 0
        self.counted = 0

    def amount(self, records: set[int]) -> int:
        return sum(self.ends[record] - record for record in records)

    @rule(amount=st.integers(1, 3))
    def add(self, amount: int) -> None:
        number = self.claims.add(amount)
        self.ends[number] = number + amount
        self.held.add(number)

    @rule()
    def take(self) -> None:
        number = self.claims.first()

        assert number == min(self.free, default=None)
        if number is not None:
            self.claims.take(number, self.ends[number])
            self.free.remove(number)
            self.held.add(number)

    @rule(choice=st.randoms(use_true_random=False), settled=st.booleans())
    def let_go(self, choice: Random, settled: bool) -> None:
        if not (mine := sorted(self.held | self.orphans)):
            return
        number = choice.choice(mine)
        if settled:
            self.claims.forget(number)
        else:
            self.claims.give_back(number)
            self.free |= {number} & self.held
            self.lost += self.amount({number} & self.orphans)
        self.held.discard(number)
        self.orphans.discard(number)

    @rule(start=st.integers(0, 40), length=st.integers(1, 9))
    def lose(self, start: int, length: int) -> None:
        """Records are lost whole."""
        gone = {number for number in self.ends if start <= number < start + length}
        if gone:
            self.claims.lose(min(gone), max(self.ends[number] for number in gone), "damaged")
            self.lost += self.amount(gone & self.free)
            self.orphans |= gone & self.held
            self.held -= gone
            self.free -= gone

    @rule()
    def count(self) -> None:
        lost = self.claims.lost()

        assert lost.keys() <= {"damaged"}
        self.counted += sum(lost.values())

    @invariant()
    def everything_is_accounted_for(self) -> None:
        assert self.claims.free == self.amount(self.free)

    def teardown(self) -> None:
        self.count()
        assert self.counted == self.lost


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60, stateful_step_count=50)
