"""Sessions with state over redis-py, synchronous and asyncio, against the port given. Prints "done" if all is as with Redis."""

import asyncio
import threading

import redis
import redis.asyncio

from target import options



def synchronous(protocol):
    client = redis.Redis(**options, protocol=protocol, decode_responses=True)
    client.flushall()
    client.set("k", "1")
    assert client.get("k") == "1" and client.get("k") == "1"

    with client.pipeline(transaction=True) as pipeline:
        pipeline.watch("k")
        pipeline.multi()
        assert pipeline.incr("k").get("k").execute() == [2, "2"]
    assert client.get("k") == "2"
    with client.pipeline() as pipeline:
        pipeline.watch("k")
        client.set("k", "other")
        pipeline.multi()
        pipeline.set("k", "lost")
        try:
            pipeline.execute()
        except redis.WatchError:
            pass
        else:
            raise AssertionError("a watched key had changed")
    with client.pipeline(transaction=False) as pipeline:
        assert pipeline.get("k").set("k", "9").get("k").lpush("k", "x").execute(raise_on_error=False)[:3] == [
            "other", True, "9"]

    with client.pubsub() as subscriber:
        subscriber.subscribe("news")
        subscriber.psubscribe("n*")
        kinds = [subscriber.get_message(timeout=10)["type"] for _ in range(2)]
        assert kinds == ["subscribe", "psubscribe"], kinds
        assert client.publish("news", "hello") == 2
        messages = [subscriber.get_message(timeout=10) for _ in range(2)]
        assert [(m["type"], m["data"]) for m in messages] == [("message", "hello"), ("pmessage", "hello")], messages

    popped = []
    popper = threading.Thread(target=lambda: popped.append(client.blpop("list", timeout=10)))
    popper.start()
    client.rpush("list", "x")
    popper.join()
    assert [list(pair) for pair in popped] == [["list", "x"]], popped
    assert client.blpop("list", timeout=0.01) is None
    client.close()


async def asynchronous(protocol):
    client = redis.asyncio.Redis(**options, protocol=protocol, decode_responses=True)
    await client.flushall()
    await client.set("k", "1")
    assert await client.get("k") == "1" and await client.get("k") == "1"

    async with client.pipeline(transaction=True) as pipeline:
        await pipeline.watch("k")
        pipeline.multi()
        assert await pipeline.incr("k").get("k").execute() == [2, "2"]
    async with client.pipeline(transaction=False) as pipeline:
        assert await pipeline.get("k").set("k", "9").get("k").execute() == ["2", True, "9"]

    async with client.pubsub() as subscriber:
        await subscriber.subscribe("news")
        assert (await subscriber.get_message(timeout=10))["type"] == "subscribe"
        assert await client.publish("news", "hello") == 1
        assert (await subscriber.get_message(timeout=10))["data"] == "hello"

    popped, _ = await asyncio.gather(client.blpop("list", timeout=10), client.rpush("list", "x"))
    assert list(popped) == ["list", "x"], popped
    assert await client.blpop("list", timeout=0.01) is None
    values = await asyncio.gather(*(client.get("k") for _ in range(50)))
    assert values == ["9"] * 50, values
    await client.aclose()


for version in (2, 3):
    synchronous(version)
    asyncio.run(asynchronous(version))
print("done")
