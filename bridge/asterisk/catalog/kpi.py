"""What the trade calls its key figures, each with its definition.

They are made of the catalogue's own counters over a window that slides, 15 minutes if nothing else is set:
`pbx.<name>.ami.kpi_window`. A ratio of what did not happen within the window says nothing.
"""

from bridge.core.metric import Cardinality, Metric, MetricKind

SEIZED = "Seizures are the calls that ended in the window, but for those that found no circuit (congestion)"
RINGS = "Of dialled legs, not of calls: a group of five phones is five of them"


def _of_pbx(name: str, text: str, unit: str = "", caveat: str = "") -> Metric:
    return Metric(f"kpi.{name}", MetricKind.GAUGE, text, unit, sources=("ami",), caveat=caveat)


def _of_queue(name: str, text: str, unit: str = "ratio", caveat: str = "") -> Metric:
    kind, entity = MetricKind.GAUGE, Cardinality.ENTITY
    return Metric(f"queue_kpi.{name}", kind, text, unit, ("queue",), ("ami",), entity, caveat)


# --- calls, over the window

KPI_ASR = _of_pbx(
    "asr", "Answer-seizure ratio (E.411, E.425): answered calls / seizures", "ratio", caveat=SEIZED
)
KPI_ABR = _of_pbx(
    "abr",
    "Answer-bid ratio (E.411): answered calls / bids",
    "ratio",
    caveat="Bids are all calls that ended in the window, whether they found a circuit or not",
)
KPI_NER = _of_pbx(
    "ner",
    "Network effectiveness ratio (E.425): answered, busy, unanswered, given up or rejected calls / seizures",
    "ratio",
    caveat=f"{SEIZED}. Rejected holds causes 20 (subscriber absent), 21, 22 and 28",
)
KPI_ACD = _of_pbx("acd", "Average call duration (ALOC): talk time / answered calls", "seconds")
KPI_MHT = _of_pbx(
    "mht", "Mean holding time (E.600): time from begin to end of calls / seizures", "seconds", caveat=SEIZED
)
KPI_PDD = _of_pbx(
    "pdd", "Post-dial delay: mean time from dialling to the first sign of ringing", "seconds", caveat=RINGS
)
KPI_ANSWER_TIME = _of_pbx(
    "answer_time",
    "Mean time from dialling to the answer, of legs that were answered",
    "seconds",
    caveat=RINGS,
)
KPI_SHORT_CALLS = _of_pbx(
    "short_calls", "Calls answered for 6 s or less / answered calls: a sign of fraud or of faults", "ratio"
)
KPI_CPS = _of_pbx("cps", "Call attempts per second, on average")
KPI_BHCA = _of_pbx(
    "bhca",
    "Busy hour call attempts (E.600): in the busiest 60 minutes of the last 24 hours",
    caveat="In steps of 15 minutes. It begins anew with the bridge",
)
KPI_ERLANGS = _of_pbx(
    "erlangs", "Traffic (E.600): the mean number of calls at once", caveat="Sampled at each poll"
)
KPI_BLOCKING = _of_pbx(
    "blocking",
    "Erlang B (E.520): share of calls that find system.max_calls reached at the mean of dialplan.active",
    "ratio",
    caveat="Only where Asterisk has a limit (maxcalls of asterisk.conf)",
)

# --- queues, over the window

OFFERED = "Offered are the callers whose wait ended in the window: answered, abandoned, or left otherwise"
IN_TIME = "In time is within queue.service_level_bound; says nothing while that is 0, as it is unless set"

QUEUE_KPI_SERVICE_LEVEL = _of_queue(
    "service_level",
    "Service level: callers answered in time / offered callers",
    caveat=f"{IN_TIME}. {OFFERED}",
)
QUEUE_KPI_SERVICE_LEVEL_ANSWERED = _of_queue(
    "service_level_answered",
    "Service level as Asterisk defines it: callers answered in time / answered callers",
    caveat=f"{IN_TIME}. Asterisk's own figure goes back to its start, this one only over the window",
)
QUEUE_KPI_SERVICE_LEVEL_PATIENT = _of_queue(
    "service_level_patient",
    "Service level without those that gave up early: answered in time / (offered - abandoned in time)",
    caveat=f"{IN_TIME}. {OFFERED}",
)
QUEUE_KPI_SERVICE_LEVEL_20 = _of_queue(
    "service_level_20",
    "Service level of the trade, whose aim is often 0.8: callers answered within 20 s / offered callers",
    caveat=OFFERED,
)
QUEUE_KPI_ABANDON_RATE = _of_queue(
    "abandon_rate", "Callers that hung up while waiting / offered callers", caveat=OFFERED
)
QUEUE_KPI_ASA = _of_queue(
    "asa", "Average speed of answer: waiting time of answered callers / them", "seconds"
)
QUEUE_KPI_AHT = _of_queue(
    "aht",
    "Average handling time: talk time / calls that ended",
    "seconds",
    caveat="Holds are part of the talk; wrap-up time is not in it, as Asterisk does not tell it",
)
QUEUE_KPI_OCCUPANCY = _of_queue(
    "occupancy",
    "Share of the time that members spent in calls: time in use / (time in use + time available)",
    caveat="By the state of their devices at each poll, so calls that are not of the queue count too",
)
