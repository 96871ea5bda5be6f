"""The design that this project grew from, for comparison: Flask, an ordered dictionary behind a lock, a semaphore, redis-py.

It is served as it was: by Flask's own threaded server. PROXY_PORT, REDIS_PORT, CACHE_CAPACITY, CACHE_EXPIRY_TIME and
MAX_CLIENTS configure it.
"""

import logging
import os
import threading
import time
from collections import OrderedDict

import flask
import redis

CAPACITY = int(os.environ.get("CACHE_CAPACITY", "1000"))
EXPIRY_TIME = float(os.environ.get("CACHE_EXPIRY_TIME", "300"))


class Cache:
    """Least recently read goes first; entries end by age."""

    def __init__(self):
        self._entries = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key):
        with self._lock:
            value, added = self._entries.get(key, (None, 0))
            if value is None:
                return None
            if time.monotonic() - added >= EXPIRY_TIME:
                del self._entries[key]
                return None
            self._entries.move_to_end(key)
            return value

    def put(self, key, value):
        with self._lock:
            self._entries[key] = value, time.monotonic()
            self._entries.move_to_end(key)
            if len(self._entries) > CAPACITY:
                self._entries.popitem(last=False)


app = flask.Flask(__name__)
cache = Cache()
backing = redis.Redis(port=int(os.environ["REDIS_PORT"]), decode_responses=True)
clients = threading.Semaphore(int(os.environ.get("MAX_CLIENTS", "20")))


@app.get("/<path:key>")
def get(key):
    if not clients.acquire(blocking=False):
        return "", 429
    try:
        value = cache.get(key)
        if value is None:
            value = backing.get(key)
            if value is None:
                return "", 204
            cache.put(key, value)
        return flask.jsonify(key=key, value=value)
    finally:
        clients.release()


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app.run(host="127.0.0.1", port=int(os.environ["PROXY_PORT"]), threaded=True)
