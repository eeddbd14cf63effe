"""Queues, their members and agents."""

from bridge.core.metric import Metric, MetricKind

COUNTER, GAUGE = MetricKind.COUNTER, MetricKind.GAUGE
QUEUE = ("queue",)

QUEUE_WAITING = Metric("queue.waiting", GAUGE, "Callers waiting now", labels=QUEUE, sources=("ami",))
QUEUE_MEMBERS = Metric(
    "queue.members",
    GAUGE,
    "Members whose device is neither unavailable nor invalid",
    labels=QUEUE,
    sources=("ami",),
)
QUEUE_AVAILABLE = Metric(
    "queue.available", GAUGE, "Members idle and not paused", labels=QUEUE, sources=("ami",)
)
QUEUE_HOLD_TIME = Metric(
    "queue.hold_time",
    GAUGE,
    "Asterisk's moving average of waiting time",
    "seconds",
    labels=QUEUE,
    sources=("ami",),
)
QUEUE_TALK_TIME = Metric(
    "queue.talk_time",
    GAUGE,
    "Asterisk's moving average of talk time",
    "seconds",
    labels=QUEUE,
    sources=("ami",),
)
QUEUE_LONGEST_WAIT = Metric(
    "queue.longest_wait",
    GAUGE,
    "How long the first caller has waited",
    "seconds",
    labels=QUEUE,
    sources=("ami",),
)
QUEUE_JOINS = Metric("queue.joins", COUNTER, "Callers that entered", labels=QUEUE, sources=("ami",))
QUEUE_LEAVES = Metric(
    "queue.leaves", COUNTER, "Callers that left, for whatever reason", labels=QUEUE, sources=("ami",)
)
QUEUE_ABANDONS = Metric(
    "queue.abandons", COUNTER, "Callers that hung up while waiting", labels=QUEUE, sources=("ami",)
)
