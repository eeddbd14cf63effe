"""What the topics of values say, and what becomes of samples."""

import json
import random
import string
from collections.abc import Sequence
from typing import Literal
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.channel_table import CHANNEL_STATE, CHANNEL_TECHNOLOGY
from bridge.asterisk.catalog.endpoints import CONTACT_RTT
from bridge.asterisk.catalog.queues import QUEUE_MEMBERS, QUEUE_WAITING
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE, SYSTEM_INFO, SYSTEM_UPTIME
from bridge.core import own
from bridge.core.metric import MetricKind
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.protocols.mqtt import AHEAD, LONGEST_TOPIC, RESERVED, Message
from bridge.protocols.mqtt_values import STALE, Values

Layout = Literal["entity", "metric"]
LAYOUTS: Sequence[Layout] = ("entity", "metric")
INFOS = {name for name, metric in CATALOG.items() if metric.kind is MetricKind.INFO}
FORBIDDEN = set("+#$ \0") | {chr(code) for code in (*range(32), *range(127, 160))}
NOW = 1_700_000_000.0

WAITING = QUEUE_WAITING.series("hq", "support")
MEMBERS = QUEUE_MEMBERS.series("hq", "support")
ACTIVE = DIALPLAN_ACTIVE.series("hq")


def at(series: Series, value: float, time: float = NOW) -> Sample:
    return Sample(series, value, time)


def published(layout: Layout, *samples: Sample) -> dict[str, str]:
    """What a fresh set of topics says after these samples."""
    return said(Values("asterisk", layout, INFOS).update(samples, NOW))


def said(messages: Sequence[Message]) -> dict[str, str]:
    return {message.topic: message.payload.decode() for message in messages}


class TestEntityLayout:
    """One retained JSON object per entity."""

    def test_an_entity_has_all_its_numbers_in_one_object(self) -> None:
        messages = published("entity", at(WAITING, 3), at(MEMBERS, 5.0), at(ACTIVE, 12))

        assert messages == {
            "asterisk/hq/queue/support": '{"waiting":3,"members":5}',
            "asterisk/hq/dialplan": '{"active":12}',
        }

    def test_a_fraction_stays_a_fraction(self) -> None:
        messages = published("entity", at(CONTACT_RTT.series("hq", "trunk"), 0.0123))

        assert messages == {"asterisk/hq/contact/trunk": '{"rtt":0.0123}'}

    def test_the_text_of_an_info_metric_is_a_field_beside_the_numbers(self) -> None:
        messages = published(
            "entity",
            at(SYSTEM_UPTIME.series("hq"), 60),
            at(SYSTEM_INFO.series("hq", '22.10.1 "rc"'), 1),
        )

        assert json.loads(messages["asterisk/hq/system"]) == {"uptime": 60, "version": '22.10.1 "rc"'}

    def test_a_new_text_takes_the_place_of_the_old(self) -> None:
        values = Values("asterisk", "entity", INFOS)
        values.update([at(SYSTEM_INFO.series("hq", "22.1"), 1)], NOW)

        messages = values.update([at(SYSTEM_INFO.series("hq", "22.2"), 1)], NOW)

        assert said(messages) == {"asterisk/hq/system": '{"version":"22.2"}'}

    def test_the_last_label_of_an_info_metric_is_its_text_and_the_others_are_its_entity(self) -> None:
        technology = CHANNEL_TECHNOLOGY.series("hq", "1700000000.1", "PJSIP")

        messages = published("entity", at(technology, 1))

        assert messages == {"asterisk/hq/channel/1700000000.1": '{"technology":"PJSIP"}'}

    def test_a_statsd_bucket_is_an_entity_with_its_statistics(self) -> None:
        tags = (("pbx", "hq"), ("route", "a/b"))

        messages = published(
            "entity",
            at(Series("statsd.web.requests.count", tags), 7),
            at(Series("statsd.web.requests.upper_99_9", tags), 0.5),
            at(Series("statsd.web.active", tags), 2),
            at(Series("statsd.count", tags), 1),
        )

        assert messages == {
            "asterisk/hq/statsd/route=a%2Fb/web.requests": '{"count":7,"upper_99_9":0.5}',
            "asterisk/hq/statsd/route=a%2Fb/web.active": '{"value":2}',
            "asterisk/hq/statsd/route=a%2Fb/count": '{"value":1}',
        }

    def test_the_bridge_reports_itself_as_a_pbx_of_that_name(self) -> None:
        messages = published("entity", at(own.SINK_DROPPED.series(BRIDGE, "mqtt", "overflow"), 4))

        assert messages == {"asterisk/bridge/sink/mqtt/overflow": '{"dropped":4}'}


