"""Targets 4 and 5: what is relayed, beside the proxies that only relay, and what is missed, beside what is relayed."""

from .. import load, processes
from ..results import Check, Row

OURS = "relay only"
PROXIES = "twemproxy", "Envoy"
BROADCAST = "broadcast"
FILL = "GET and PTTL"


def measure(bench):
    names = bench.present(OURS, "Redis", *PROXIES)
    for test in "set", "get":
        row = Row(4, f"relayed {test.upper()}", bench.in_turns(names, turns(bench, test, 50_000, 1)))
        hold_against_proxies(row, 1.05)
        yield row
        row = Row(
            4, f"relayed {test.upper()}, pipeline of 16", bench.in_turns(names, turns(bench, test, 200_000, 16)))
        hold_against_proxies(row, 2.0)
        yield row
    # Only now: it would be told of whatever is written before.
    with processes.proxy(
            bench.binary, bench.servers["Redis"].port, name=BROADCAST, cache_tracking="broadcast",
            **bench.options) as broadcast:
        bench.servers[BROADCAST] = broadcast
        for pipeline, count, asked in (1, 30_000, 0.9), (16, 100_000, 0.6):
            yield misses(bench, pipeline, count, asked)
        del bench.servers[BROADCAST]


def turns(bench, test, count, pipeline, **options):
    def turn(name, share):
        return load.redis_benchmark(
            bench.servers[name], test, round(bench.requests(count) * share), pipeline, bench.servers["Redis"], **options)
    return turn


def hold_against_proxies(row, asked):
    for proxy in PROXIES:
        row.hold("per_second", OURS, proxy, asked)
    for proxy in PROXIES:
        row.hold("cpu_microseconds", OURS, proxy, 1.0, at_least=False)


def misses(bench, pipeline, count, asked):
    """Over 100,000 keys, of which the proxy keeps 1,000."""
    suffix = "" if pipeline == 1 else f", pipeline of {pipeline}"
    names = bench.present("redis-proxy", OURS, BROADCAST)
    row = Row(5, "miss" + suffix, bench.in_turns(names, turns(bench, "get", count, pipeline, keys=100_000)))
    row.hold("per_second", "redis-proxy", OURS, asked)
    # By default Redis also remembers who has read each key, once for GET and once for PTTL.
    row.hold("per_second", BROADCAST, OURS, what="by CACHE_TRACKING=broadcast, requests/s")
    row.hold("backing_cpu_microseconds", BROADCAST, "redis-proxy", what="by CACHE_TRACKING=broadcast, Redis' CPU, µs")
    # A fill asks for the time to live as well. What that alone costs is seen straight at Redis.
    redis = bench.servers["Redis"]

    def straight(what, share):
        options = {"pttl": True} if what == FILL else {}
        return load.own(
            bench.programs / "load", redis, bench.seconds * share, keys=100_000, pipeline=pipeline, **options)

    pairs = bench.in_turns(["GET", FILL], straight)
    row.figures |= {f"{what}, straight to Redis": figures for what, figures in pairs.items()}
    share = pairs[FILL]["per_second"] / pairs["GET"]["per_second"]
    row.checks.append(Check(
        "GET with PTTL ÷ GET alone, requests/s straight to Redis", share, ours=pairs[FILL]["per_second"],
        theirs=pairs["GET"]["per_second"]))
    cpu = {what: figures["cpu_microseconds"] for what, figures in pairs.items()}
    row.checks.append(Check(
        "PTTL's share of Redis' CPU for a fill", 1 - cpu["GET"] / cpu[FILL], ours=cpu[FILL] - cpu["GET"], theirs=cpu[FILL]))
    return row
