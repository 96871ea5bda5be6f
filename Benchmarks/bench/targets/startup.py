"""Target 11: how soon the first reply comes, and how large the program is."""

import statistics
import subprocess
import time

from .. import processes, wire
from ..results import Check, Row


def measure(bench):
    row = Row(11, "start")
    times = [first_reply(bench) for _ in range(3 if bench.quick else 15)]
    row.checks.append(Check("ms to the first reply", statistics.median(times), 50, False))
    copy = bench.folder / "stripped"
    subprocess.run(["strip", "-o", copy, bench.binary], check=True)
    row.checks.append(Check("MiB of the stripped program", copy.stat().st_size / (1 << 20)))
    row.note = shared_libraries(bench.binary)
    yield row
    yield image()


def first_reply(bench):
    """Milliseconds from the start of the process to a value that Redis has."""
    start = time.perf_counter()
    with processes.proxy(bench.binary, bench.servers["Redis"].port, threads=1, log_level="error") as proxy:
        with wire.Connection(proxy.port) as connection:
            connection.exchange(wire.command("GET", "key:000000000007"), len(b"$100\r\n\r\n") + 100)
            return (time.perf_counter() - start) * 1_000


def shared_libraries(binary):
    needed = subprocess.run(["ldd", binary], capture_output=True, text=True).stdout
    return "Swift's runtime is in shared libraries beside it" if "libswiftCore" in needed else "Swift's runtime is in it"


def image():
    row = Row(11, "image")
    inspection = ["docker", "image", "inspect", "--format", "{{.Size}}", "redis-proxy"]
    try:
        result = subprocess.run(inspection, capture_output=True, text=True, timeout=20)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        result = None
    if result and result.returncode == 0:
        row.checks.append(Check("MiB of the image redis-proxy", int(result.stdout) / (1 << 20)))
    else:
        row.note = "not measured: no Docker engine here that has the image (docker build --tag redis-proxy .)"
    return row
