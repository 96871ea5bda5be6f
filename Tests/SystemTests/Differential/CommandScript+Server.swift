extension CommandScript {
    static let server = CommandScript(
        "server",
        """
        TIME
        ROLE
        LASTSAVE
        SAVE
        BGSAVE
        BGREWRITEAOF
        INFO
        INFO nosuch
        CONFIG GET maxmemory
        CONFIG SET maxmemory 0
        CONFIG SET nosuch 0
        CONFIG RESETSTAT
        CONFIG REWRITE
        CONFIG HELP
        SLOWLOG RESET
        SLOWLOG LEN
        SLOWLOG GET 0
        SLOWLOG HELP
        LATENCY RESET
        LATENCY LATEST
        LATENCY HISTORY command
        LATENCY GRAPH command
        LATENCY HISTOGRAM nosuch
        LATENCY DOCTOR
        LATENCY HELP
        MEMORY USAGE nosuch
        MEMORY STATS
        MEMORY DOCTOR
        MEMORY MALLOC-STATS
        MEMORY PURGE
        MEMORY HELP
        MODULE LIST
        MODULE LOAD nosuch
        MODULE LOADEX nosuch
        MODULE UNLOAD nosuch
        MODULE HELP
        LOLWUT
        DEBUG SLEEP 0
        DEBUG HELP
        FLUSHDB SYNC
        FLUSHALL ASYNC
        """)

    static let accessLists = CommandScript(
        "access lists",
        """
        ACL WHOAMI
        ACL USERS
        ACL LIST
        ACL CAT scripting
        ACL SETUSER user on >secret ~k* +get
        ACL GETUSER user
        ACL GETUSER nosuch
        ACL DRYRUN user GET k
        ACL DRYRUN user SET k v
        ACL LOG RESET
        AUTH user wrong
        ACL LOG
        ACL GENPASS
        ACL LOAD
        ACL SAVE
        ACL HELP
        SET k v
        SET x v
        GET k
        GET x
        AUTH user secret
        GET k
        GET x
        SET k w
        AUTH default nonsense
        ACL DELUSER user
        """)

    static let cluster = CommandScript(
        "cluster",
        """
        ASKING
        READONLY
        READWRITE
        CLUSTER ADDSLOTS 1
        CLUSTER ADDSLOTSRANGE 1 2
        CLUSTER BUMPEPOCH
        CLUSTER COUNT-FAILURE-REPORTS node
        CLUSTER COUNTKEYSINSLOT 1
        CLUSTER DELSLOTS 1
        CLUSTER DELSLOTSRANGE 1 2
        CLUSTER FAILOVER
        CLUSTER FLUSHSLOTS
        CLUSTER FORGET node
        CLUSTER GETKEYSINSLOT 1 2
        CLUSTER HELP
        CLUSTER INFO
        CLUSTER KEYSLOT k
        CLUSTER LINKS
        CLUSTER MEET 127.0.0.1 1
        CLUSTER MYID
        CLUSTER NODES
        CLUSTER REPLICAS node
        CLUSTER REPLICATE node
        CLUSTER RESET
        CLUSTER SAVECONFIG
        CLUSTER SET-CONFIG-EPOCH 1
        CLUSTER SETSLOT 1 STABLE
        CLUSTER SHARDS
        CLUSTER SLAVES node
        CLUSTER SLOTS
        """)

    static let introspection = CommandScript(
        "introspection",
        """
        COMMAND
        COMMAND COUNT
        COMMAND DOCS GET
        COMMAND GETKEYS MSET a 1 b 2
        COMMAND GETKEYSANDFLAGS MSET a 1 b 2
        COMMAND INFO GET nosuch
        COMMAND LIST
        COMMAND LIST FILTERBY PATTERN xre*
        COMMAND HELP
        """)

    /// Commands that would stop the server or make the session something else, played where the server refuses them;
    /// and `PFSELFTEST`, which takes the server half a second, queued only.
    static let refused = CommandScript(
        "refused",
        """
        SHUTDOWN ABORT
        SHUTDOWN NONSENSE
        FAILOVER
        FAILOVER ABORT
        REPLICAOF NO ONE
        SLAVEOF NO ONE
        REPLICAOF localhost nonsense
        REPLCONF listening-port 1
        REPLCONF nonsense 1
        MULTI
        PFSELFTEST
        DISCARD
        MULTI
        SYNC
        DISCARD
        MULTI
        PSYNC ? -1
        DISCARD
        MULTI
        MONITOR
        EXEC
        """)
}