class TestMetricLayout:
    """One retained plain number per series."""

    def test_a_series_has_a_topic_of_its_own(self) -> None:
        messages = published("metric", at(WAITING, 3), at(MEMBERS, 5.0), at(ACTIVE, 0.5))

        assert messages == {
            "asterisk/hq/queue/support/waiting": "3",
            "asterisk/hq/queue/support/members": "5",
            "asterisk/hq/dialplan/active": "0.5",
        }

    def test_the_text_of_an_info_metric_stands_as_it_is(self) -> None:
        messages = published("metric", at(SYSTEM_INFO.series("hq", "22.10.1"), 1))

        assert messages == {"asterisk/hq/system/version": "22.10.1"}

    def test_a_statsd_series_keeps_its_dotted_name(self) -> None:
        messages = published("metric", at(Series("statsd.web.requests.count", (("pbx", "hq"),)), 7))

        assert messages == {"asterisk/hq/statsd/web.requests.count": "7"}


@pytest.mark.parametrize("layout", LAYOUTS)
class TestWhatIsDue:
    """A retained topic is published when it changed; one that is not, whenever a sample comes."""

    def test_what_did_not_change_is_not_said_again(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)
        values.update([at(WAITING, 3), at(ACTIVE, 1)], NOW)

        messages = values.update([at(WAITING, 3), at(ACTIVE, 2)], NOW)

        assert [message.topic for message in messages] == [next(iter(published(layout, at(ACTIVE, 2))))]

    def test_of_several_values_in_a_batch_the_last_counts(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)

        messages = values.update([at(ACTIVE, 1), at(ACTIVE, 2), at(ACTIVE, 3)], NOW)

        assert said(messages) == published(layout, at(ACTIVE, 3))

    def test_what_is_not_retained_is_said_every_time(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS, retain=False)
        values.update([at(WAITING, 3)], NOW)

        messages = values.update([at(WAITING, 3)], NOW)

        assert said(messages) == published(layout, at(WAITING, 3))
        assert not values.everything()

    def test_everything_is_what_was_said_last_on_every_topic(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)
        values.update([at(WAITING, 3), at(MEMBERS, 5), at(ACTIVE, 1)], NOW)
        values.update([at(WAITING, 4)], NOW)

        assert said(values.everything()) == published(layout, at(WAITING, 4), at(MEMBERS, 5), at(ACTIVE, 1))

    @pytest.mark.parametrize("qos", [0, 1])
    @pytest.mark.parametrize("retain", [True, False])
    def test_messages_carry_qos_and_retain(self, layout: Layout, qos: Literal[0, 1], retain: bool) -> None:
        (message,) = Values("asterisk", layout, INFOS, qos=qos, retain=retain).update([at(ACTIVE, 1)], NOW)

        assert (message.qos, message.retain) == (qos, retain)


