"""Holds the program to its budgets: instructions and allocations for each request, counted by callgrind.

Each workload runs twice, with some thousand requests and with twice as many; the difference is what the requests cost, without start and end.
One request, or one pipelined batch, is in flight at a time, so that the figures repeat. What the kernel does is not counted.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from . import callgrind, processes, wire, workloads

TOLERANCE = 1.10
# Calls for each request that the start and the end of one run may have more than those of the other.
NOISE = 0.1
# Seconds. Under callgrind, on a machine that does much else, everything takes long.
PATIENCE = 300
WORKLOADS = {
    "RESP hit": workloads.hits,
    "RESP hit, pipeline of 16": workloads.pipelined_hits,
    "relayed SET": workloads.relayed,
    "relayed SET, pipeline of 16": workloads.pipelined_relayed,
    "miss": workloads.misses,
    "miss, pipeline of 16": workloads.pipelined_misses,
    "HTTP hit": workloads.http_hits,
}


def measure(binary, library, workload, requests, output):
    with processes.redis_server() as redis:
        wire.load(redis.port, max(requests, workloads.KEYS), len(workloads.VALUE))
        proxy = processes.proxy(
            binary, redis.port, wrapper=callgrind.command(output), patience=PATIENCE, threads=1, log_level="error",
            # What is done each second would count for more the slower the machine is.
            tracking_heartbeat=3600, cache_expiry_time=1_000_000, redis_connect_timeout=PATIENCE,
            redis_command_timeout=PATIENCE, ld_preload=library)
        with proxy:
            await_tracking(redis)
            with wire.Connection(proxy.port, PATIENCE) as connection:
                workload(connection, requests)
            proxy.stop(patience=PATIENCE)
    return callgrind.read(output)


def await_tracking(redis):
    """Until the proxy is told of changes it keeps nothing, and what should be hits would be misses."""
    deadline = time.monotonic() + PATIENCE
    with wire.Connection(redis.port) as connection:
        while not re.search(rb" flags=\w*t", connection.ask_bulk("CLIENT", "LIST")):
            if time.monotonic() > deadline:
                raise processes.BenchError("the proxy has not begun to track")
            time.sleep(0.1)


def cost(binary, library, workload, requests, folder, name):
    fewer, more = (
        measure(binary, library, workload, count, folder / f"{name}.{count}.callgrind")
        for count in (requests, 2 * requests))
    return more.per_request(fewer, requests)


def shim(folder):
    """See the source; whoever builds Swift has clang."""
    library = folder / "sigsuspend.so"
    source = pathlib.Path(__file__).parents[1] / "sigsuspend.c"
    subprocess.run(["clang", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    return library.resolve()


def stripped(binary, folder):
    """A copy without debug information, which valgrind 3.19 cannot read; the names of functions stay."""
    copy = folder / "redis-proxy"
    subprocess.run(["strip", "--strip-debug", "-o", copy, binary], check=True)
    return copy


def is_within(figure, limit):
    return limit is not None and figure <= limit * TOLERANCE + NOISE


def least(one, other):
    return {counter: min(figure, other[counter]) for counter, figure in one.items()}


def judge(name, figures, budget, is_written):
    """Prints a row for each figure and returns whether all are within the budget, or become it."""
    for counter, figure in figures.items():
        limit = budget.get(counter)
        if is_written:
            verdict = "written"
        else:
            verdict = "ok" if is_within(figure, limit) else "no budget" if limit is None else "OVER"
        shown = "-" if limit is None else f"{limit:,.2f}"
        print(f"{name:28} {counter:18} {max(figure, 0):12,.2f} {shown:>12}  {verdict}", flush=True)
    return is_written or all(is_within(figure, budget.get(counter)) for counter, figure in figures.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    parser.add_argument("--budgets", required=True, type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="leave the profiles in this folder")
    parser.add_argument("--write", action="store_true", help="make what is measured the budgets")
    parser.add_argument("--only", action="append", choices=WORKLOADS, help="a workload; may be given several times")
    parser.add_argument("--requests", type=int, default=3_200, help="of the shorter run")
    arguments = parser.parse_args()

    chosen = {name: WORKLOADS[name] for name in arguments.only or WORKLOADS}
    budgets = json.loads(arguments.budgets.read_text()) if arguments.budgets.exists() else {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        binary, library = stripped(arguments.binary, folder), shim(folder)

        def counted(name):
            file_name = name.replace(" ", "-").replace(",", "")
            return cost(binary, library, chosen[name], arguments.requests, folder, file_name)

        # Counts hardly depend on what else runs.
        with ThreadPoolExecutor(max_workers=2) as pool:
            figures = dict(zip(chosen, pool.map(counted, chosen)))
        if not arguments.write:
            # What is over by chance is not over twice.
            for name in chosen:
                if not all(is_within(figure, budgets.get(name, {}).get(counter)) for counter, figure in figures[name].items()):
                    figures[name] = least(figures[name], counted(name))
    print(f"{'':28} {'each request':18} {'measured':>12} {'old budget' if arguments.write else 'budget':>12}")
    results = [judge(name, figures[name], budgets.get(name, {}), arguments.write) for name in chosen]
    if arguments.write:
        budgets.update({name: {key: round(max(value, 0), 2) for key, value in row.items()} for name, row in figures.items()})
        arguments.budgets.write_text(json.dumps(budgets, indent=4) + "\n")
        print(f"what was measured is the budget now, in {arguments.budgets}")
        return 0
    if not all(results):
        print("a budget is exceeded by more than 10 %: make it cheaper, or say in the change why it is worth it and run\n"
              "`make bench-check WRITE=1`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
