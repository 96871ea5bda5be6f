"""50 clients that read, write and connect anew over TLS until SIGTERM; the word "working" once all have been answered, "no error" at the end."""

import signal
import sys
import threading

import redis

port, authority = int(sys.argv[1]), sys.argv[2]
stopped = threading.Event()
errors = []
ready = threading.Barrier(51)


def work(number):
    try:
        client = redis.Redis(port=port, ssl=True, ssl_ca_certs=authority, socket_timeout=30)
        client.set(f"k{number}", 0)
        ready.wait(100)
        count = 0
        while not stopped.is_set():
            count += 1
            client.set(f"k{number}", count)
            assert int(client.get(f"k{number}")) == count
            if count % 20 == 0:
                redis.Redis(port=port, ssl=True, ssl_ca_certs=authority, socket_timeout=30).ping()
        assert count > 0
    except Exception as error:
        errors.append(error)
        ready.abort()


signal.signal(signal.SIGTERM, lambda *_: stopped.set())
threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
for thread in threads:
    thread.start()
ready.wait(100)
print("working", flush=True)
for thread in threads:
    thread.join()
if errors:
    sys.exit(f"{len(errors)} errors, one of them: {errors[0]!r}")
print("no error", flush=True)
