"""The load programs: redis-benchmark and wrk, and what they report."""

import csv
import re
import subprocess
from dataclasses import dataclass

from .processes import BenchError


@dataclass
class Outcome:
    """One run of a load program against one server."""

    per_second: float
    p99_milliseconds: float
    cpu_microseconds: float
    backing_cpu_microseconds: float = 0


def redis_benchmark(server, test, requests, pipeline, backing, keys=1_000, size=100):
    command = ["redis-benchmark", "-h", "127.0.0.1", "-p", server.port, "-t", test, "-n", requests, "-P", pipeline,
               "-r", keys, "-d", size, "-c", 50, "--csv"]
    before = _cpu(server, backing)
    output = _run(command)
    rows = list(csv.DictReader(line for line in output.splitlines() if line.startswith('"')))
    if len(rows) != 1:
        raise BenchError(f"redis-benchmark against {server.name} said:\n{output}")
    return _outcome(float(rows[0]["rps"]), float(rows[0]["p99_latency_ms"]), requests, before, _cpu(server, backing))


def wrk(server, path, seconds, backing):
    before = _cpu(server, backing)
    output = _run(["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{server.port}{path}"])
    after = _cpu(server, backing)
    if "Non-2xx" in output or "Socket errors" in output:
        raise BenchError(f"{server.name} did not answer all of wrk's requests:\n{output}")
    requests = int(re.search(r"(\d+) requests in", output)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    amount, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
    return _outcome(rate, float(amount) * {"us": 0.001, "ms": 1, "s": 1_000}[unit], requests, before, after)


def _run(command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
    if result.returncode != 0:
        raise BenchError(f"{command[0]} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def _cpu(server, backing):
    return server.cpu_seconds(), backing.cpu_seconds() if backing else 0


def _outcome(rate, p99, requests, before, after):
    own, behind = ((late - early) * 1e6 / requests for early, late in zip(before, after))
    return Outcome(rate, p99, own, behind)
