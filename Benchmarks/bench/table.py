"""`make bench`: the proxy beside its peers, all in one run, since only ratios within a run count."""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import statistics
import tempfile

from . import load, peers, processes, wire

HTTP_PATH = "/key:000000000007"


def rows(servers, quick):
    """What is measured: a name, the servers compared, and how one of them is put under load."""
    scale = 1 if quick else 5
    hits = ["redis-proxy", "Redis", "twemproxy", "Envoy"]
    relays = ["relay only", "Redis", "twemproxy", "Envoy"]

    def benchmark(test, requests, pipeline, **options):
        def run(name):
            backing = None if name == "Redis" else servers["Redis"]
            return load.redis_benchmark(servers[name], test, requests * scale, pipeline, backing, **options)
        return run

    def web(name):
        return load.wrk(servers[name], "/GET" + HTTP_PATH if name == "webdis" else HTTP_PATH, 1 * scale,
                        None if name == "nginx" else servers["Redis"])

    return [
        ("hit", hits, benchmark("get", 60_000, 1)),
        ("hit, pipeline of 16", hits, benchmark("get", 400_000, 16)),
        ("hit, pipeline of 100", hits, benchmark("get", 500_000, 100)),
        ("relayed SET", relays, benchmark("set", 50_000, 1)),
        ("relayed SET, pipeline of 16", relays, benchmark("set", 200_000, 16)),
        ("relayed GET", relays, benchmark("get", 50_000, 1)),
        ("relayed GET, pipeline of 16", relays, benchmark("get", 200_000, 16)),
        ("miss", ["redis-proxy", "relay only"], benchmark("get", 30_000, 1, keys=100_000)),
        ("miss, pipeline of 16", ["redis-proxy", "relay only"], benchmark("get", 100_000, 16, keys=100_000)),
        ("HTTP hit", ["redis-proxy", "nginx", "webdis"], web),
    ]


def start(stack, binary, envoy, folder):
    """Every server of the table, by name, the keys loaded."""
    def add(server):
        return stack.enter_context(server)

    redis = add(processes.redis_server())
    wire.load(redis.port, 100_000, 100)
    options = {"threads": 1, "max_clients": 1_000, "log_level": "error"}
    proxy = add(processes.proxy(binary, redis.port, **options))
    with wire.Connection(proxy.port) as connection:
        request = f"GET {HTTP_PATH} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        body = connection.exchange_http(request).partition(b"\r\n\r\n")[2].decode()
    servers = [
        redis, proxy, add(processes.proxy(binary, redis.port, name="relay only", cache_capacity=0, **options)),
        add(peers.twemproxy(folder, redis.port)),
        add(peers.envoy(envoy, folder, redis.port)), add(peers.nginx(folder, body)), add(peers.webdis(folder, redis.port)),
    ]
    return {server.name: server for server in servers}


def measure(servers, quick, rounds):
    """The medians of several rounds, in each of which every server has its turn."""
    table = {}
    for name, names, run in rows(servers, quick):
        for server in names:
            run(server)
        outcomes = {server: [] for server in names}
        for _ in range(rounds):
            for server in names:
                outcomes[server].append(run(server))
        table[name] = {server: _median(results) for server, results in outcomes.items()}
        print(_markdown_rows(name, table[name]), flush=True)
    return table


def _median(outcomes):
    fields = [field.name for field in dataclasses.fields(load.Outcome)]
    return {field: statistics.median(getattr(outcome, field) for outcome in outcomes) for field in fields}


HEAD = ("| | server | requests/s | of ours | p99, ms | CPU, µs | Redis' CPU, µs |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |")


def _markdown_rows(name, results):
    ours = next(iter(results.values()))["per_second"]
    return "\n".join(
        f"| {name} | {server} | {row['per_second']:,.0f} | {row['per_second'] / ours:.2f} | {row['p99_milliseconds']:.2f} "
        f"| {row['cpu_microseconds']:.2f} | {row['backing_cpu_microseconds']:.2f} |" for server, row in results.items())


def machine():
    with open("/proc/cpuinfo") as information:
        model = next((line.split(":")[1].strip() for line in information if line.startswith("model name")), "unknown")
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    parser.add_argument("--envoy", required=True, type=pathlib.Path, help="Envoy's program")
    parser.add_argument("--output", required=True, type=pathlib.Path, help="folder of the results")
    parser.add_argument("--quick", action="store_true", help="shorter and fewer rounds")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    print(f"On {machine()}. Compare within this run only.\n\n{HEAD}", flush=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        servers = start(stack, arguments.binary.resolve(), arguments.envoy.resolve(), folder)
        table = measure(servers, arguments.quick, rounds=1 if arguments.quick else 3)
    (arguments.output / "results.json").write_text(json.dumps({"machine": machine(), "table": table}, indent=4) + "\n")
    body = "\n".join(_markdown_rows(name, results) for name, results in table.items())
    (arguments.output / "results.md").write_text(f"On {machine()}.\n\n{HEAD}\n{body}\n")


if __name__ == "__main__":
    main()
