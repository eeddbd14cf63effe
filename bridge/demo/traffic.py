"""Who calls whom, and when: the life of the simulated PBX, drawn from a seeded random generator.

Every call is a story told by a generator: it does something to the PBX and yields how many seconds pass
until it goes on. The same seed tells the same stories, in whatever steps time advances.
"""

import heapq
import itertools
import random
from collections.abc import Callable, Generator

from bridge.demo.pbx import AGENTS, CARRIER, OFFICE, QUEUE, ROOM, Channel, Happening, Pbx, State

Story = Generator[float, None, None]
Leg = Generator[float, None, int]
"""The part of a story that dials; it ends with the Q.850 cause."""

BETWEEN_CALLS = 5.0
"""Mean seconds between two new calls: with the times below some ten calls are up at once."""
TALK, TALK_SPREAD, TALK_LIMIT = 35.0, 0.7, 300.0
"""Median seconds of a talk, spread of its logarithm, and the longest."""
RING_LIMIT = 25.0
"""Seconds after which nobody answers any more."""
PATIENCE, PATIENCE_LIMIT = 40.0, 120.0
"""Mean and most seconds for which a caller waits in the queue."""
LONGEST_CALL = RING_LIMIT + PATIENCE_LIMIT + TALK_LIMIT + 30.0
"""No call takes longer, in seconds."""
QUALIFY = 10.0
"""Seconds between two questions whether a contact is there."""
BETWEEN_BREAKS, BREAK = 900.0, 90.0
"""Mean seconds between two breaks of an agent, and of a break."""
OUTAGE, OUTAGE_RISK = 45.0, 0.002
"""Mean seconds for which a phone is away, and the share of questions at which it goes."""

RESULTS = {"ANSWER": 16, "BUSY": 17, "NOANSWER": 19, "CHANUNAVAIL": 20, "CONGESTION": 34}
"""Dial status to the cause with which the call then ends."""
CARRIER_RESULTS = {"ANSWER": 74, "BUSY": 9, "NOANSWER": 13, "CONGESTION": 4}
PHONE_RESULTS = {"ANSWER": 82, "NOANSWER": 18}
"""How often each result comes, in percent."""


