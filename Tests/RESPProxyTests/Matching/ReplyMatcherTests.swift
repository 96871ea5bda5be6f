import RESPParser
import Testing

@testable import RESPProxy

extension Fences {
    var all: [WriteEffect] {
        var all: [WriteEffect] = []
        forEach { all.append($0) }
        return all
    }
}

@Suite("replies of a pinned connection, matched to its commands")
struct ReplyMatcherTests {
    private let table: CommandTable
    private var matcher = ReplyMatcher()
    private var lowered: [WriteEffect] = []
    /// The last pause that others must hear of.
    private var paused: StateChange.PauseChange?

    init() throws {
        table = try .ofRedis7()
    }

    private mutating func send(_ words: String...) -> WriteEffect { send(words) }

    @discardableResult
    private mutating func send(_ words: [String]) -> WriteEffect {
        let router = CommandRouter(table: table, access: CacheAccess(database: 0, fillUser: nil, trustsClients: false))
        return matcher.forwarded(router.describe(CommandView(words: words), announcesChanges: false), now: 1)
    }

    /// One reply, as the connection hands it on: fences are lowered at its first byte or at its end.
    private mutating func receive(_ frame: String) {
        let received = matcher.receive(frame)
        lowered = received.lowered
        if case .paused(let change) = received.event { paused = change }
        matcher.prove()
    }

    private var isCached: Bool {
        matcher.isEmpty
            && matcher.state.mayBeAnsweredFromCache(
                access: CacheAccess(database: 0, fillUser: nil, trustsClients: false))
    }

    private let key = WriteEffect.keys([Array("k".utf8)])

    @Test(
        "with a connection that is lost only replies are lost, unless there is state, or something blocks or changes it"
    )
    mutating func losesOnlyReplies() {
        #expect(matcher.losesOnlyReplies)
        send(["SET", "k", "v"])
        send(["GET", "k"])
        #expect(matcher.losesOnlyReplies)
        send(["BLPOP", "q", "0"])
        #expect(!matcher.losesOnlyReplies)
        _ = matcher.connectionEnded()
        send(["EVAL", "x", "0"])
        #expect(matcher.losesOnlyReplies)
        _ = matcher.connectionEnded()
        for words in [["MULTI"], ["CLIENT", "SETNAME", "me"], ["SUBSCRIBE", "c"], ["SHUTDOWN"], ["MY.OWN"]] {
            #expect(matcher.losesOnlyReplies)
            send(words)
            #expect(!matcher.losesOnlyReplies, "\(words)")
            _ = matcher.connectionEnded()
        }
        send(["SELECT", "1"])
        receive("+OK\r\n")
        send(["GET", "k"])
        #expect(!matcher.losesOnlyReplies)
    }

    @Test("a write's fence goes up with the command and comes down with the first byte of its reply")
    mutating func fence() {
        #expect(send("SET", "k", "v") == key)
        #expect(!matcher.isEmpty)
        #expect(matcher.replyBegins(type: UInt8(ascii: "+")).fences.all == [key])
        receive("+OK\r\n")
        #expect(lowered.isEmpty, "not twice")
        #expect(isCached)
    }

    @Test(
        "what RESET does not undo is not handed on, and the cache goes on answering",
        arguments: [
            ["CLIENT SETINFO lib-name x", "+OK"], ["CLIENT NO-EVICT on", "+OK"],
            ["MULTI", "+OK", "CLIENT SETINFO lib-ver 1", "+QUEUED", "EXEC", "*1\r\n+OK"],
            ["CLIENT SETINFO lib-name x", "+OK", "MONITOR", "+OK"],
            ["MONITOR", "+OK", "CLIENT SETINFO lib-name x", "+OK"],
        ])
    mutating func lastingHarmless(conversation: [String]) {
        play(conversation + ["RESET", "+RESET"])
        #expect(!matcher.isClean)
        #expect(isCached)
    }

    @Test(
        "what may change what is read, for good, ends answers from the cache for good",
        arguments: [
            ["CLIENT IMPORT-SOURCE on", "+OK"], ["CLIENT FROBNICATE", "+OK"], ["SCRIPT DEBUG yes", "+OK"],
            ["renamed-select 1", "+OK"], ["not-in-the-table", "+OK"],
            ["MULTI", "+OK", "CLIENT IMPORT-SOURCE on", "+QUEUED", "EXEC", "*1\r\n+OK"],
        ])
    mutating func lastingUnknown(conversation: [String]) {
        play(conversation)
        #expect(!isCached)
        play(["RESET", "+RESET"])
        #expect(!matcher.isClean)
        #expect(!isCached)
    }

