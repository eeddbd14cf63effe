"""Metrics per second to a real mosquitto, for both layouts, beside aiomqtt's own way to publish.

    python -m tests.benchmarks.bench_mqtt [--rounds 7] [--metrics 9000] [--smoke]

Every metric has a new value of three decimals each time. In each round every way has its turn. An entity is
what one message of layout `entity` tells of: a queue has up to 65 metrics, of which 9 come in an answer of
AMI; the goal was set for 100.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Literal, NamedTuple

import aiomqtt

from bridge.app import _event_loop
from bridge.asterisk.catalog import CATALOG
from bridge.core.sample import Sample, Series
from bridge.protocols.mqtt_values import Values
from bridge.settings import MqttSettings
from bridge.sinks.mqtt import MqttSink
from tests.benchmarks import wording
from tests.servers.mosquitto import mosquitto

BATCH = 1000
"""Samples given to the sink at once, as Delivery does by default."""
ENTITIES = (9, 65, 100)
WANTED, TIMES = 500_000, 3.0
"""Metrics a second in layout `entity`; messages a second in layout `metric`, beside aiomqtt."""

Layout = Literal["entity", "metric"]
Write = Callable[[Sequence[Sample]], Awaitable[object]]


class Kind(NamedTuple):
    """Of a connection."""

    version: Literal["3.1.1", "5"]
    qos: Literal[0, 1]

    def __str__(self) -> str:
        return f"MQTT {self.version}, QoS {self.qos}"


KINDS = (Kind("5", 0), Kind("5", 1), Kind("3.1.1", 1))
GOAL = KINDS[1]
"""What the goals are held to: the default, with which mosquitto takes no more than 20 messages at once."""


class Cost(NamedTuple):
    """What one round took."""

    rate: float
    cpu: float


def series(metrics: int, each: int) -> list[Series]:
    """So many, of queues with so many metrics each."""
    return [
        Series(f"queue.what{number % each}", (("pbx", "hq"), ("queue", f"queue-{number // each}")))
        for number in range(metrics)
    ]


async def timed(write: Write, of: Sequence[Series], turn: int) -> Cost:
    """Metrics per second, and CPU microseconds per metric, of one batch after another."""
    samples = [Sample(one, round(random.uniform(0, 100), 3), turn) for one in of]
    batches = [samples[start : start + BATCH] for start in range(0, len(samples), BATCH)]
    wall, cpu = time.perf_counter(), time.process_time()
    for batch in batches:
        await write(batch)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(len(of) / wall, cpu / len(of) * 1e6)


async def our_sink(stack: AsyncExitStack, url: str, name: str, layout: Layout, kind: Kind) -> Write:
    """A sink as the bridge has it, with topics and a client id that no other has."""
    own = {"prefix": f"bench/{name}", "client_id": f"bench-{name}", "version": kind.version}
    settings = MqttSettings.model_validate({"url": url, "layout": layout, "qos": kind.qos, **own})
    sink = MqttSink(settings, CATALOG, dict, dict)
    await sink.open()
    stack.push_async_callback(sink.close)
    return sink.write


async def plain_aiomqtt(stack: AsyncExitStack, url: str, kind: Kind) -> Write:
    """One message after another."""
    values = Values("asterisk", "metric", ())
    port = int(url.rpartition(":")[2])
    version = aiomqtt.ProtocolVersion.V5 if kind.version == "5" else aiomqtt.ProtocolVersion.V311
    client = await stack.enter_async_context(aiomqtt.Client("127.0.0.1", port, protocol=version))

    async def write(batch: Sequence[Sample]) -> None:
        for message in values.update(batch, batch[0].time):
            await client.publish(message.topic, message.payload, kind.qos, message.retain)

    return write


async def measure(url: str, rounds: int, metrics: int) -> dict[str, list[Cost]]:
    """What each way cost in each round, after one that does not count."""
    costs: dict[str, list[Cost]] = {}
    queues = series(metrics, ENTITIES[0])
    async with AsyncExitStack() as stack:
        ways: dict[str, tuple[Write, list[Series]]] = {}
        for kind in KINDS:
            for each in ENTITIES:
                name = f"entity of {each}, {kind}"
                ways[name] = await our_sink(stack, url, name, "entity", kind), series(metrics, each)
            name = f"metric, {kind}"
            ways[name] = await our_sink(stack, url, name, "metric", kind), queues
            ways[f"aiomqtt, {kind}"] = await plain_aiomqtt(stack, url, kind), queues[: metrics // 4]
        for turn in range(rounds + 1):
            for name, (write, of) in ways.items():
                costs.setdefault(name, []).append(await timed(write, of, turn))
    return {name: found[1:] for name, found in costs.items()}


def table(costs: dict[str, list[Cost]]) -> list[str]:
    """Medians, and what was wanted."""
    rates = {name: median(cost.rate for cost in found) for name, found in costs.items()}
    pairs = zip(costs[f"metric, {GOAL}"], costs[f"aiomqtt, {GOAL}"], strict=True)
    ratio = median(ours.rate / theirs.rate for ours, theirs in pairs)
    best = rates[f"entity of 100, {GOAL}"]
    return [
        "| way | metrics/s | CPU us/metric |",
        "| --- | --- | --- |",
        *(
            f"| {name} | {rates[name]:,.0f} | {median(cost.cpu for cost in found):.2f} |"
            for name, found in costs.items()
        ),
        "",
        f"entity of 100, {GOAL}: {best:,.0f} metrics/s, wanted {WANTED:,}: {wording.verdict(best >= WANTED)}",
        f"metric, {GOAL}: {ratio:.1f} x aiomqtt, wanted {TIMES:g} x: {wording.verdict(ratio >= TIMES)}",
    ]


def main(words: list[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = wording.options(__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--metrics", type=int, default=9000)
    chosen = parser.parse_args(words)
    if chosen.smoke:
        chosen.rounds, chosen.metrics = 1, 400
    print(f"{chosen.metrics} metrics, {chosen.rounds} rounds, batches of {BATCH}; medians\n")
    with (
        tempfile.TemporaryDirectory() as folder,
        mosquitto(Path(folder), log="error") as broker,
        asyncio.Runner(loop_factory=_event_loop) as runner,
    ):
        print("\n".join(table(runner.run(measure(broker.url, chosen.rounds, chosen.metrics)))))


if __name__ == "__main__":
    main()
