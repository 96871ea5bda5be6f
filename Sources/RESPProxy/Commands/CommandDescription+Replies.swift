/// Which commands are answered with something short, whatever the keys hold: a number, a status, a time.
extension CommandDescription {
    /// Default-deny, of those that may share a connection: a name that is missing here has long replies.
    static let shortReplies: Set<CommandName> = [
        "append", "bitcount", "bitop", "bitpos", "copy", "dbsize", "decr", "decrby", "del", "delex", "delifeq",
        "exists",
        "expire", "expireat", "expiretime", "geoadd", "geodist", "geosearchstore", "getbit", "hdel",
        "hexists", "hincrby", "hincrbyfloat", "hlen", "hmset", "hset", "hsetnx", "hstrlen", "incr", "incrby",
        "incrbyfloat", "linsert", "llen", "lpush", "lpushx", "lrem", "lset", "ltrim", "move", "mset", "msetnx",
        "persist",
        "pexpire", "pexpireat", "pexpiretime", "pfadd", "pfcount", "pfmerge", "ping", "psetex", "pttl", "publish",
        "rename", "renamenx", "restore", "rpush", "rpushx", "sadd", "scard", "sdiffstore", "set", "setbit", "setex",
        "setnx", "setrange", "sinterstore", "sismember", "smove", "spublish", "srem", "strlen", "sunionstore", "time",
        "touch", "ttl", "type", "unlink", "xack", "xadd", "xdel", "xgroup", "xlen", "xsetid", "xtrim", "zadd", "zcard",
        "zcount", "zincrby", "zlexcount", "zrangestore", "zrank", "zrem", "zremrangebylex", "zremrangebyrank",
        "zremrangebyscore", "zrevrank", "zscore",
    ]
}