    @Test(
        "what RESET undoes is undone, and a command that was refused has left nothing",
        arguments: [
            ["CLIENT SETNAME x", "+OK"], ["CLIENT NO-TOUCH on", "+OK"], ["CLIENT ID", ":7"], ["SELECT 1", "+OK"],
            ["CLIENT IMPORT-SOURCE on", "-ERR unknown subcommand"], ["CLIENT SETINFO lib-name x", "-ERR unknown"],
            ["MULTI", "+OK", "CLIENT SETINFO lib-name x", "+QUEUED", "DISCARD", "+OK"], ["not-in-the-table", "-ERR"],
        ])
    mutating func undone(conversation: [String]) {
        play(conversation + ["RESET", "+RESET"])
        #expect(matcher.isClean)
        #expect(isCached)
    }

    /// Commands and their replies in turn.
    private mutating func play(_ conversation: [String]) {
        for pair in stride(from: 0, to: conversation.count, by: 2) {
            send(conversation[pair].split(separator: " ").map(String.init))
            receive(conversation[pair + 1] + "\r\n")
        }
    }

    @Test("a queued write's fence stays up until EXEC is answered")
    mutating func transaction() {
        _ = send("MULTI")
        receive("+OK\r\n")
        #expect(!isCached)
        #expect(send("SET", "k", "v") == key)
        receive("+QUEUED\r\n")
        #expect(lowered.isEmpty)
        _ = send("EXEC")
        receive("*1\r\n+OK\r\n")
        #expect(lowered == [key])
        #expect(isCached)
    }

    private mutating func sendLine() {
        let router = CommandRouter(table: table, access: CacheAccess(database: 0, fillUser: nil, trustsClients: false))
        let line = router.describe(line: CommandView(words: ["SET"]), announcesChanges: true)
        _ = matcher.forwarded(line, now: 1)
    }

    @Test("nothing follows a line that only the server can split before it is answered, or ever where it is malformed")
    mutating func behindLine() {
        sendLine()
        #expect(matcher.isBehindLine)
        receive("+OK\r\n")
        #expect(!matcher.isBehindLine)
        sendLine()
        let malformed = ReplyGlimpse(frame: Array("-ERR Protocol error: unbalanced quotes in request\r\n".utf8))
        #expect(matcher.replyEnded(malformed).endsInput)
        _ = send("EVAL", "return redis.error_reply('ERR Protocol error')", "0")
        #expect(!matcher.replyEnded(malformed).endsInput)
    }

    @Test("and once replies are not matched nothing waits for that answer")
    mutating func unmatchedLine() {
        sendLine()
        matcher.giveUpMatching()
        #expect(!matcher.isBehindLine)
        sendLine()
        #expect(!matcher.isBehindLine)
    }

    @Test("a pipelined transaction is followed reply by reply")
    mutating func pipelinedTransaction() {
        _ = send("MULTI")
        _ = send("SET", "k", "v")
        _ = send("EXEC")
        _ = send("GET", "k")
        receive("+OK\r\n")
        receive("+QUEUED\r\n")
        #expect(lowered.isEmpty)
        receive("*1\r\n+OK\r\n")
        #expect(lowered == [key])
        #expect(!isCached, "GET is outstanding")
        receive("$1\r\nv\r\n")
        #expect(isCached)
    }

    @Test("an EXEC that the server refuses without ending the transaction leaves its fences up")
    mutating func refusedExec() {
        _ = send("MULTI")
        receive("+OK\r\n")
        _ = send("SET", "k", "v")
        receive("+QUEUED\r\n")
        _ = send("EXEC", "x")
        receive("-ERR wrong number of arguments for 'exec' command\r\n")
        #expect(lowered.isEmpty)
        #expect(matcher.state.inTransaction)
        _ = send("EXEC")
        receive("-EXECABORT Transaction discarded because of previous errors.\r\n")
        #expect(lowered == [key])
        #expect(isCached)
    }

