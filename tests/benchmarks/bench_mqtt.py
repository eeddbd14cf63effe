"""Metrics per second to a real mosquitto, for both layouts, beside aiomqtt's own way to publish.

Run: python -m tests.benchmarks.bench_mqtt
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Literal

import aiomqtt

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import (
    QUEUE_ABANDONS,
    QUEUE_AVAILABLE,
    QUEUE_HOLD_TIME_AVERAGE,
    QUEUE_JOINS,
    QUEUE_LEAVES,
    QUEUE_LONGEST_WAIT,
    QUEUE_MEMBERS,
    QUEUE_TALK_TIME_AVERAGE,
    QUEUE_WAITING,
)
from bridge.core.sample import Sample
from bridge.protocols.mqtt_values import Values
from bridge.settings import MqttSettings
from bridge.sinks.mqtt import MqttSink
from tests.servers.mosquitto import mosquitto

QUEUES = 1000
BATCH = 1000
ROUNDS = 5
METRICS = [
    QUEUE_WAITING,
    QUEUE_MEMBERS,
    QUEUE_AVAILABLE,
    QUEUE_HOLD_TIME_AVERAGE,
    QUEUE_TALK_TIME_AVERAGE,
    QUEUE_LONGEST_WAIT,
    QUEUE_JOINS,
    QUEUE_LEAVES,
    QUEUE_ABANDONS,
]
SERIES = [metric.series("hq", f"queue-{number}") for number in range(QUEUES) for metric in METRICS]


def samples(turn: int) -> list[Sample]:
    """Every series with a value that it did not have before."""
    return [Sample(series, turn + place / 7, turn) for place, series in enumerate(SERIES)]


async def timed(work: Callable[[int], Awaitable[None]]) -> tuple[float, float]:
    """Metrics per second, and CPU microseconds per metric; medians of the rounds after the first."""
    walls, cpus = [], []
    for turn in range(ROUNDS + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        await work(turn)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return len(SERIES) / median(walls[1:]), median(cpus[1:]) / len(SERIES) * 1e6


async def our_sink(url: str, layout: Literal["entity", "metric"], qos: Literal[0, 1]) -> tuple[float, float]:
    sink = MqttSink(MqttSettings(url=url, layout=layout, qos=qos), CATALOG, dict, dict)

    async def work(turn: int) -> None:
        batch = samples(turn)
        for start in range(0, len(batch), BATCH):
            await sink.write(batch[start : start + BATCH])

    await sink.open()
    try:
        return await timed(work)
    finally:
        await sink.close()


async def plain_aiomqtt(url: str, qos: Literal[0, 1]) -> tuple[float, float]:
    values = Values("asterisk", "metric", ())
    port = int(url.rpartition(":")[2])

    async with aiomqtt.Client("127.0.0.1", port) as client:

        async def work(turn: int) -> None:
            for message in values.update(samples(turn), turn):
                await client.publish(message.topic, message.payload, qos, message.retain)

        return await timed(work)


async def main(url: str) -> None:
    print(f"{len(SERIES)} metrics, {ROUNDS} rounds, batches of {BATCH}; medians")
    print(f"{'':24}{'metrics/s':>12}{'CPU us/metric':>16}")
    rows: list[tuple[str, Awaitable[tuple[float, float]]]] = [
        ("entity, QoS 0", our_sink(url, "entity", 0)),
        ("entity, QoS 1", our_sink(url, "entity", 1)),
        ("metric, QoS 0", our_sink(url, "metric", 0)),
        ("metric, QoS 1", our_sink(url, "metric", 1)),
        ("aiomqtt alone, QoS 0", plain_aiomqtt(url, 0)),
        ("aiomqtt alone, QoS 1", plain_aiomqtt(url, 1)),
    ]
    for name, row in rows:
        speed, cpu = await row
        print(f"{name:24}{speed:12,.0f}{cpu:16.1f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, mosquitto(Path(folder), log="error") as broker:
        asyncio.run(main(broker.url))