@pytest.mark.parametrize("layout", LAYOUTS)
class TestTime:
    """What is fresh goes before a backlog, and still no topic goes back in time."""

    def test_a_sample_older_than_what_the_topic_says_is_passed_over(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)
        values.update([at(WAITING, 5)], NOW)
        values.settle([])

        messages = values.update([at(WAITING, 3, NOW - 10), at(MEMBERS, 2, NOW - 10)], NOW)

        assert values.settle([]) == {"superseded": 1}
        assert len(messages) == 1
        assert said(values.everything()) == published(layout, at(WAITING, 5), at(MEMBERS, 2))

    @pytest.mark.parametrize("retain", [True, False])
    def test_a_sample_of_the_same_time_is_not_older(self, layout: Layout, retain: bool) -> None:
        values = Values("asterisk", layout, INFOS, retain=retain)
        values.update([at(WAITING, 5)], NOW)
        values.settle([])

        messages = values.update([at(WAITING, 6)], NOW)

        assert said(messages) == published(layout, at(WAITING, 6))
        assert not values.settle([])

    def test_the_text_of_an_info_metric_does_not_go_back_either(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)
        values.update([at(SYSTEM_INFO.series("hq", "22.2"), 1)], NOW)

        assert not values.update([at(SYSTEM_INFO.series("hq", "22.1"), 1, NOW - 60)], NOW)
        assert values.settle([]) == {"superseded": 1}

    def test_a_topic_from_a_future_that_was_none_gives_way_to_the_present(self, layout: Layout) -> None:
        """A clock that was wrong must not silence a topic until the time that it showed."""
        values = Values("asterisk", layout, INFOS)
        values.update([at(WAITING, 1, NOW + 86_400)], NOW + 86_400)

        present = values.update([at(WAITING, 2, NOW)], NOW)
        future = values.update([at(WAITING, 3, NOW + 86_300)], NOW)

        assert said(present) == published(layout, at(WAITING, 2))
        assert not future
        assert values.settle([]) == {"superseded": 1}

    def test_a_clock_a_little_ahead_is_believed(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)
        values.update([at(WAITING, 1)], NOW)

        assert values.update([at(WAITING, 2, NOW + AHEAD)], NOW)
        assert not values.settle([])


@pytest.mark.parametrize("layout", LAYOUTS)
class TestLedger:
    """Each sample is seen by a subscriber who was there all the time, or counted."""

    def test_values_that_are_replaced_before_anyone_saw_them_are_superseded(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)

        values.update([at(ACTIVE, number) for number in (1, 1, 2, 3, 3)], NOW)

        assert values.settle([]) == {"superseded": 3}

    def test_a_value_that_the_broker_retains_counts_as_delivered(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)
        values.update([at(ACTIVE, 1)], NOW)
        values.settle([])

        assert not values.update([at(ACTIVE, 1, NOW + 1)], NOW + 1)
        assert not values.settle([])

    def test_of_topics_that_are_refused_exactly_the_samples_are_lost(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)
        batch = [at(ACTIVE, 1), at(WAITING, 1), at(WAITING, 2), at(MEMBERS, 1)]
        messages = values.update(batch, NOW)
        refused = [place for place, message in enumerate(messages) if "queue" in message.topic]

        assert values.settle(refused) == {"superseded": 1, "not_allowed": 2}

    def test_what_was_refused_is_tried_again_with_each_sample(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)
        values.update([at(ACTIVE, 1)], NOW)
        values.settle([0])

        again = values.update([at(ACTIVE, 1)], NOW)
        lost = values.settle([])
        then = values.update([at(ACTIVE, 1)], NOW)

        assert said(again) == published(layout, at(ACTIVE, 1))
        assert not lost
        assert not then

    def test_what_is_refused_when_everything_is_said_is_remembered(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS)
        values.update([at(ACTIVE, 1)], NOW)
        values.settle([])
        values.everything()
        values.settle([0])

        values.update([at(ACTIVE, 1)], NOW)

        assert values.settle([0]) == {"not_allowed": 1}

    @given(
        batches=st.lists(
            st.tuples(st.booleans(), st.lists(st.tuples(st.integers(0, 2), st.integers(-99, 0)), max_size=6)),
            max_size=10,
        )
    )
    def test_whatever_comes_in_whatever_order_the_books_balance_and_nothing_goes_back(
        self, layout: Layout, batches: list[tuple[bool, list[tuple[int, int]]]]
    ) -> None:
        """Some batches fail, and come again after the others."""
        series = [WAITING, MEMBERS, ACTIVE]
        turns = [*batches, *((False, batch) for fails, batch in batches if fails)]
        values = Values("asterisk", layout, INFOS)
        seen: dict[str, dict[str, float]] = {}
        given_times: dict[int, int] = {}
        lost = 0

        for fails, batch in turns:
            samples = [at(series[which], time, NOW + time) for which, time in batch]
            for message in values.update(samples, NOW):
                content = json.loads(message.payload)
                fields = content if isinstance(content, dict) else {"": content}
                before = seen.setdefault(message.topic, {})
                assert all(number >= before.get(key, number) for key, number in fields.items())
                before |= fields
            for which, time in batch:
                given_times[which] = max(given_times.get(which, time), time)
            lost += 0 if fails else sum(values.settle([]).values())

        assert sorted(number for fields in seen.values() for number in fields.values()) == sorted(
            given_times.values()
        )
        assert 0 <= lost <= sum(len(batch) for _, batch in batches) - len(given_times)


