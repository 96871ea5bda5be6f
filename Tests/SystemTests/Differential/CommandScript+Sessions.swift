extension CommandScript {
    static let transactions = CommandScript(
        "transactions",
        """
        SET k v
        GET k
        MULTI
        SET k w
        GET k
        INCR k
        EXEC
        GET k
        MULTI
        SET k x
        DISCARD
        GET k
        WATCH k
        SET k y
        MULTI
        GET k
        EXEC
        WATCH k
        UNWATCH
        GET k
        MULTI
        NOSUCH
        EXEC
        MULTI
        MULTI
        WATCH k
        EXEC
        EXEC
        DISCARD
        MULTI
        SELECT 1
        SET k other
        EXEC
        GET k
        SELECT 0
        GET k
        MULTI
        RESET
        GET k
        """)

    static let publishing = CommandScript(
        "publishing",
        """
        PUBLISH c m
        SPUBLISH c m
        PUBSUB CHANNELS [^_]*
        PUBSUB NUMPAT
        PUBSUB NUMSUB c
        PUBSUB SHARDCHANNELS
        PUBSUB SHARDNUMSUB c
        PUBSUB HELP
        UNSUBSCRIBE
        PUNSUBSCRIBE
        SUNSUBSCRIBE
        """)

    static let subscribing = CommandScript(
        "subscribing",
        """
        SET k v
        GET k
        2> SUBSCRIBE c d
        PSUBSCRIBE p*
        SSUBSCRIBE s
        PING
        PING text
        GET k
        2> UNSUBSCRIBE c d
        PUNSUBSCRIBE
        SUNSUBSCRIBE
        GET k
        SUBSCRIBE c
        RESET
        GET k
        """)

    static let connection = CommandScript(
        "connection",
        """
        PING
        PING text
        PING two texts
        ECHO text
        AUTH nonsense
        AUTH user nonsense
        HELLO
        HELLO 2
        GET nosuch
        HELLO 3 SETNAME name
        GET nosuch
        CLIENT GETNAME
        HELLO 9
        HELLO 3 AUTH user nonsense
        HELLO 2 NONSENSE
        CLIENT SETNAME other
        CLIENT SETNAME "two words"
        CLIENT GETNAME
        CLIENT ID
        CLIENT INFO
        CLIENT LIST
        CLIENT KILL ID 999999
        CLIENT UNBLOCK 999999
        CLIENT PAUSE 0
        CLIENT UNPAUSE
        CLIENT NO-EVICT ON
        CLIENT NO-EVICT OFF
        CLIENT HELP
        CLIENT NOSUCH
        RESET
        CLIENT GETNAME
        GET nosuch
        """)

    static let tracking = CommandScript(
        "tracking",
        """
        CLIENT GETREDIR
        CLIENT TRACKINGINFO
        CLIENT TRACKING ON BCAST PREFIX nosuch
        CLIENT TRACKING ON NONSENSE
        CLIENT CACHING YES
        CLIENT TRACKINGINFO
        CLIENT TRACKING OFF
        CLIENT CACHING YES
        """)

    static let silence = CommandScript(
        "silence",
        """
        SET k v
        CLIENT REPLY ON
        0> CLIENT REPLY OFF
        0> SET k w
        0> GET k
        CLIENT REPLY ON
        GET k
        0> CLIENT REPLY SKIP
        0> GET k
        GET k
        0> CLIENT REPLY SKIP
        0> CLIENT REPLY SKIP
        0> NOSUCH
        GET k
        0> CLIENT REPLY SKIP
        CLIENT REPLY ON
        0> CLIENT REPLY OFF
        0> CLIENT REPLY SKIP
        0> MULTI
        0> INCR n
        0> EXEC
        0> SELECT 1
        0> SET k one
        CLIENT REPLY ON
        GET k
        SELECT 0
        GET n
        CLIENT REPLY NONSENSE
        """)

    static let quitting = CommandScript("quitting", "SET k v\nGET k\nQUIT")
}
