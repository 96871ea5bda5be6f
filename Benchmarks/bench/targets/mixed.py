"""Target 13: what those feel who write, run scripts and read in turns, with the backing beside the proxy and a millisecond away."""

from .. import load, peers, processes, wire
from ..bench import medians_by_name
from ..results import Row

# Each way.
MICROSECONDS = 500
ROUNDS = 9
OURS = "redis-proxy"
KEYS = 1_000
SCRIPT = ("EVAL", "return 1", "0")


def step(*commands):
    """Commands in one write, each of which is answered once."""
    return b"".join(wire.command(*command) for command in commands), len(commands)


GET = step(("GET", "mixed:1"))
# What is asked, whether each has a connection of its own, and the most that it may take of straight's median: loopback, 1 ms away.
CONVERSATIONS = (
    ("SET, then GET", (step(("SET", "mixed:1", "value")), GET), False, 1.7, 1.1),
    ("SET, then GET of what is cached", (step(("SET", "mixed:1", "value")), step(("GET", "key:000000000007"))), False, None, None),
    ("EVAL", (step(SCRIPT),), False, None, 1.15),
    ("EVAL, then GET", (step(SCRIPT), GET), False, None, 1.1),
    ("MULTI INCR SET EXEC in one write", (step(("MULTI",), ("INCR", "mixed:2"), ("SET", "mixed:1", "value"), ("EXEC",)),), False,
     None, 1.1),
    ("SELECT in turns, a GET behind each", (step(("SELECT", "1")), GET, step(("SELECT", "0")), GET), False, None, 1.1),
    ("RPUSH, BLPOP, then GET", (step(("RPUSH", "mixed:3", "value")), step(("BLPOP", "mixed:3", "0")), GET), False, None, 1.1),
    ("connect, HELLO 3, CLIENT SETNAME, SET",
     (step(("HELLO", "3")), step(("CLIENT", "SETNAME", "bench")), step(("SET", "mixed:1", "value"))), True, 1.5, None),
)
ZIPF = {"clients": 64, "keys": 100_000, "reads": 95, "skew": 0.99}


def measure(bench):
    redis = bench.servers["Redis"]
    near = {"straight": redis, OURS: bench.servers[OURS]}
    relay = bench.stack.enter_context(peers.relay(bench.programs / "relay", redis.port, MICROSECONDS))
    far = {"straight": relay}
    for name in bench.present(OURS, "other build"):
        near[name] = bench.servers[name]
        far[name] = bench.stack.enter_context(processes.proxy(
            bench.servers[name].program, relay.port, threads=1, log_level="error", cache_capacity=10_000))
    for place, (servers, limit) in (("", (near, 3)), (", 1 ms away", (far, 4))):
        for name, server in servers.items():
            if name != "straight":
                fill(server)
        for conversation in CONVERSATIONS:
            yield talk(bench, servers, conversation[0] + place, *conversation[1:3], conversation[limit])
        for pipeline in (1, 16) if not place else (1,):
            yield scripts(bench, servers, place, pipeline)
    yield from arrivals(bench, far)


def fill(server):
    """A cache that holds nothing would need to prove nothing."""
    with wire.Connection(server.port) as connection:
        for number in range(KEYS):
            connection.ask_bulk("GET", f"key:{number:012d}")


def talk(bench, servers, name, steps, connects, asked):
    seconds = 0.4 if connects else 0.3 * bench.seconds

    def turn(server, share):
        return load.conversation(bench.programs / "conversation", servers[server], seconds * max(share, 0.5), steps, connects)

    return row(bench.rounds_in_turns(servers, turn, ROUNDS), name, "p50_milliseconds", asked, at_least=False)


def scripts(bench, servers, place, pipeline):
    def turn(name, share):
        return load.redis_benchmark(
            servers[name], list(SCRIPT), round(bench.requests(10_000 * pipeline if not place else 8_000) * share), pipeline,
            bench.servers["Redis"])

    suffix = f", pipeline of {pipeline}" if pipeline > 1 else ""
    rounds = bench.rounds_in_turns(servers, turn, ROUNDS)
    found = row(rounds, f"EVAL, 50 clients{suffix}{place}", "per_second", 0.8 if place or pipeline > 1 else 0.7)
    if place:
        found.hold("p50_milliseconds", OURS, "straight", 1.2, at_least=False)
    return found


def arrivals(bench, servers):
    """What reads behind writes, and misses, cost the slowest: in a closed loop and at half of what is reached straight."""
    def turn(**options):
        return lambda name, share: load.own(
            bench.programs / "load", servers[name], bench.seconds * max(share, 0.5), bench.servers["Redis"], **ZIPF, **options)

    closed = row(
        bench.rounds_in_turns(servers, turn(), ROUNDS), "64 clients, Zipf, 95 % reads, closed loop, 1 ms away", "per_second", 1.8)
    yield closed
    rate = round(closed.figures["straight"]["per_second"] / 2)
    steady = row(
        bench.rounds_in_turns(servers, turn(rate=rate), ROUNDS), f"the same, {rate:,} requests/s arriving", "p99_milliseconds", 1.0,
        at_least=False)
    steady.hold("p999_milliseconds", OURS, "straight", 1.2, at_least=False)
    yield steady


def row(rounds, name, figure, asked, at_least=True):
    """What came out in turns, with the spread of the ratio to straight, round by round."""
    found = Row(13, name, medians_by_name(rounds))
    found.hold(figure, OURS, "straight", asked, at_least)
    if "other build" in rounds:
        found.hold(figure, "other build", "straight", what="other build: " + figure.replace("_", " "))
    ratios = sorted(one[figure] / other[figure] for one, other in zip(rounds[OURS], rounds["straight"]))
    found.note = f"{found.checks[0].what}, of {len(ratios)} rounds: {ratios[0]:.2f} to {ratios[-1]:.2f}"
    return found
