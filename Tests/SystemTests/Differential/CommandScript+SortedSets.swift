extension CommandScript {
    static let sortedSets = CommandScript(
        "sorted sets",
        """
        ZADD z 1 a 2 b 3.5 c
        ZADD z INCR 1 a
        ZCARD z
        ZCOUNT z 1 2
        ZINCRBY z 0.25 a
        ZSCORE z a
        ZSCORE z nosuch
        ZMSCORE z a nosuch
        ZRANK z a
        ZREVRANK z a
        ZRANGE z 0 -1 WITHSCORES
        ZREVRANGE z 0 -1 WITHSCORES
        ZRANGEBYSCORE z -inf +inf WITHSCORES LIMIT 0 2
        ZREVRANGEBYSCORE z +inf -inf
        ZADD y 0 a 0 b 0 c 0 d
        ZLEXCOUNT y - +
        ZRANGEBYLEX y [a (c
        ZREVRANGEBYLEX y + -
        ZREMRANGEBYLEX y [d [d
        ZSCAN z 0
        ZREM z nosuch
        ZPOPMIN z
        ZPOPMAX z 1
        ZMPOP 1 z MIN
        ZADD z 1 a 2 b 3 c
        ZREMRANGEBYSCORE z 3 3
        ZREMRANGEBYRANK z 0 0
        ZRANDMEMBER z
        ZRANDMEMBER z 1 WITHSCORES
        ZADD z nonsense a
        """)

    static let sortedSetStores = CommandScript(
        "stores of sorted sets",
        """
        ZADD y 1 a 2 b
        ZADD z 1 b 2 c
        ZUNION 2 y z WITHSCORES
        ZINTER 2 y z WITHSCORES
        ZINTERCARD 2 y z
        ZDIFF 2 y z WITHSCORES
        ZUNIONSTORE d 2 y z
        ZINTERSTORE d 2 y z AGGREGATE MAX
        ZDIFFSTORE d 2 y z
        ZRANGESTORE d y 0 -1
        """)
}
