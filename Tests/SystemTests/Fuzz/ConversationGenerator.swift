import TestSupport

/// Makes up conversations: states of a session, data of a few keys, pipelines, and now and then what is no command at all.
///
/// It says nothing whose reply differs between two servers by nature: no clocks, nothing in an order of chance, as announcements by
/// broadcast are, which come once in each turn of the server's loop.
struct ConversationGenerator {
    private var random: SeededGenerator

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
    }

    mutating func conversation() -> FuzzedConversation {
        let clients = self.number(in: 1...FuzzedConversation.clients)
        let turns = (0..<self.number(in: 1...12)).map { _ in
            FuzzedConversation.Turn(
                client: self.number(in: 0...clients - 1),
                lines: (0..<self.number(in: 1...(self.oneIn(3) ? 8 : 2))).map { _ in self.line() })
        }
        return FuzzedConversation(turns: turns, cuts: self.oneIn(2) ? self.random.next() : nil)
    }

    private mutating func line() -> FuzzedConversation.Line {
        switch self.number(in: 0...60) {
        case 0: return .raw(self.garbage())
        case 1: return .raw(Array(self.pick(Self.odd).utf8))
        case 2: return .raw(Array((self.pick(Self.data) + "\r\n").utf8))
        case 3...25: return self.command(self.pick(Self.states))
        case 26: return .command(["SET", self.key(), self.large()].map { Array($0.utf8) })
        case 27: return self.damaged(self.pick(Self.data))
        default: return self.command(self.pick(Self.data))
        }
    }

    /// Replaces the keys, which are written as `k`, and now and then a value by one that needs care.
    private mutating func command(_ text: String) -> FuzzedConversation.Line {
        .command(
            text.split(separator: " ").map { word in
                switch word {
                case "k": return Array(self.key().utf8)
                case "v": return self.value()
                default: return Array(word.utf8)
                }
            })
    }

    /// A word too many, one too few, or one that is something else.
    private mutating func damaged(_ text: String) -> FuzzedConversation.Line {
        guard case .command(var words) = self.command(text) else { return .raw([]) }
        let place = self.number(in: 0...words.count - 1)
        switch self.number(in: 0...2) {
        case 0: words.append(self.value())
        case 1 where words.count > 1: words.remove(at: place)
        default: words[place] = self.value()
        }
        return .command(words)
    }

    private mutating func key() -> String { self.pick(["a", "b", "c", "{a}b", "l"]) }

    private mutating func value() -> [UInt8] {
        switch self.number(in: 0...5) {
        case 0: []
        case 1: Array("\r\n".utf8)
        case 2: (0..<self.number(in: 1...20)).map { _ in UInt8.random(in: .min ... .max, using: &self.random) }
        case 3: Array("\(self.number(in: -5...5))".utf8)
        default: Array(self.pick(["x", "y", "1", "10", "-ERR x", "*2", "$3"]).utf8)
        }
    }

    /// Around the length from which a command is passed on as it comes.
    private mutating func large() -> String {
        String(repeating: self.pick(["x", "y"]), count: self.pick([16_383, 65_500, 65_536, 70_000, 200_000]))
    }

    private mutating func garbage() -> [UInt8] {
        let alphabet = Array("*$+-:_#0123456789\r\n\0\"' \\GETSETabc".utf8)
        return (0..<self.number(in: 1...60)).map { _ in self.pick(alphabet) }
    }

    private mutating func number(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self.random) }
    private mutating func oneIn(_ count: Int) -> Bool { self.number(in: 1...count) == 1 }
    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[self.number(in: 0...elements.count - 1)]
    }

    private static let odd = [
        "\r\n", "*0\r\n", "*-1\r\n", "PING\n", "PING \"a b\"\r\n", "GET \"a\\x41\"\r\n", "SET a 'it\\'s'\r\n",
        "*1\r\nPING\r\n",
        "*2\r\n$3\r\nGET\r\n$-1\r\n", "*1\r\n$4\r\nPINGxx", "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\nab", "GET a",
        "\"unbalanced\r\n",
        "*abc\r\n", "$4\r\nPING\r\n", "*2\r\n$3\r\nget\r\n$1\r\na\r\n",
    ]

    private static let states = [
        "MULTI", "MULTI", "EXEC", "EXEC", "EXEC", "DISCARD", "WATCH k", "UNWATCH", "SELECT 0", "SELECT 1", "SELECT 99",
        "HELLO 3",
        "HELLO 2", "HELLO 9", "RESET", "SUBSCRIBE c d", "SUBSCRIBE c", "UNSUBSCRIBE", "UNSUBSCRIBE c", "PSUBSCRIBE c*",
        "PUNSUBSCRIBE", "PUBLISH c v", "PUBLISH d v", "CLIENT SETNAME name", "CLIENT GETNAME", "CLIENT REPLY OFF",
        "CLIENT REPLY ON",
        "CLIENT REPLY ON", "CLIENT REPLY SKIP", "CLIENT NO-EVICT ON", "CLIENT TRACKING ON", "CLIENT TRACKING OFF",
        "CLIENT CACHING YES", "CLIENT NOSUCH", "AUTH wrong", "AUTH default any", "QUIT",
        "WAIT 0 0",
        "BLPOP l 0.01", "BRPOP l 0.01", "BLPOP nosuch l 0.01", "SWAPDB 0 1", "FLUSHALL", "FLUSHDB", "PING", "PING v",
        "ECHO v",
        "EVAL return{1,redis.call('GET','a')} 0", "EVAL return(redis.call('SET',KEYS[1],ARGV[1])) 1 k v",
        "EVAL return(redis.call('INCR','b')) 0", "EVAL nonsense( 0", "EVALSHA nosuch 0", "SCRIPT EXISTS x",
        "DEBUG SLEEP 0",
        "PUBSUB NUMSUB c", "READONLY", "NOSUCH k v",
    ]

    private static let data = [
        "GET k", "GET k", "GET k", "GET k", "GET k", "GET k", "SET k v", "SET k v", "SET k v", "SET k v XX",
        "SET k v NX",
        "SET k v GET", "SET k v EX 1000", "SET k v PX -1", "GETSET k v", "GETDEL k", "GETEX k PERSIST", "SETNX k v",
        "APPEND k v",
        "STRLEN k", "GETRANGE k 0 -1", "SETRANGE k 1 v", "INCR k", "INCRBY k v", "DECR k", "INCRBYFLOAT k 0.5",
        "MGET k k k",
        "MGET k", "MSET k v k v", "MSETNX k v k v", "DEL k", "DEL k k", "UNLINK k", "EXISTS k k", "TYPE k",
        "RENAME k k", "RENAMENX k k",
        "COPY k k", "COPY k k REPLACE", "MOVE k 1", "EXPIRE k 1000", "PEXPIRE k -1", "PERSIST k", "SETBIT k 7 1",
        "GETBIT k 7",
        "BITCOUNT k", "BITOP NOT k k", "PFADD k v", "PFCOUNT k", "LPUSH l v", "RPUSH k v", "LPOP l", "LRANGE l 0 -1",
        "LLEN k",
        "RPOPLPUSH l k", "SORT l STORE k", "HSET k f v", "HGET k f", "HGETALL k", "HDEL k f", "SADD k v", "SCARD k",
        "SMEMBERS k",
        "ZADD k 1 v", "ZSCORE k v", "ZRANGE k 0 -1", "XADD k 1-1 f v", "XLEN k", "XREAD COUNT 1 STREAMS k 0",
        "OBJECT REFCOUNT k",
    ]
}
