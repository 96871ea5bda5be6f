"""What a program with a default redis-py client does, against the port given. Prints "done" if all is as with Redis."""

import threading

import redis

from target import options

assert redis.__version__.startswith("8."), redis.__version__
client = redis.Redis(**options)

assert client.ping()
assert client.get("nosuch") is None
assert client.set("k", "value")
assert [client.get("k") for _ in range(5)] == [b"value"] * 5
assert client.set("k", b"\x00\xff\r\n")
assert client.get("k") == b"\x00\xff\r\n"
assert client.incr("n") == 1 and client.get("n") == b"1" and client.incr("n") == 2 and client.get("n") == b"2"
assert client.mset({"a": "1", "b": "2"}) and client.mget("a", "b", "nosuch") == [b"1", b"2", None]
assert client.delete("a") == 1 and client.get("a") is None
assert client.hset("h", mapping={"f": "1", "g": "2"}) == 2 and client.hgetall("h") == {b"f": b"1", b"g": b"2"}
assert client.sadd("s", "x", "y") == 2 and set(client.smembers("s")) == {b"x", b"y"}
assert client.zadd("z", {"m": 1.5}) == 1 and client.zscore("z", "m") == 1.5
assert client.set("short", "x", px=1) and client.type("k") == b"string"

with client.pipeline() as pipeline:  # MULTI and EXEC around it
    assert pipeline.set("p", "1").get("p").incr("p").get("nosuch").execute() == [True, b"1", 2, None]
with client.pipeline(transaction=False) as pipeline:
    assert pipeline.get("p").set("p", "9").get("p").execute() == [b"2", True, b"9"]


def increase(pipeline):
    value = int(pipeline.get("watched") or 0)
    pipeline.multi()
    pipeline.set("watched", value + 1)


def increase_often():
    for _ in range(10):
        client.transaction(increase, "watched")


threads = [threading.Thread(target=increase_often) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert client.get("watched") == b"40", client.get("watched")

subscriber = client.pubsub()
subscriber.subscribe("news")
assert subscriber.get_message(timeout=10)["type"] == "subscribe"
assert client.publish("news", "hello") == 1
assert subscriber.get_message(timeout=10)["data"] == b"hello"
subscriber.close()

assert client.rpush("list", "x") == 1 and client.blpop(["list"], timeout=10)[1] == b"x"
assert client.register_script("return redis.call('SET', KEYS[1], ARGV[1])")(keys=["k"], args=["script"]) == b"OK"
assert client.get("k") == b"script"
with client.lock("lock", timeout=10):
    assert client.get("lock") is not None
assert client.get("lock") is None
try:
    client.lpush("k", "x")
except redis.ResponseError as error:
    assert str(error).startswith("WRONGTYPE"), error
else:
    raise AssertionError("no error")
text = redis.Redis(**options, decode_responses=True, protocol=2)
assert text.get("k") == "script" and text.get("nosuch") is None
client.flushall()
assert client.get("k") is None
print("done")
