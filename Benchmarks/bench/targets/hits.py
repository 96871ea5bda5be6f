"""Targets 1 to 3: hits over RESP, beside Redis itself and the proxies."""

import time

from .. import load, wire
from ..results import Check, Row

LARGE = {"16 KiB": (16 << 10, 1_000), "1 MiB": (1 << 20, 100)}


def measure(bench):
    redis = bench.servers["Redis"]

    def run(test, count, pipeline):
        def turn(name, share):
            return load.redis_benchmark(
                bench.servers[name], test, round(bench.requests(count) * share), pipeline, redis)
        return turn

    names = bench.present("redis-proxy", "Redis", "twemproxy", "Envoy", "other build")
    row = Row(1, "hit", bench.in_turns(names, run("get", 60_000, 1)))
    row.hold("per_second", "redis-proxy", "Redis", 1.0)
    row.hold("cpu_microseconds", "redis-proxy", "Redis", 1.1, at_least=False)
    row.hold("p99_milliseconds", "redis-proxy", "Redis", 1.0, at_least=False)
    yield row
    for pipeline, count in (16, 400_000), (100, 500_000):
        row = Row(2, f"hit, pipeline of {pipeline}", bench.in_turns(names, run("get", count, pipeline)))
        row.hold("per_second", "redis-proxy", "Redis", 1.0)
        row.hold("per_second", "redis-proxy", "twemproxy", 2.5)
        row.hold("per_second", "redis-proxy", "Envoy", 2.5)
        yield row
    for name, (size, keys) in LARGE.items():
        yield large(bench, name, size, keys)


def large(bench, name, size, keys):
    redis = bench.servers["Redis"]
    prefix = f"{name}:".replace(" ", "-")
    wire.load(redis.port, keys, size, key=prefix + "{:012d}", batch=8)

    def turn(server, share):
        # Always long enough for each key to be missed once.
        return load.own(
            bench.programs / "load", bench.servers[server], bench.seconds * max(share, 0.5), redis, keys=keys, size=size,
            prefix=prefix)

    row = Row(3, f"hit of {name}", bench.in_turns(bench.present("redis-proxy", "Redis", "other build"), turn))
    row.hold("megabytes_per_second", "redis-proxy", "Redis", 1.0)
    if size >= 1 << 20:
        copying = copy_microseconds(size)
        user = row.figures["redis-proxy"]["user_microseconds"]
        row.checks.append(Check("time in user space ÷ that of one copy of the value", user / copying, 1.0, False, user, copying))
    wire.delete(redis.port, keys, prefix + "{:012d}")
    return row


def copy_microseconds(size, count=200):
    """What copying so many bytes takes, from memory that is not in the processor's caches."""
    sources = [bytearray(b"x" * size) for _ in range(100)]
    target = bytearray(size)
    times = []
    for number in range(count):
        start = time.perf_counter()
        target[:] = sources[number % len(sources)]
        times.append(time.perf_counter() - start)
    return sorted(times)[count // 2] * 1e6
