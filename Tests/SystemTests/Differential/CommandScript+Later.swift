extension CommandScript {
    /// What came after Redis 7.0, here or there. Where a server does not have it, its refusal is compared.
    static let later = CommandScript(
        "later commands",
        """
        HSET h f v g w
        HEXPIREAT h 4000000000 FIELDS 1 f
        HEXPIRE h 1000 FIELDS 1 f
        HPEXPIRE h 1000000 FIELDS 1 f
        HPEXPIREAT h 4000000000000 FIELDS 1 f
        HEXPIRETIME h FIELDS 2 f g
        HPEXPIRETIME h FIELDS 2 f g
        HTTL h FIELDS 2 f g
        HPTTL h FIELDS 2 f g
        HPERSIST h FIELDS 1 f
        HGETEX h EX 1000 FIELDS 1 f
        HSETEX h EX 1000 FIELDS 1 f v
        HGETDEL h FIELDS 1 f
        HGETALL h
        SET k v
        GET k
        SET k w IFEQ v
        GET k
        DELIFEQ k v
        DELIFEQ k w
        GET k
        SET k v
        DELEX k IFEQ nonsense
        DELEX k IFEQ v
        GET k
        MSETEX 2 a 1 b 2
        MSETEX 1 a 3 NX
        GET a
        CLIENT NO-TOUCH ON
        GET a
        CLIENT NO-TOUCH OFF
        CLIENT SETINFO LIB-NAME name
        CLIENT SETINFO LIB-VER "1 2"
        CLIENT SETINFO NONSENSE x
        GET a
        CLIENT CAPA nonsense
        CLIENT IMPORT-SOURCE ON
        RESET
        GET a
        XADD x 1-1 f v
        XADD x 2-1 f v
        XGROUP CREATE x g 0
        XREADGROUP GROUP g c STREAMS x >
        XACKDEL x g KEEPREF IDS 1 1-1
        XDELEX x IDS 1 2-1
        VADD v VALUES 2 1 0 a
        VADD v VALUES 2 1 nonsense a
        VCARD v
        VDIM v
        VEMB v a
        VSETATTR v a "{}"
        VGETATTR v a
        VINFO nosuch
        VISMEMBER v a
        VLINKS nosuch a
        VRANDMEMBER v
        VSIM v VALUES 2 1 0
        VREM v a
        WAITAOF 0 0 0
        COMMANDLOG GET 0 slow
        COMMANDLOG LEN slow
        COMMANDLOG RESET slow
        COMMANDLOG HELP
        SCRIPT LOAD "return 7"
        SCRIPT SHOW 59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9
        SCRIPT SHOW nosuch
        CLUSTERSCAN 0
        CLUSTER CANCELSLOTMIGRATIONS
        CLUSTER FLUSHSLOT 1
        CLUSTER GETSLOTMIGRATIONS
        CLUSTER MIGRATESLOTS SLOTSRANGE 1 2 NODE x
        CLUSTER MYSHARDID
        CLUSTER SLOT-STATS SLOTSRANGE 1 2
        CLUSTER SYNCSLOTS ESTABLISH
        GET a
        """)
}
