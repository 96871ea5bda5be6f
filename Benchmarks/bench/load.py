"""The load programs, redis-benchmark, wrk and our own, and what they report: a dictionary of figures for each run."""

import csv
import json
import re
import subprocess

from .processes import BenchError


def redis_benchmark(server, test, requests, pipeline, backing=None, keys=1_000, size=100, threads=1, authority=None):
    """`test` is one of the program's own, or the words of a command; with an authority TLS is spoken."""
    command = ["redis-benchmark", "-h", "127.0.0.1", "-p", server.port, "-n", requests, "-P", pipeline,
               "-r", keys, "-d", size, "-c", 50, "--csv"]
    if authority:
        command += ["--tls", "--cacert", authority]
    if threads > 1:
        command += ["--threads", threads]
    command += ["-t", test] if isinstance(test, str) else test
    with Account(server, backing) as account:
        output = _run(command)
    rows = list(csv.DictReader(line for line in output.splitlines() if line.startswith('"')))
    if len(rows) != 1:
        raise BenchError(f"redis-benchmark against {server.name} said:\n{output}")
    return {"per_second": float(rows[0]["rps"]), "p50_milliseconds": float(rows[0]["p50_latency_ms"]),
            "p99_milliseconds": float(rows[0]["p99_latency_ms"]), **account.each(requests)}


def wrk(server, path, seconds, backing=None, may_reconnect=False):
    with Account(server, backing) as account:
        output = _run(["wrk", "-t1", "-c64", f"-d{max(1, round(seconds))}s", "--latency",
                       f"http://127.0.0.1:{server.port}{path}"])
    # A server that closes after each answer is no fault of the connection.
    if "Non-2xx" in output or ("Socket errors" in output and not may_reconnect):
        raise BenchError(f"{server.name} did not answer all of wrk's requests:\n{output}")
    requests = int(re.search(r"(\d+) requests in", output)[1])
    return {"per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]),
            "p50_milliseconds": _percentile(output, 50), "p99_milliseconds": _percentile(output, 99),
            **account.each(requests)}


def own(program, server, seconds, backing=None, **options):
    """Benchmarks/load/load.c; the options are its own."""
    command = [program, "--port", server.port, "--milliseconds", round(seconds * 1_000)]
    for name, value in options.items():
        command += [f"--{name}"] if value is True else [f"--{name}", value]
    with Account(server, backing) as account:
        outcome = json.loads(_run(command))
    requests = outcome.pop("requests")
    del outcome["seconds"]
    outcome["megabytes_per_second"] = outcome.pop("bytes_per_second") / 1e6
    return {**outcome, **account.each(requests)}


def conversation(program, server, seconds, steps, connects=False):
    """Benchmarks/load/conversation.c; each step is its bytes and how many replies come to them."""
    command = [program, server.port, round(seconds * 1_000), "connect" if connects else "keep"]
    for request, replies in steps:
        command += [request.decode(), replies]
    outcome = json.loads(_run(command))
    del outcome["requests"]
    return outcome


class Account:
    """The CPU time that a server and the one behind it took meanwhile."""

    def __init__(self, server, backing=None):
        self._server = server
        self._backing = backing if backing is not server else None

    def __enter__(self):
        self._before = self._now()
        return self

    def __exit__(self, *_):
        self._after = self._now()

    def _now(self):
        backing = self._backing.cpu_seconds() if self._backing else 0
        return self._server.cpu_seconds(), backing, self._server.user_seconds()

    def each(self, requests):
        own, behind, user = ((late - early) * 1e6 / requests for early, late in zip(self._before, self._after))
        return {"cpu_microseconds": own, "backing_cpu_microseconds": behind, "user_microseconds": user}


def _percentile(output, percent):
    amount, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", output).groups()
    return float(amount) * {"us": 0.001, "ms": 1, "s": 1_000}[unit]


def _run(command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        raise BenchError(f"{command[0]} failed:\n{result.stdout}{result.stderr}")
    return result.stdout