@pytest.mark.parametrize("layout", LAYOUTS)
class TestStream:
    """What is not retained is a stream: whoever records it misses nothing."""

    def test_every_sample_is_said_in_order(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS, retain=False)

        messages = values.update([at(ACTIVE, number, NOW + number) for number in range(5)], NOW)

        assert [
            message.payload.decode() if layout == "metric" else str(json.loads(message.payload)["active"])
            for message in messages
        ] == list("01234")
        assert not values.settle([])

    def test_what_was_measured_together_is_said_together(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS, retain=False)
        batch = [at(series, turn, NOW + turn) for turn in (1, 2) for series in (WAITING, MEMBERS)]

        messages = values.update(batch, NOW)

        assert len(messages) == (2 if layout == "entity" else 4)

    def test_a_batch_that_failed_is_said_again_whole(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS, retain=False)
        batch = [at(ACTIVE, number, NOW + number) for number in range(3)]
        first = values.update(batch, NOW)

        again = values.update(batch, NOW)

        assert again == first
        assert not values.settle([])

    def test_what_is_older_than_what_was_said_is_superseded(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS, retain=False)
        values.update([at(ACTIVE, 1), at(ACTIVE, 0, NOW - 1)], NOW)
        first = values.settle([])

        assert not values.update([at(ACTIVE, 0, NOW - 1)], NOW)
        assert first == values.settle([]) == {"superseded": 1}

    def test_exactly_the_samples_of_a_refused_message_are_lost(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS, retain=False)
        batch = [at(WAITING, 1), at(MEMBERS, 1), at(ACTIVE, 1)]
        messages = values.update(batch, NOW)
        refused = [place for place, message in enumerate(messages) if "queue" in message.topic]

        assert values.settle(refused) == {"not_allowed": 2}

    def test_a_stale_topic_that_makes_room_leaves_without_a_word(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS, retain=False, most=1)
        values.update([at(ACTIVE, 1)], NOW)

        messages = values.update([at(WAITING, 1)], NOW + STALE + 1)

        assert said(messages) == published(layout, at(WAITING, 1))


@pytest.mark.parametrize("layout", LAYOUTS)
class TestBounds:
    """What is kept is bounded, and what is refused is counted."""

    def test_beyond_the_limit_further_series_are_refused_and_known_ones_go_on(self, layout: Layout) -> None:
        values = Values("asterisk", layout, INFOS, most=2)

        first = values.update([at(WAITING, 1), at(MEMBERS, 1), at(ACTIVE, 1), at(ACTIVE, 2)], NOW)
        lost = values.settle([])
        later = values.update([at(WAITING, 2), at(MEMBERS, 2)], NOW)

        assert lost == {"no_room": 2}
        assert said(first) == published(layout, at(WAITING, 1), at(MEMBERS, 1))
        assert said(later) == published(layout, at(WAITING, 2), at(MEMBERS, 2))

    def test_a_topic_that_has_long_been_silent_makes_room_and_leaves_the_broker(self, layout: Layout) -> None:
        channels = [CHANNEL_STATE.series("hq", name) for name in ("old", "live", "new")]
        old, live, new = channels
        values = Values("asterisk", layout, INFOS, most=2)
        values.update([at(old, 6), at(live, 6)], NOW)
        values.update([at(live, 6)], NOW + STALE)

        messages = values.update([at(new, 4)], NOW + STALE + 1)

        (gone,) = published(layout, at(old, 6))
        assert said(messages) == {gone: ""} | published(layout, at(new, 4))
        assert not values.settle([])
        assert said(values.everything()) == published(layout, at(live, 6), at(new, 4))

    @pytest.mark.parametrize(("length", "refused"), [(100, 0), (LONGEST_TOPIC, 1)])
    def test_a_topic_that_mqtt_cannot_carry_is_refused(
        self, layout: Layout, length: int, refused: int
    ) -> None:
        values = Values("asterisk", layout, INFOS)

        messages = values.update([at(QUEUE_WAITING.series("hq", "q" * length), 1)], NOW)

        assert values.settle([]).get("no_room", 0) == refused
        assert len(messages) == 1 - refused
        assert all(len(message.topic.encode()) <= LONGEST_TOPIC for message in messages)


