"""Targets 7 and 8: parser and cache by themselves, and what an entry takes in memory."""

import os
import subprocess

from .. import processes, wire
from ..bench import medians
from ..processes import BenchError
from ..results import Check, Row

KEY, VALUE = 16, 100
HELD_AGAINST = {
    "scan": (7, "frame scanner", "hiredis' reader without objects", 1.5),
    "parse": (7, "command parser", "hiredis' default reader", 2.0),
    "hit": (8, "cache hit", "a dictionary's look-up and a copy", 1.5),
}

NAMES = {"1000 entries": "1,000 entries", "1000000 entries": "1,000,000 entries"}


def measure(bench):
    # Each comparison takes a fraction of a second: a neighbour at work for as long is in all of it.
    figures = medians([run(bench) for _ in range(1 if bench.quick else 3)])
    for name in dict.fromkeys(name.rpartition("/")[0] for name in figures):
        kind, _, what = name.partition("/")
        target, ours, theirs, asked = HELD_AGAINST[kind]
        our_time, their_time = figures[f"{name}/ours"], figures[f"{name}/other"]
        row = Row(target, f"{ours}, {NAMES.get(what, what)}")
        if kind == "hit":
            row.checks.append(Check(f"time ÷ that of {theirs}, ns", our_time / their_time, asked, False, our_time, their_time))
            # The loop itself calls it a few times.
            row.checks.append(Check("calls of the allocator for each hit", round(figures[f"{name}/allocations"], 3), 0, False))
        else:
            # Gigabytes a second are bytes a nanosecond.
            row.checks.append(Check(
                f"GB/s ÷ that of {theirs}", their_time / our_time, asked, ours=1 / our_time, theirs=1 / their_time))
        yield row
    yield entry_overhead(bench)


def run(bench):
    """What the program printed: a name and a number a line."""
    library = bench.programs / "allocations.so"
    result = subprocess.run(
        [bench.micro_benchmarks, *(["quick"] if bench.quick else [])], capture_output=True, text=True, timeout=300,
        env={"PATH": os.environ["PATH"], "LD_PRELOAD": str(library)})
    if result.returncode != 0:
        raise BenchError(f"the micro-benchmarks failed:\n{result.stdout}{result.stderr}")
    return {name: float(figure) for name, _, figure in (line.rpartition(" ") for line in result.stdout.splitlines())}


def entry_overhead(bench):
    """The growth of the resident memory while the cache fills, a part of it first so that what grows once has grown."""
    first, count = 20_000, 100_000
    options = {"threads": 1, "log_level": "error", "cache_capacity": count}
    with processes.proxy(bench.binary, bench.servers["Redis"].port, **options) as proxy:
        with wire.Connection(proxy.port) as connection:
            read(connection, range(first))
            before = proxy.resident_bytes()
            read(connection, range(first, count))
            each = (proxy.resident_bytes() - before) / (count - first)
    row = Row(8, "cache entry of a 100-byte value")
    row.checks.append(Check("bytes beyond key and value", each - KEY - VALUE, 100, False, ours=each, theirs=KEY + VALUE))
    return row


def read(connection, numbers, batch=100):
    length = len(b"$100\r\n\r\n") + VALUE
    for start in range(numbers.start, numbers.stop, batch):
        request = b"".join(wire.command("GET", f"key:{number:012d}") for number in range(start, start + batch))
        connection.exchange(request, length * batch)