    @Test("a transaction that queued what changes the session is relayed from then on")
    mutating func hiddenState() {
        _ = send("MULTI")
        receive("+OK\r\n")
        _ = send("SELECT", "1")
        receive("+QUEUED\r\n")
        _ = send("EXEC")
        receive("*1\r\n+OK\r\n")
        #expect(!isCached)
        _ = send("RESET")
        receive("+RESET\r\n")
        #expect(isCached)
    }

    @Test("state changes with the reply, and not when the server refuses")
    mutating func select() {
        _ = send("SELECT", "99")
        receive("-ERR DB index is out of range\r\n")
        #expect(isCached)
        _ = send("SELECT", "1")
        #expect(matcher.state.database == 0)
        receive("+OK\r\n")
        #expect(matcher.state.database == 1)
        #expect(!isCached)
        _ = send("SELECT", "0")
        receive("+OK\r\n")
        #expect(isCached)
    }

    @Test("WATCH bars the cache until EXEC, DISCARD or UNWATCH", arguments: ["UNWATCH", "DISCARD", "EXEC"])
    mutating func watch(end: String) {
        _ = send("WATCH", "k")
        receive("+OK\r\n")
        #expect(!isCached)
        if end != "UNWATCH" {
            _ = send("MULTI")
            receive("+OK\r\n")
        }
        _ = send(end)
        receive(end == "EXEC" ? "*-1\r\n" : "+OK\r\n")
        #expect(isCached)
    }

    @Test("HELLO changes version and user only when it succeeds")
    mutating func hello() {
        _ = send("HELLO", "4")
        receive("-NOPROTO unsupported protocol version\r\n")
        #expect(matcher.state.version == .resp2)
        _ = send("HELLO", "3", "AUTH", "alice", "secret", "SETNAME", "x")
        receive(greeting(.resp3))
        #expect(matcher.state.version == .resp3)
        #expect(matcher.state.user == .named(Array("alice".utf8)))
        #expect(!isCached)
    }