class TestTopicSafety:
    """No name, however strange, breaks a topic or takes the place of another."""

    @staticmethod
    def names(amount: int) -> list[str]:
        """Different names, with a fondness for what has a meaning in topics, paths and escapes."""
        chance = random.Random(22)
        letters = "/+#$%=. \0\n\t~ä€\ud800\U0001f4de\x7f\x85\ufffe" + string.printable
        found = {"", "%", "%25", "/", "//", "a/b", "a%2Fb", "+", "#", "$SYS", "..", "\ud800"}
        while len(found) < amount:
            found.add("".join(chance.choices(letters, k=chance.randint(1, 12))))
        return sorted(found)

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_ten_thousand_names_have_ten_thousand_topics_and_read_back(self, layout: Layout) -> None:
        names = self.names(10_000)

        topics = [
            message.topic
            for message in Values("asterisk", layout, INFOS).update(
                [at(QUEUE_WAITING.series("hq", name), 1) for name in names], NOW
            )
        ]

        labels = [topic.split("/")[3] for topic in topics]
        read_back = ["" if label == "%" else unquote_to_bytes(label) for label in labels]
        assert len(set(topics)) == 10_000
        assert [name.encode("utf-8", "surrogatepass") or "" for name in names] == read_back
        assert not [topic for topic in topics if set(topic) & FORBIDDEN or not topic.isascii()]

    @given(
        layout=st.sampled_from(LAYOUTS),
        names=st.sets(st.tuples(st.text(), st.text(), st.text(min_size=1)), min_size=2, max_size=20),
    )
    def test_no_two_buckets_share_a_place(self, layout: Layout, names: set[tuple[str, str, str]]) -> None:
        """Free label keys, label values and dotted names, as users send them."""
        series = {
            Series(f"statsd.{bucket}", (("pbx", "hq"), (key, value))): float(number)
            for number, (key, value, bucket) in enumerate(names)
        }

        messages = Values("asterisk", layout, INFOS).update([at(*item) for item in series.items()], NOW)

        documents = [json.loads(message.payload) for message in messages]
        numbers = [
            value
            for document in documents
            for value in (document.values() if layout == "entity" else [document])
        ]
        assert sorted(numbers) == sorted(series.values())
        assert not [message for message in messages if set(message.topic) & FORBIDDEN]

    @given(words=st.text())
    def test_any_text_makes_valid_json(self, words: str) -> None:
        (message,) = Values("asterisk", "entity", INFOS).update([at(SYSTEM_INFO.series("hq", words), 1)], NOW)

        assert json.loads(message.payload) == {"version": words}


class TestCatalogue:
    """What the topics take for granted of the catalogue."""

    def test_no_group_has_the_name_of_a_topic_of_ours(self) -> None:
        groups = {name.partition(".")[0] for name in CATALOG}

        assert not groups & RESERVED

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_every_metric_has_a_place_of_its_own(self, layout: Layout) -> None:
        samples = [at(metric.series("hq", *["x"] * len(metric.labels)), 1) for metric in CATALOG.values()]

        messages = Values("asterisk", layout, INFOS).update(samples, NOW)

        shown = sum(len(json.loads(message.payload)) if layout == "entity" else 1 for message in messages)
        assert shown == len(CATALOG)
