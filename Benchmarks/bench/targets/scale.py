"""Target 9: many idle connections, and what two threads lose to the lock that they share."""

import contextlib
import re
import resource
import subprocess

from .. import load, processes, wire
from ..results import Check, Row

IDLE = 10_000
# With 20,000 descriptors the proxy takes 10,000 clients, so that the busy ones have the places of some of the idle.
MADE_ROOM = 60
ALONE, CROWDED = "50 busy connections", "the same among 9,940 idle ones"
# Where a thread waits for the lock, or wakes another that does; the shared cache's is the only one of this kind that every hit takes.
WAITING = re.compile(r"^\s*([\d.]+)%\s+[\d.]+%.*_MutexHandle", re.MULTILINE)


def measure(bench):
    if bench.quick:
        yield Row(9, "10,000 idle connections", note="left out of a quick run")
    else:
        yield idle(bench)
    yield lock(bench)


def idle(bench):
    row = Row(9, "10,000 idle connections")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * IDLE:
        row.note = f"not measured: the limit of descriptors is {hard}"
        return row
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    redis = bench.servers["Redis"]
    options = {"threads": 1, "log_level": "error", "max_connections": IDLE}
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(processes.proxy(bench.binary, redis.port, name=name, **options))
            for name in (ALONE, CROWDED)}
        before = servers[CROWDED].resident_bytes()
        connections = [stack.enter_context(wire.Connection(servers[CROWDED].port)) for _ in range(IDLE)]
        for connection in connections:
            # So that each has decided what it speaks and has been answered once.
            connection.exchange(wire.command("GET", "key:000000000007"), len(b"$100\r\n\r\n") + 100)
        resident = servers[CROWDED].resident_bytes() / (1 << 20)
        for connection in connections[:MADE_ROOM]:
            connection.close()

        def turn(name, share):
            return load.redis_benchmark(servers[name], "get", round(bench.requests(60_000) * share), 1, redis)

        row.figures = bench.in_turns([ALONE, CROWDED], turn)
    row.checks.append(Check("resident, MiB", resident, 150, False, ours=resident, theirs=before / (1 << 20)))
    row.hold("per_second", CROWDED, ALONE, 0.9, what="requests/s")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return row


def lock(bench):
    """The share of samples in the lock or in the kernel on its behalf while both threads answer hits."""
    row = Row(9, "hit, pipeline of 16, 2 threads")
    profile = bench.folder / "lock.perf"
    redis = bench.servers["Redis"]
    with processes.proxy(bench.binary, redis.port, threads=2, log_level="error") as proxy:
        load.redis_benchmark(proxy, "get", 20_000, 16, redis)
        recording = ["perf", "record", "--quiet", "-g", "-e", "cpu-clock", "-p", str(proxy.pid), "-o", str(profile)]
        try:
            recorder = subprocess.Popen(recording, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            row.note = "not measured: perf is not installed"
            return row
        try:
            figures = load.redis_benchmark(proxy, "get", bench.requests(600_000), 16, redis, threads=2)
        finally:
            recorder.terminate()
            recorder.wait()
    report = subprocess.run(
        ["perf", "report", "-i", profile, "--stdio", "--children", "-g", "none", "--sort", "symbol", "--percent-limit", "0"],
        capture_output=True, text=True)
    if "%" not in report.stdout:
        row.note = "not measured: perf may not sample here"
        return row
    row.figures = {"redis-proxy, THREADS=2": figures}
    waiting = sum(float(share) for share in WAITING.findall(report.stdout))
    row.checks.append(Check("share of samples spent waiting for the shared lock, %", waiting, 5, False))
    return row