    @Test("under RESP2 a subscribed session is barred, messages are no replies, and the last unsubscription ends it")
    mutating func subscribe() {
        _ = send("SUBSCRIBE", "a", "b")
        receive("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
        #expect(matcher.count == 1)
        receive("*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n")
        #expect(matcher.isEmpty)
        #expect(!isCached)
        _ = send("UNSUBSCRIBE")
        receive("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n")
        #expect(matcher.count == 1)
        receive("*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n")
        #expect(matcher.count == 1)
        receive("*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:0\r\n")
        #expect(isCached)
    }

    @Test("channels and patterns are counted apart, though the server counts them together")
    mutating func patterns() {
        _ = send("SUBSCRIBE", "a")
        receive("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
        _ = send("PSUBSCRIBE", "p*")
        receive("*3\r\n$10\r\npsubscribe\r\n$2\r\np*\r\n:2\r\n")
        _ = send("UNSUBSCRIBE")
        receive("*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n")
        #expect(matcher.isEmpty, "the pattern is none of UNSUBSCRIBE's business")
        #expect(matcher.state.isSubscribed)
    }

    @Test("under RESP3 pushes come between replies, and a subscribed session may still be answered from the cache")
    mutating func pushes() {
        _ = send("HELLO", "3")
        receive(greeting(.resp3))
        _ = send("SUBSCRIBE", "a")
        receive(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
        #expect(matcher.stateToProve == nil, "the server is asked nothing behind the back of who only listens")
        #expect(!isCached)
        _ = send("GET", "k")
        receive("_\r\n")
        #expect(isCached)
        _ = send("SET", "k", "v")
        receive(">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n")
        #expect(matcher.count == 1)
        #expect(lowered.isEmpty, "a push is not the reply to the write")
        receive("+OK\r\n")
        #expect(lowered == [key])
    }

    @Test("a value that looks like a message is a reply where nothing is subscribed to")
    mutating func lookalike() {
        _ = send("LRANGE", "l", "0", "-1")
        receive("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n")
        #expect(matcher.isEmpty)
    }

    @Test("a pause is in force once the server has accepted it, and not where it has refused it")
    mutating func pause() {
        _ = send("CLIENT", "PAUSE", "50")
        #expect(paused == nil)
        receive("-NOPERM no permissions\r\n")
        #expect(paused == nil)
        _ = send("CLIENT", "PAUSE", "50")
        receive("+OK\r\n")
        #expect(paused == .begin(milliseconds: 50))
        #expect(isCached)
    }

    @Test("a pause in a transaction is in force with its EXEC, unless that did nothing", arguments: ["*-1", "_", "*1"])
    mutating func pauseInTransaction(reply: String) {
        _ = send("MULTI")
        receive("+OK\r\n")
        _ = send("CLIENT", "PAUSE", "50")
        receive("+QUEUED\r\n")
        #expect(paused == nil)
        _ = send("EXEC")
        receive("\(reply)\r\n" + (reply == "*1" ? "+OK\r\n" : ""))
        #expect(paused == (reply == "*1" ? .begin(milliseconds: 50) : nil))
    }

    @Test("a pause in a transaction that is discarded is forgotten")
    mutating func pauseDiscarded() {
        for words in [["MULTI"], ["CLIENT", "PAUSE", "50"], ["DISCARD"], ["MULTI"]] {
            send(words)
            receive(words[0] == "CLIENT" ? "+QUEUED\r\n" : "+OK\r\n")
        }
        _ = send("EXEC")
        receive("*0\r\n")
        #expect(paused == nil)
    }

    @Test("after CLIENT REPLY OFF in a transaction nothing is matched, and fences stay up until the connection ends")
    mutating func replyOff() {
        silence()
        #expect(matcher.state.matching == .unmatched)
        #expect(matcher.isBlocked, "a client that goes away is not waited for")
        #expect(send("SET", "k", "w") == key)
        #expect(send("SET", "k", "x") == .none, "it is up already")
        #expect(matcher.connectionEnded() == [key])
    }

    /// What a transaction does that switches replies off: of its array only the beginning comes.
    private mutating func silence() {
        _ = send("MULTI")
        receive("+OK\r\n")
        _ = send("CLIENT", "REPLY", "OFF")
        receive("+QUEUED\r\n")
        _ = send("SET", "k", "v")
        receive("+QUEUED\r\n")
        _ = send("EXEC")
        #expect(matcher.replyBegins(type: UInt8(ascii: "*")).fences.all == [key])
    }

    @Test("the fences of unmatched writes are bounded: one for all keys stands for the many")
    mutating func bounded() {
        silence()
        for number in 0..<1_000 { #expect(send("SET", "k\(number)", "v") != .none) }
        #expect(send("SET", "one more", "v") == .everything)
        #expect(send("SET", "and another", "v") == .none)
        let fences = matcher.connectionEnded()
        #expect(fences.count == 2 && fences.contains(.everything))
    }

    @Test("MONITOR's lines are no replies; RESET ends it, and what follows RESET waits for that")
    mutating func monitor() {
        _ = send("MONITOR")
        receive("+OK\r\n")
        receive("+1700000000.000000 [0 127.0.0.1:1] \"GET\" \"k\"\r\n")
        #expect(!isCached)
        _ = send("RESET")
        #expect(matcher.mayLeaveConnection(onReset: false))
        receive("+1700000000.000000 [0 127.0.0.1:1] \"RESET\"\r\n")
        #expect(matcher.mayLeaveConnection(onReset: false))
        receive("+RESET\r\n")
        #expect(!matcher.mayLeaveConnection(onReset: false))
        #expect(isCached)
    }

    @Test("a connection that ends takes every fence with it")
    mutating func ended() {
        _ = send("MULTI")
        receive("+OK\r\n")
        _ = send("SET", "k", "v")
        receive("+QUEUED\r\n")
        _ = send("EVAL", "x", "0")
        #expect(matcher.connectionEnded() == [.everything, key])
        #expect(matcher.isEmpty)
        #expect(matcher.connectionEnded().isEmpty)
    }

    @Test("only a connection that nothing was left on may be left")
    mutating func clean() {
        _ = send("SET", "k", "v")
        #expect(!matcher.isClean, "its reply is outstanding")
        receive("+OK\r\n")
        #expect(matcher.isClean)
        _ = send("CLIENT", "SETNAME", "x y")
        receive("-ERR Client names cannot contain spaces, newlines or special characters.\r\n")
        #expect(matcher.isClean, "a command answered with an error leaves nothing")
        _ = send("CLIENT", "SETNAME", "x")
        receive("+OK\r\n")
        #expect(!matcher.isClean)
        #expect(isCached, "a name is no bar to hits")
        _ = send("RESET")
        receive("+RESET\r\n")
        #expect(matcher.isClean)
    }

    @Test(
        "state that ends leaves a clean connection",
        arguments: [
            [("MULTI", "+OK\r\n"), ("EXEC", "*0\r\n")],
            [("MULTI", "+OK\r\n"), ("DISCARD", "+OK\r\n")],
            [("WATCH k", "+OK\r\n"), ("UNWATCH", "+OK\r\n")],
            [("SELECT 3", "+OK\r\n"), ("SELECT 0", "+OK\r\n")],
            [
                ("SUBSCRIBE c", "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"),
                ("UNSUBSCRIBE c", "*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n"),
            ],
            [("HELLO 3", greeting(.resp3)), ("HELLO 2", greeting(.resp2))],
        ])
    mutating func stateThatEnds(exchanges: [(String, String)]) {
        for (index, (line, reply)) in exchanges.enumerated() {
            send(line.split(separator: " ").map(String.init))
            #expect(!matcher.isClean)
            receive(reply)
            #expect(matcher.isClean == (index == 1 || line == "HELLO 3"), "after \(line)")
        }
    }

    @Test("nor are those to a question that is replicated, done or refused", arguments: [":0\r\n", "-NOPERM no\r\n"])
    mutating func replicatedQuestion(reply: String) {
        let question = OwnQuestion(isReplicated: true, asksStanding: false)
        matcher.ask(question, now: 1)
        _ = send("WAIT", "0", "1")
        #expect(!matcher.receive(reply).isPassedOn)
        #expect(!matcher.receive(bulk(question.word)).isPassedOn)
        #expect(matcher.receive(":0\r\n").isPassedOn)
        #expect(matcher.isClean)
    }

    @Test("behind a reply too many, what answers a replicated question is still kept from the client")
    mutating func displacedReplicatedQuestion() {
        let question = OwnQuestion(isReplicated: true, asksStanding: false)
        matcher.ask(question, now: 1)
        _ = send("WAIT", "0", "1")
        #expect(matcher.receive("+PONG\r\n").isPassedOn)
        #expect(!matcher.receive(":0\r\n").isPassedOn)
        #expect(!matcher.receive(bulk(question.word)).isPassedOn)
        #expect(matcher.receive(":0\r\n").isPassedOn)
        #expect(!matcher.isClean)
    }

    @Test("a reply to a command of the proxy's own is not the client's")
    mutating func ownCommand() {
        let question = OwnQuestion(asksStanding: false)
        matcher.ask(question, now: 1)
        _ = send("WAIT", "0", "1")
        #expect(matcher.treatment(ofReply: UInt8(ascii: ">")).fate == .passedOn, "a push always is the client's")
        #expect(!matcher.receive(bulk(question.word)).isPassedOn)
        #expect(matcher.treatment(ofReply: UInt8(ascii: ":")).fate == .passedOn)
        receive(":0\r\n")
        #expect(matcher.isClean)
    }

    @Test("a state command under a name that we do not know bars the cache")
    mutating func renamed() {
        _ = send("RENAMED-SELECT", "1")
        receive("+OK\r\n")
        #expect(!isCached)
    }

    @Test("a refused PSYNC is a command like any other; an accepted one makes the connection a tunnel")
    mutating func synchronize() {
        _ = send("PSYNC", "x")
        receive("-ERR wrong number of arguments for 'psync' command\r\n")
        #expect(isCached)
        _ = send("PSYNC", "?", "-1")
        #expect(matcher.mayLeaveConnection(onReset: false))
        _ = matcher.replyBegins(type: UInt8(ascii: "+"))
        #expect(matcher.state.matching == .tunnel)
    }

    @Test("a HELLO that fails over an option may have logged in before it did")
    mutating func helloHalfway() {
        _ = send("HELLO", "3", "AUTH", "alice", "wrong")
        receive("-WRONGPASS invalid username-password pair or user is disabled.\r\n")
        #expect(isCached)
        _ = send("HELLO", "3", "AUTH", "alice", "secret", "NONSENSE")
        receive("-ERR Syntax error in HELLO option 'nonsense'\r\n")
        #expect(!isCached)
    }
}
