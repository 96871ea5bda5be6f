"""Target 6: hits over HTTP."""

from .. import load
from ..results import Row

PATH = "/key:000000000007"
SEED = "the seed's design"


def measure(bench):
    def turn(name, share):
        path = f"/GET{PATH}" if name == "webdis" else PATH
        return load.wrk(bench.servers[name], path, bench.seconds * share, bench.servers["Redis"], may_reconnect=name == SEED)

    row = Row(6, "HTTP hit", bench.in_turns(bench.present("redis-proxy", "nginx", "webdis", SEED, "other build"), turn))
    row.hold("per_second", "redis-proxy", "nginx", 0.9)
    row.hold("cpu_microseconds", "redis-proxy", "nginx", 1.5, at_least=False)
    row.hold("per_second", "redis-proxy", "webdis", 1.5)
    row.hold("per_second", "redis-proxy", SEED, 40)
    yield row
