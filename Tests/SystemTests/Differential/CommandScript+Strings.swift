extension CommandScript {
    static let strings = CommandScript(
        "strings",
        """
        SET k v
        GET k
        GET k
        SET k w EX 100 GET
        GET k
        SETNX k x
        SETNX fresh x
        GET fresh
        GETSET k y
        GET k
        APPEND k z
        GET k
        STRLEN k
        GETRANGE k 0 0
        SUBSTR k 0 0
        SETRANGE k 1 abc
        GET k
        GETDEL k
        GET k
        SETEX k 100 v
        GETEX k PERSIST
        TTL k
        PSETEX k 100000 v
        GET k
        MSET a 1 b 2
        GET a
        MGET a b nosuch
        MSETNX a 1 c 2
        MSETNX d 1 e 2
        INCR a
        GET a
        INCRBY a 5
        DECR a
        DECRBY a 2
        GET a
        INCRBYFLOAT a 1.5
        GET a
        LCS a b
        LCS a b LEN
        LCS a b IDX WITHMATCHLEN
        STRALGO LCS STRINGS ab bc
        SET empty ""
        GET empty
        SET binary "%r%n%0%xff"
        GET binary
        GET nosuch
        GET nosuch
        SET nosuch now
        GET nosuch
        SET k v NX
        SET k v XX KEEPTTL
        SET k v EX 0
        SET k v NX XX
        RPUSH list x
        GET list
        GET list
        INCR list
        DEL list
        GET list
        NOSUCH with arguments
        """)

    static let bits = CommandScript(
        "bits",
        """
        SETBIT b 7 1
        GETBIT b 7
        GET b
        BITCOUNT b
        BITCOUNT b 0 -1 BIT
        BITPOS b 1
        BITOP NOT n b
        GET n
        BITFIELD b SET u8 0 255 GET u8 0 INCRBY u2 100 1 OVERFLOW FAIL INCRBY u2 102 9
        BITFIELD_RO b GET u8 0
        GET b
        PFADD h a b c
        PFCOUNT h
        PFADD g c d
        PFMERGE m h g
        PFCOUNT m
        GET m
        PFDEBUG ENCODING h
        """)

    static let keys = CommandScript(
        "keys",
        """
        SET k v
        DUMP k
        RESTORE r 0 %x00%x01%x76%x0a%x00%x91%x08%xce%xb2%x19%x38%x8a%xce
        GET r
        RESTORE r 0 nonsense
        RESTORE-ASKING s 0 %x00%x01%x76%x0a%x00%x91%x08%xce%xb2%x19%x38%x8a%xce
        GET s
        DEL r s
        TYPE k
        TYPE nosuch
        EXISTS k k nosuch
        TOUCH k nosuch
        KEYS *
        RANDOMKEY
        SCAN 0 COUNT 100
        SCAN 0 MATCH x* TYPE string COUNT 100
        GET k
        RENAME k l
        GET k
        GET l
        RENAME nosuch x
        RENAMENX l k
        GET l
        GET k
        COPY k c
        GET c
        COPY k c REPLACE
        MOVE c 1
        GET c
        OBJECT ENCODING k
        OBJECT FREQ k
        OBJECT IDLETIME k
        OBJECT REFCOUNT k
        OBJECT HELP
        UNLINK k
        GET k
        DEL k nosuch
        DBSIZE
        RPUSH l 3 1 2
        SORT l
        SORT l BY nosort
        SORT_RO l DESC LIMIT 0 2
        SORT l STORE s
        LRANGE s 0 -1
        SWAPDB 0 1
        GET c
        SELECT 1
        LRANGE s 0 -1
        SELECT 0
        GET c
        SELECT 99
        SELECT x
        FLUSHDB
        GET c
        MIGRATE 127.0.0.1 1 nosuch 0 10
        WAIT 0 0
        """)

    static let expiry = CommandScript(
        "expiry",
        """
        SET k v
        EXPIRE k 100
        TTL k
        PTTL k
        GET k
        EXPIRE k 200 LT
        EXPIREAT k 4000000000
        EXPIRETIME k
        PEXPIREAT k 4000000000000
        PEXPIRETIME k
        PERSIST k
        TTL k
        PEXPIRE k 100000 NX
        TTL k
        GET k
        EXPIRE k -1
        GET k
        TTL k
        PTTL k
        EXPIRETIME k
        """)
}
