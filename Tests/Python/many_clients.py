"""A thousand connected redis-py clients, fifty of them busy; what of it the server sees is for the caller to count.

Usage: many_clients.py PORT PROTOCOL. Prints "connected", and goes on when it reads a line.
"""

import resource
import sys
import threading

import redis

from target import options

protocol = int(sys.argv[2])
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

clients = [redis.Redis(**options, protocol=protocol) for _ in range(1000)]
for index, client in enumerate(clients):
    assert client.set(f"k{index}", "v")


def work(index: int) -> None:
    client = clients[index]
    for round in range(100):
        assert client.incr(f"n{index}") == round + 1
        assert client.get(f"k{index}") == b"v"


threads = [threading.Thread(target=work, args=(index,)) for index in range(50)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done", flush=True)
# All stay connected until whoever started this has counted.
threading.Event().wait()
