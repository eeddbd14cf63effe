"""Queues, their members and agents.

Of each queue Asterisk writes the file queue_log, and the counters here are equal to its rows. Asterisk's own
statistics, which count some things otherwise, stand under names of their own.
"""

from bridge.core.histogram import Histogram
from bridge.core.metric import Cardinality, Metric, MetricKind

COUNTER, GAUGE = MetricKind.COUNTER, MetricKind.GAUGE
ENTITY, UNBOUNDED = Cardinality.ENTITY, Cardinality.UNBOUNDED
AMI = ("ami",)

SETTLED = "Known some seconds late: only what follows tells how a caller left"
OF_ASTERISK = "Since the statistics of the queue were reset last, or Asterisk started; a reload keeps them"
PERSONAL = "Names a person: shown only if a setting asks for it"


def _of_queue(name: str, kind: MetricKind, text: str, unit: str = "", caveat: str = "") -> Metric:
    return Metric(name, kind, text, unit, ("queue",), AMI, ENTITY, caveat)


def _of_agent(name: str, kind: MetricKind, text: str, unit: str = "") -> Metric:
    return Metric(name, kind, text, unit, ("queue", "agent"), AMI, UNBOUNDED, PERSONAL)


# --- callers

QUEUE_WAITING = _of_queue("queue.waiting", GAUGE, "Callers waiting now")
QUEUE_LONGEST_WAIT = _of_queue(
    "queue.longest_wait",
    GAUGE,
    "How long the caller who waits longest has waited; 0 if nobody waits",
    "seconds",
)
QUEUE_JOINS = _of_queue("queue.joins", COUNTER, "Callers that entered (ENTERQUEUE)")
QUEUE_LEAVES = _of_queue("queue.leaves", COUNTER, "Callers that left, for whatever reason")
QUEUE_ANSWERED = _of_queue("queue.answered", COUNTER, "Callers that were connected to a member (CONNECT)")
QUEUE_ANSWERED_IN_TIME = _of_queue(
    "queue.answered_in_time",
    COUNTER,
    "Callers that were connected within queue.service_level_bound",
    caveat="The bound is `servicelevel` of queues.conf. Asterisk's default is 0, which few calls can meet; "
    "queue.wait_time has the counts for other bounds",
)
QUEUE_ABANDONS = _of_queue(
    "queue.abandons",
    COUNTER,
    "Callers that hung up while waiting (ABANDON)",
    caveat=f"{SETTLED}. Told from a timeout by where in the dialplan the channel ends. An exit is counted "
    "instead where Asterisk itself ends a channel (TIMEOUT(absolute), the action Hangup) in a context with "
    "an extension h, and perhaps the other way round where AGI runs Queue()",
)
QUEUE_ABANDONS_IN_TIME = _of_queue(
    "queue.abandons_in_time",
    COUNTER,
    "Callers that hung up within queue.service_level_bound",
    caveat=SETTLED,
)
QUEUE_EXITS = _of_queue(
    "queue.exits",
    COUNTER,
    "Callers that left unanswered without hanging up: timeout, key, nobody to answer (EXITWITHTIMEOUT, "
    "EXITWITHKEY, EXITEMPTY, WITHDRAW)",
    caveat=f"{SETTLED}. A subroutine of the member that runs longer than that before the connection makes "
    "one too many",
)
QUEUE_MEMBER_CALLS = _of_queue("queue.member_calls", COUNTER, "Calls to members, answered or not")
QUEUE_RING_NO_ANSWERS = _of_queue(
    "queue.ring_no_answers", COUNTER, "Calls to members that they did not answer (RINGNOANSWER)"
)
QUEUE_END_COMPLETED = Metric(
    "queue_end.completed",
    COUNTER,
    "Answered calls that have ended, by who ended them: caller, agent, transfer (COMPLETECALLER, "
    "COMPLETEAGENT, BLINDTRANSFER, ATTENDEDTRANSFER)",
    labels=("queue", "reason"),
    sources=AMI,
    cardinality=ENTITY,
)
QUEUE_WAIT_TIME = Histogram(
    "queue.wait_time",
    "How long callers waited until they were connected",
    (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600),
    labels=("queue",),
    sources=AMI,
    cardinality=ENTITY,
    caveat="In whole seconds, as Asterisk tells it",
)
QUEUE_ABANDON_TIME = Histogram(
    "queue.abandon_time",
    "How long callers waited until they hung up",
    (5, 10, 20, 30, 60, 120, 300, 600),
    labels=("queue",),
    sources=AMI,
    cardinality=ENTITY,
    caveat=SETTLED,
)
QUEUE_TALK_TIME = Histogram(
    "queue.talk_time",
    "How long callers and members talked",
    (10, 30, 60, 120, 180, 300, 600, 1200, 1800, 3600),
    labels=("queue",),
    sources=AMI,
    cardinality=ENTITY,
)
QUEUE_RING_TIME = Histogram(
    "queue.ring_time",
    "How long a member was rung until the answer",
    (5, 10, 15, 20, 30, 60),
    labels=("queue",),
    sources=AMI,
    cardinality=ENTITY,
)

