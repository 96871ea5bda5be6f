import RESPParser
import Testing

@testable import RESPProxy

@Suite("CLIENT REPLY: the server is asked for every reply, and what the client did not want is dropped")
struct ClientReplyRewriteTests {
    private let table: CommandTable
    private var matcher = ReplyMatcher()
    /// What the client has been sent.
    private var passed = ""
    private var lowered: [WriteEffect] = []
    private let key = WriteEffect.keys([Array("k".utf8)])

    init() throws {
        table = try .ofRedis7()
    }

    private func describe(_ line: String) -> RelayedCommand {
        router.describe(CommandView(line: line), announcesChanges: false)
    }

    private var router: CommandRouter {
        CommandRouter(table: table, access: CacheAccess(database: 0, fillUser: nil, trustsClients: false))
    }

    private func waits(_ line: String) -> Bool {
        let standing = SessionStanding(
            server: .first, staysWithServer: false,
            mayBeAnsweredFromCache: false, canAnswerHere: true, holdsRelay: false, awaitsProof: false, hasNoReads: true,
            takesReads: true,
            outstanding: matcher.count, mayLeaveConnection: matcher.mayLeaveConnection(onReset: false),
            replies: matcher.state.replies)
        return router.route(CommandView(line: line), standing, announcesChanges: false) == .wait
    }

    /// - Returns: What goes to the server for it.
    @discardableResult
    private mutating func send(_ line: String) -> ClientReplyRewrite {
        let command = describe(line)
        let wire = ClientReplyRewrite(for: command.change, in: matcher.state)
        _ = matcher.forwarded(command, now: 1)
        return wire
    }

    private mutating func receive(_ frame: String) {
        let received = matcher.receive(frame)
        if received.isPassedOn { passed += frame }
        lowered = received.lowered
        matcher.prove()
    }

    private mutating func exchange(_ line: String, _ reply: String) {
        send(line)
        receive(reply)
    }

    private var isCached: Bool {
        matcher.isClean
            && matcher.state.mayBeAnsweredFromCache(
                access: CacheAccess(database: 0, fillUser: nil, trustsClients: false))
    }

    @Test("off: nothing is passed on until ON is answered; fences come down with the replies all the same")
    mutating func off() {
        #expect(send("CLIENT REPLY OFF") == .askedFor)
        receive("+OK\r\n")
        #expect(matcher.isEmpty && !matcher.isClean && !isCached)
        exchange("SET k v", "+OK\r\n")
        #expect(lowered == [key])
        exchange("GET k", "$1\r\nv\r\n")
        exchange("NOSUCH", "-ERR unknown command\r\n")
        #expect(passed.isEmpty)
        receive(">2\r\n$10\r\ninvalidate\r\n_\r\n")
        #expect(passed.hasPrefix(">"), "a push is sent all the same")
        passed = ""
        #expect(send("CLIENT REPLY ON") == .asSent)
        receive("+OK\r\n")
        exchange("GET k", "$1\r\nv\r\n")
        #expect(passed == "+OK\r\n$1\r\nv\r\n")
        #expect(isCached)
    }

    @Test("skip: the next command has no reply, an error included, and the one behind it has")
    mutating func skip() {
        for (line, reply) in [("SET k v", "+OK\r\n"), ("NOSUCH", "-ERR unknown command\r\n")] {
            #expect(send("CLIENT REPLY SKIP") == .askedFor)
            receive("+OK\r\n")
            #expect(!isCached)
            exchange(line, reply)
            #expect(isCached)
        }
        #expect(passed.isEmpty)
        exchange("PING", "+PONG\r\n")
        #expect(passed == "+PONG\r\n")
    }

    @Test("where the server refuses it, everything goes on as before")
    mutating func refused() {
        for word in ["OFF", "SKIP"] {
            exchange("CLIENT REPLY \(word)", "-NOPERM no permissions\r\n")
            exchange("PING", "+PONG\r\n")
        }
        #expect(passed == "-NOPERM no permissions\r\n+PONG\r\n-NOPERM no permissions\r\n+PONG\r\n")
        #expect(isCached)
    }

    @Test("it waits for the replies before it, and what follows waits for its own")
    mutating func settles() {
        send("SET k v")
        #expect(waits("CLIENT REPLY OFF") && !waits("SUBSCRIBE a"))
        receive("+OK\r\n")
        #expect(!waits("CLIENT REPLY OFF"))
        send("CLIENT REPLY OFF")
        #expect(matcher.mayLeaveConnection(onReset: false))
        receive("+OK\r\n")
        #expect(!matcher.mayLeaveConnection(onReset: false))
    }

    @Test("ON is answered whatever was before it, RESET only after OFF")
    mutating func endings() {
        exchange("CLIENT REPLY SKIP", "+OK\r\n")
        exchange("CLIENT REPLY ON", "+OK\r\n")
        #expect(passed == "+OK\r\n")
        exchange("CLIENT REPLY OFF", "+OK\r\n")
        exchange("RESET", "+RESET\r\n")
        #expect(passed == "+OK\r\n+RESET\r\n" && isCached)
        exchange("CLIENT REPLY SKIP", "+OK\r\n")
        exchange("RESET", "+RESET\r\n")
        #expect(passed == "+OK\r\n+RESET\r\n" && isCached)
    }

    @Test("confirmations of a subscription come whatever was said")
    mutating func confirmations() {
        exchange("CLIENT REPLY SKIP", "+OK\r\n")
        send("SUBSCRIBE a b")
        receive("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
        #expect(matcher.state.replies == .skipsNext)
        receive("*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n")
        #expect(passed.hasSuffix(":2\r\n") && passed.hasPrefix("*3"))
        #expect(matcher.state.replies == .on && matcher.isEmpty)
    }

    @Test("what comes by itself makes matching impossible: the server then drops its replies itself")
    mutating func silenced() {
        exchange("CLIENT REPLY OFF", "+OK\r\n")
        for line in ["SUBSCRIBE a", "MONITOR", "SYNC"] {
            #expect(ClientReplyRewrite(for: describe(line).change, in: matcher.state) == .silenced)
        }
        matcher.giveUpMatching()
        #expect(ClientReplyRewrite(for: .replies(.off), in: matcher.state) == .asSent)
        #expect(matcher.treatment(ofReply: UInt8(ascii: "*")).fate == .passedOn)
    }

    @Test("of a line that only the server can split, the server decides whether it is what is skipped")
    mutating func skipped() {
        #expect(ClientReplyRewrite(for: .unclear, in: matcher.state) == .unmatched)
        exchange("CLIENT REPLY SKIP", "+OK\r\n")
        #expect(ClientReplyRewrite(for: .unclear, in: matcher.state) == .skipped)
    }

    @Test("no command of the proxy's own takes the place of the one that is skipped")
    mutating func ownCommands() {
        exchange("CLIENT REPLY SKIP", "+OK\r\n")
        #expect(!matcher.isAtRest)
    }

    @Test("inside a transaction with replies off, OFF and SKIP change nothing, and ON cannot be done")
    mutating func nested() {
        exchange("CLIENT REPLY OFF", "+OK\r\n")
        exchange("MULTI", "+OK\r\n")
        #expect(send("CLIENT REPLY SKIP") == .askedFor)
        receive("+QUEUED\r\n")
        #expect(ClientReplyRewrite(for: .replies(.on), in: matcher.state) == .notPossible)
        exchange("EXEC", "*1\r\n+OK\r\n")
        #expect(passed.isEmpty && matcher.state.matching == .byReply)
        exchange("CLIENT REPLY ON", "+OK\r\n")
        #expect(isCached)
    }
}
