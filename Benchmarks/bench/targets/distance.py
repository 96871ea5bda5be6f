"""Target 10: what a user feels, with the backing a millisecond away."""

from .. import load, peers, processes
from ..results import Row

# Each way.
MICROSECONDS = 500
LOAD = {"clients": 64, "keys": 100_000, "reads": 95, "skew": 0.99}
NAMES = ("redis-proxy", "Envoy", "twemproxy", "direct")


def measure(bench):
    """Servers of their own, behind one relay that delays."""
    relay = bench.stack.enter_context(
        peers.relay(bench.programs / "relay", bench.servers["Redis"].port, MICROSECONDS))
    proxy = bench.stack.enter_context(processes.proxy(
        bench.binary, relay.port, threads=1, log_level="error", cache_capacity=10_000))
    far = [relay, proxy, bench.stack.enter_context(peers.twemproxy(bench.folder, relay.port, "far-twemproxy")),
           bench.stack.enter_context(peers.envoy(bench.envoy, bench.folder, relay.port, "far-envoy"))]
    servers = {server.name: server for server in far}

    def turn(name, share):
        return load.own(
            bench.programs / "load", servers[name], 2 * bench.seconds * max(share, 0.5), bench.servers["Redis"], **LOAD)

    row = Row(10, "backing 1 ms away", bench.in_turns(list(NAMES), turn))
    for other in NAMES[1:]:
        row.hold("per_second", "redis-proxy", other)
        row.hold("p50_milliseconds", "redis-proxy", other)
    yield row
