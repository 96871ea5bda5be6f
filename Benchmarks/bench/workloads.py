"""What one client asks, one batch after the other, while instructions are counted."""

from . import wire

KEYS = 1_000
VALUE = b"x" * 100


def hits(connection, requests, pipeline=1):
    """Reads that the cache answers: each key is read once before it counts as one."""
    length = len(b"$100\r\n") + len(VALUE) + 2
    get = [wire.command("GET", f"key:{number:012d}") for number in range(KEYS)]
    for request in get:
        connection.exchange(request, length)
    for start in range(0, requests, pipeline):
        batch = b"".join(get[number % KEYS] for number in range(start, start + pipeline))
        connection.exchange(batch, length * pipeline)


def pipelined_hits(connection, requests):
    hits(connection, requests, pipeline=16)


def relayed(connection, requests, pipeline=1):
    """Writes, on a connection to the backing that sessions share."""
    sets = [wire.command("SET", f"key:{number:012d}", VALUE) for number in range(KEYS)]
    for start in range(0, requests, pipeline):
        batch = b"".join(sets[number % KEYS] for number in range(start, start + pipeline))
        connection.exchange(batch, 5 * pipeline)


def pipelined_relayed(connection, requests):
    relayed(connection, requests, pipeline=16)


def misses(connection, requests, pipeline=1):
    """Reads of keys that the cache has never held; from its capacity on each evicts another."""
    length = len(b"$100\r\n") + len(VALUE) + 2
    for start in range(0, requests, pipeline):
        batch = b"".join(wire.command("GET", f"key:{number:012d}") for number in range(start, start + pipeline))
        connection.exchange(batch, length * pipeline)


def pipelined_misses(connection, requests):
    misses(connection, requests, pipeline=16)


def http_hits(connection, requests):
    """What wrk sends, on one connection. The responses are not all of one length: `Age` gets more digits as time goes by."""
    request = b"GET /key:%012d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % 7
    for _ in range(requests):
        connection.exchange_http(request)