# --- what Asterisk makes of it

QUEUE_SERVICE_LEVEL_BOUND = _of_queue(
    "queue.service_level_bound",
    GAUGE,
    "Within how long callers should be answered: `servicelevel`",
    "seconds",
)
QUEUE_HOLD_TIME_AVERAGE = _of_queue(
    "queue.hold_time_average",
    GAUGE,
    "Asterisk's moving average of waiting time, in which the last call weighs a quarter",
    "seconds",
    OF_ASTERISK,
)
QUEUE_TALK_TIME_AVERAGE = _of_queue(
    "queue.talk_time_average",
    GAUGE,
    "Asterisk's moving average of talk time, in which the last call weighs a quarter",
    "seconds",
    OF_ASTERISK,
)
QUEUE_ASTERISK_SERVICE_LEVEL = _of_queue(
    "queue.asterisk_service_level",
    GAUGE,
    "Asterisk's service level: answered in time / completed",
    "ratio",
    OF_ASTERISK,
)
QUEUE_ASTERISK_SERVICE_LEVEL_2 = _of_queue(
    "queue.asterisk_service_level_2",
    GAUGE,
    "Asterisk's second service level: (answered in time + abandoned in time) / (completed + abandoned)",
    "ratio",
    OF_ASTERISK,
)
QUEUE_ASTERISK_COMPLETED = _of_queue(
    "queue.asterisk_completed",
    COUNTER,
    "Asterisk's count of answered calls that have ended",
    caveat="To check queue_end.completed by: equal to the sum of its reasons as far as no event was missed",
)
QUEUE_ASTERISK_ABANDONED = _of_queue(
    "queue.asterisk_abandoned",
    COUNTER,
    "Asterisk's count of callers that gave up",
    caveat="Asterisk counts most exits too, timeouts above all: compare with queue.abandons + queue.exits",
)

# --- members

QUEUE_MEMBERS = _of_queue("queue.members", GAUGE, "Members whose device is neither unavailable nor invalid")
QUEUE_AVAILABLE = _of_queue(
    "queue.available",
    GAUGE,
    "Members that can be called: not paused, and idle or of unknown state",
    caveat="As QueueSummary counts them: one in wrap-up time is among them",
)
QUEUE_PAUSED = _of_queue("queue.paused", GAUGE, "Members that are paused, whatever their device does")
QUEUE_STATE_MEMBERS = Metric(
    "queue_state.members",
    GAUGE,
    "Members by the state of their device, paused or not",
    labels=("queue", "state"),
    sources=AMI,
    cardinality=ENTITY,
)
AGENTS_COUNT = Metric(
    "agents.count",
    GAUGE,
    "Devices that are members of one queue or more, and neither unavailable nor invalid",
    sources=AMI,
    caveat="Whoever answers for several queues at one device counts once",
)
AGENTS_AVAILABLE = Metric(
    "agents.available", GAUGE, "Of agents.count, those that one queue or more can call", sources=AMI
)
AGENTS_PAUSED = Metric(
    "agents.paused", GAUGE, "Of agents.count, those that are paused in all of their queues", sources=AMI
)

AGENT_CALLS = _of_agent("agent.calls", COUNTER, "Calls that the agent took from the queue")
AGENT_AVAILABLE = _of_agent("agent.available", GAUGE, "1 while the queue can call the agent")
AGENT_IN_CALL = _of_agent("agent.in_call", GAUGE, "1 while the agent talks to a caller of the queue")
AGENT_PAUSED = _of_agent("agent.paused", GAUGE, "1 while the agent is paused")
AGENT_PAUSED_TIME = _of_agent(
    "agent.paused_time", GAUGE, "How long the agent has been paused now; 0 if not", "seconds"
)
AGENT_LAST_CALL_AGE = _of_agent(
    "agent.last_call_age", GAUGE, "How long ago the agent's last call of the queue ended", "seconds"
)
AGENT_LOGGED_IN_TIME = _of_agent(
    "agent.logged_in_time", GAUGE, "How long the agent has been a member of the queue", "seconds"
)
