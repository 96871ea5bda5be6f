// Sets hold numbers or one member: Redis gives the members of other sets in an order of chance.
extension CommandScript {
    static let lists = CommandScript(
        "lists",
        """
        RPUSH l a b c
        LPUSH l z
        LPUSHX l y
        RPUSHX nosuch y
        LRANGE l 0 -1
        LLEN l
        LINDEX l 0
        LINDEX l 99
        LINSERT l BEFORE a x
        LPOS l c
        LPOS l c COUNT 0
        LREM l 0 x
        LSET l 0 first
        LSET l 99 x
        LTRIM l 0 3
        LPOP l
        RPOP l 2
        RPOPLPUSH l m
        LMOVE m l LEFT RIGHT
        LMPOP 1 l LEFT COUNT 2
        LPOP l
        LPOP l 2
        """)

    static let blocking = CommandScript(
        "blocking",
        """
        RPUSH l a b c d e f
        BLPOP l 1
        BRPOP l 1
        BRPOPLPUSH l m 1
        BLMOVE m l LEFT RIGHT 1
        BLMPOP 1 1 l LEFT
        BLPOP nosuch 0.01
        GET s
        SET s x
        GET s
        BRPOP nosuch 0.01
        BRPOPLPUSH nosuch m 0.01
        BLMOVE nosuch m LEFT LEFT 0.01
        BLMPOP 0.01 1 nosuch LEFT
        ZADD z 1 a 2 b 3 c
        BZPOPMIN z 1
        BZPOPMAX z 1
        BZMPOP 1 1 z MIN
        BZPOPMIN nosuch 0.01
        BZPOPMAX nosuch 0.01
        BZMPOP 0.01 1 nosuch MIN
        BLPOP l nonsense
        XADD x 1-1 f v
        XREAD BLOCK 10 STREAMS x 0
        XREAD BLOCK 10 STREAMS x $
        """)

    static let hashes = CommandScript(
        "hashes",
        """
        HSET h f 1 g 2
        HMSET h i 3
        HGET h f
        HGET h nosuch
        HMGET h f nosuch
        HGETALL h
        HKEYS h
        HVALS h
        HLEN h
        HEXISTS h f
        HSTRLEN h f
        HINCRBY h f 5
        HINCRBYFLOAT h f 0.5
        HSETNX h f 9
        HSCAN h 0
        HDEL h g i
        HRANDFIELD h
        HRANDFIELD h 1 WITHVALUES
        HINCRBY h f x
        """)

    static let sets = CommandScript(
        "sets",
        """
        SADD s 1 2 3
        SADD t 2 3 4
        SCARD s
        SMEMBERS s
        SISMEMBER s 1
        SMISMEMBER s 1 9
        SDIFF s t
        SINTER s t
        SINTERCARD 2 s t LIMIT 1
        SUNION s t
        SDIFFSTORE d s t
        SINTERSTORE i s t
        SUNIONSTORE u s t
        SMEMBERS u
        SMOVE s t 1
        SREM s 2
        SSCAN s 0
        SRANDMEMBER s
        SRANDMEMBER s 5
        SPOP s
        SPOP nosuch 2
        """)

    static let geography = CommandScript(
        "geography",
        """
        GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
        GEODIST g Palermo Catania km
        GEOHASH g Palermo nosuch
        GEOPOS g Palermo nosuch
        GEORADIUS g 15 37 200 km WITHDIST WITHCOORD ASC
        GEORADIUS_RO g 15 37 200 km ASC
        GEORADIUSBYMEMBER g Palermo 200 km ASC
        GEORADIUSBYMEMBER_RO g Palermo 200 km ASC
        GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC
        GEOSEARCHSTORE d g FROMLONLAT 15 37 BYBOX 400 400 km ASC
        """)
}
