"""Hang-up causes: Q.850 as Asterisk uses it, with Asterisk's own additions, and what they say of a call."""

from enum import StrEnum

CAUSES: dict[int, str] = {
    0: "unknown",
    1: "unallocated",
    2: "no_route_transit_net",
    3: "no_route_destination",
    5: "misdialled_trunk_prefix",
    6: "channel_unacceptable",
    7: "call_awarded_delivered",
    8: "pre_empted",
    14: "number_ported_not_here",
    16: "normal_clearing",
    17: "user_busy",
    18: "no_user_response",
    19: "no_answer",
    20: "subscriber_absent",
    21: "call_rejected",
    22: "number_changed",
    23: "redirected_to_new_destination",
    26: "answered_elsewhere",
    27: "destination_out_of_order",
    28: "invalid_number_format",
    29: "facility_rejected",
    30: "response_to_status_enquiry",
    31: "normal_unspecified",
    34: "normal_circuit_congestion",
    38: "network_out_of_order",
    41: "normal_temporary_failure",
    42: "switch_congestion",
    43: "access_info_discarded",
    44: "requested_chan_unavail",
    50: "facility_not_subscribed",
    52: "outgoing_call_barred",
    54: "incoming_call_barred",
    57: "bearercapability_notauth",
    58: "bearercapability_notavail",
    65: "bearercapability_notimpl",
    66: "chan_not_implemented",
    69: "facility_not_implemented",
    81: "invalid_call_reference",
    88: "incompatible_destination",
    95: "invalid_msg_unspecified",
    96: "mandatory_ie_missing",
    97: "message_type_nonexist",
    98: "wrong_message",
    99: "ie_nonexist",
    100: "invalid_ie_contents",
    101: "wrong_call_state",
    102: "recovery_on_timer_expire",
    103: "mandatory_ie_length_error",
    111: "protocol_error",
    127: "interworking",
}
"""Number to name."""

HIGHEST = 127
"""Q.850 has seven bits."""


def cause_name(number: str) -> str:
    """The name of a cause as Asterisk gives it, in digits; `cause_<n>` for one without a name.

    Anything that is no cause is `unknown`, so that there are never more than 128 names.
    """
    if not (number.isascii() and number.isdigit()) or len(number) > 3 or int(number) > HIGHEST:
        return CAUSES[0]
    return CAUSES.get(int(number), f"cause_{int(number)}")


class Result(StrEnum):
    """What came of a call.

    CANCELLED: the caller hung up first, or the call ended in the normal way before it was answered.
    REJECTED: the other side would not have it: declined, absent, changed or incomplete number.
    UNALLOCATED: there is no such number, or no way to it.
    CONGESTION: no circuit, or an overload.
    FAILED: out of order, not allowed, not compatible, or a fault of the protocol.
    OTHER: nobody said.
    """

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNALLOCATED = "unallocated"
    CONGESTION = "congestion"
    FAILED = "failed"
    CANCELLED = "cancelled"
    OTHER = "other"


GROUPS: dict[Result, frozenset[int]] = {
    Result.BUSY: frozenset({17}),
    Result.NO_ANSWER: frozenset({18, 19}),
    Result.REJECTED: frozenset({20, 21, 22, 28}),
    Result.UNALLOCATED: frozenset({1, 2, 3}),
    Result.CONGESTION: frozenset({34, 41, 42, 43, 44}),
    Result.FAILED: frozenset({27, 29, 38, 50, 52, 54, 57, 58, 65, 66, 69, 81, 88, *range(95, 112), 127}),
    Result.CANCELLED: frozenset({16, 26, 31}),
}
"""The causes that an unanswered call may end with. All others are `other`."""

_RESULTS = {str(cause): result for result, causes in GROUPS.items() for cause in causes}


def result_of(number: str) -> Result:
    """What a cause says of a call that was not answered; the cause as Asterisk gives it, in digits."""
    return _RESULTS.get(number, Result.OTHER)