class Traffic:
    """Drives a Pbx.

    Args:
        seed: the same seed brings the same traffic.
        started: Unix time at which the PBX starts.
    """

    def __init__(self, seed: int, started: float) -> None:
        self.pbx = Pbx(started)
        self._random = random.Random(seed)  # noqa: S311 - a play, not a secret
        self._order = itertools.count()
        self._due: list[tuple[float, int, Story]] = []
        self._tell(self._arrivals(), 0)
        for endpoint in self.pbx.contacts:
            self._tell(self._qualifying(endpoint), self._random.uniform(0, QUALIFY))
        for agent in AGENTS:
            self._tell(self._working(agent), 0)

    def step(self, now: float) -> list[Happening]:
        """Let time pass until `now`, and return what happened, in order."""
        while self._due[0][0] <= now:
            self.pbx.now, _, story = heapq.heappop(self._due)
            pause = next(story, None)
            if pause is not None:
                self._tell(story, pause)
        self.pbx.now = max(now, self.pbx.now)
        return self.pbx.take()

    def _tell(self, story: Story, pause: float) -> None:
        """Go on with a story after `pause` seconds."""
        heapq.heappush(self._due, (self.pbx.now + pause, next(self._order), story))

    # --- the stories

    def _arrivals(self) -> Story:
        kinds: dict[Callable[[], Story], int] = {
            self._to_phone: 32,
            self._to_carrier: 35,
            self._to_queue: 27,
            self._to_conference: 6,
        }
        while True:
            yield self._random.expovariate(1 / BETWEEN_CALLS)
            (kind,) = self._random.choices(list(kinds), list(kinds.values()))
            self._tell(kind(), 0)

    def _to_phone(self) -> Story:
        """Somebody outside calls a phone in the office; if nobody answers, voicemail does."""
        phone = self._random.choice(OFFICE)
        caller = self.pbx.call_in(CARRIER, self._number(), phone)
        cause = yield from self._dial(caller, phone, PHONE_RESULTS)
        if cause == RESULTS["NOANSWER"]:
            self.pbx.execute(caller, "VoiceMail", f"{phone}@default,u")
            self.pbx.enter(caller, State.UP)
            yield self._random.uniform(5, 20)
            self.pbx.messages(phone, self.pbx.voicemail[phone] + 1)
            cause = RESULTS["ANSWER"]
        self.pbx.hangup(caller, cause)

    def _to_carrier(self) -> Story:
        """A free phone in the office calls somebody outside, and listens to its messages first."""
        phone = self._random.choice(OFFICE)
        if not self.pbx.free(phone):
            return
        if self.pbx.voicemail[phone]:
            self.pbx.messages(phone, 0)
        caller = self.pbx.call_in(phone, phone, self._number())
        cause = yield from self._dial(caller, CARRIER, CARRIER_RESULTS)
        self.pbx.hangup(caller, cause)

    def _to_queue(self) -> Story:
        """Somebody outside waits for an agent, and hangs up when patience ends."""
        caller = self.pbx.call_in(CARRIER, self._number(), "600")
        yield self._random.uniform(0.5, 1.5)
        self.pbx.execute(caller, "Queue", QUEUE)
        self.pbx.enter(caller, State.UP)
        self.pbx.join_queue(caller)
        patience = self.pbx.now + min(self._random.expovariate(1 / PATIENCE) + 5, PATIENCE_LIMIT)
        while not (agent := self._agent_for(caller)):
            if self.pbx.now > patience:
                self.pbx.leave_queue(caller, abandoned=True)
                self.pbx.hangup(caller, 16)
                return
            yield 1.0
        yield from self._with_agent(caller, agent)
        self.pbx.hangup(caller, 16)

    def _to_conference(self) -> Story:
        """Somebody outside joins the conference room."""
        caller = self.pbx.call_in(CARRIER, self._number(), "700")
        yield self._random.uniform(0.5, 1.5)
        self.pbx.execute(caller, "ConfBridge", ROOM)
        self.pbx.bridge(caller, f"{ROOM}-room")
        self.pbx.enter(caller, State.UP)
        yield self._talk()
        self.pbx.hangup(caller, 16)

    def _working(self, agent: str) -> Story:
        """An agent has a break now and then."""
        while True:
            yield self._random.expovariate(1 / BETWEEN_BREAKS)
            self.pbx.pause(agent, "break")
            yield self._random.expovariate(1 / BREAK)
            self.pbx.pause(agent, "")

    def _qualifying(self, endpoint: str) -> Story:
        """A contact is asked again and again; a phone is away now and then, the carrier never."""
        usual = self._random.uniform(0.002, 0.03)
        while True:
            self.pbx.qualify(endpoint, usual * self._random.lognormvariate(0, 0.3))
            yield QUALIFY
            if endpoint != CARRIER and self._random.random() < OUTAGE_RISK and self.pbx.free(endpoint):
                self.pbx.qualify(endpoint, None)
                yield self._random.expovariate(1 / OUTAGE) + QUALIFY

    # --- parts of stories

    def _dial(self, caller: Channel, endpoint: str, results: dict[str, int]) -> Leg:
        """Dial, ring, and talk if somebody answers."""
        self.pbx.execute(caller, "Dial", f"PJSIP/{endpoint},{RING_LIMIT:.0f}")
        status = self._result(endpoint, results)
        callee = self.pbx.dial(caller, endpoint)
        yield self._random.uniform(0.1, 0.8)
        if status in {"ANSWER", "NOANSWER"}:
            self.pbx.enter(callee, State.RINGING)
            yield RING_LIMIT if status == "NOANSWER" else self._random.uniform(2, 15)
        if status == "ANSWER":
            yield from self._connect(caller, callee)
        else:
            self.pbx.dial_end(caller, callee, status)
            self.pbx.hangup(callee, RESULTS[status])
        return RESULTS[status]

    def _connect(self, caller: Channel, callee: Channel) -> Story:
        """Both sides talk, then the dialled one is gone."""
        self.pbx.enter(callee, State.UP)
        self.pbx.dial_end(caller, callee, "ANSWER")
        self.pbx.enter(caller, State.UP)
        self.pbx.bridge(caller, caller.uniqueid, callee.number)
        self.pbx.bridge(callee, caller.uniqueid, caller.number)
        yield self._talk()
        self.pbx.hangup(callee, 16)

    def _with_agent(self, caller: Channel, agent: str) -> Story:
        callee, called = self.pbx.call_agent(caller, agent), self.pbx.now
        joined = self.pbx.queue.waiting[caller.uniqueid]
        yield self._random.uniform(0.1, 0.5)
        self.pbx.enter(callee, State.RINGING)
        yield self._random.uniform(1, 6)
        answered = self.pbx.now
        self.pbx.connect(caller, callee, answered - called)
        yield from self._connect(caller, callee)
        self.pbx.complete(caller, callee, answered - joined, self.pbx.now - answered)

    def _agent_for(self, caller: Channel) -> str:
        """A free agent if it is this caller's turn, else empty."""
        ahead = itertools.takewhile(lambda waiting: waiting != caller.uniqueid, self.pbx.queue.waiting)
        members = self.pbx.queue.members
        free = [agent for agent in AGENTS if self.pbx.free(agent) and not members[agent].paused]
        return "" if any(ahead) or not free else self._random.choice(free)

    def _result(self, endpoint: str, results: dict[str, int]) -> str:
        """How dialling will end: a phone that is away or in use decides it by itself."""
        if self.pbx.contacts[endpoint].rtt is None:
            return "CHANUNAVAIL"
        if endpoint != CARRIER and self.pbx.of(endpoint):
            return "BUSY"
        (status,) = self._random.choices(list(results), list(results.values()))
        return status

    def _talk(self) -> float:
        return min(TALK * self._random.lognormvariate(0, TALK_SPREAD), TALK_LIMIT)

    def _number(self) -> str:
        return f"555{self._random.randrange(100, 200):04d}"
