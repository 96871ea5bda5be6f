import LocalCache
import NIOCore
import Testing

@testable import RESPProxy

@Suite("where a session's commands go")
struct CommandRouterTests {
    private let router: CommandRouter
    private var matcher = ReplyMatcher()
    private var reads = ReadQueue()

    init() throws {
        router = CommandRouter(
            table: try .ofRedis7(), access: CacheAccess(database: 0, fillUser: nil, trustsClients: false))
    }

    private func route(_ command: CommandView, canAnswerHere: Bool = true) -> Route {
        route(command, by: router, canAnswerHere: canAnswerHere)
    }

    private func route(_ command: CommandView, by router: CommandRouter, canAnswerHere: Bool = true) -> Route {
        let standing = SessionStanding(
            server: .first, staysWithServer: false,
            mayBeAnsweredFromCache: matcher.isEmpty && matcher.state.mayBeAnsweredFromCache(access: router.access),
            canAnswerHere: canAnswerHere, holdsRelay: reads.holdsRelay, awaitsProof: matcher.awaitsProof,
            hasNoReads: reads.isEmpty,
            takesReads: reads.pendingCount < reads.pendingLimit, outstanding: matcher.count,
            mayLeaveConnection: matcher.mayLeaveConnection(onReset: router.access.trustsClients),
            replies: matcher.state.replies)
        return router.route(command, standing, announcesChanges: false)
    }

    private func describe(_ command: CommandView) -> RelayedCommand {
        router.describe(command, announcesChanges: false)
    }

    private func isRelayed(_ route: Route) -> Bool {
        if case .relay = route { true } else { false }
    }

    @Test("what is not framed to the letter is relayed on a connection of the session's own")
    func oddlyFramed() {
        for text in ["*2\r\n$3\r\nDEL\r\n$1\r\nkQQ", "*2\r\n$3\r\nGET\r\n$1\r\nkQQ", "*2\r\n$4\r\nMGET\r\n$1\rXk\r\n"] {
            let command = CommandView(bytes: Array(text.utf8))
            guard case .relay(let relayed, _) = route(command) else { return #expect(Bool(false), "\(text)") }
            #expect(!relayed.isShareable)
            guard case .relay = router.route(command, .atRest, announcesChanges: true) else {
                return #expect(Bool(false), "\(text)")
            }
        }
        #expect(describe(CommandView("DEL", "k")).isShareable)
    }

    @Test("GET with one key is a read; with any other number of arguments it is the server's to refuse")
    func reading() {
        #expect(route(CommandView("GET", "k")) == .read(.get, of: .first))
        #expect(route(CommandView("gEt", "k")) == .read(.get, of: .first))
        #expect(isRelayed(route(CommandView("GET"))))
        #expect(isRelayed(route(CommandView("GET", "a", "b"))))
        #expect(isRelayed(route(CommandView("GET", announced: 2))), "a key so long that it is streamed")
    }

    @Test("a read behind a relayed command follows it on the same connection")
    mutating func behindRelay() {
        _ = matcher.forwarded(describe(CommandView("SET", "k", "v")), now: 0)
        #expect(isRelayed(route(CommandView("GET", "k"))))
    }

    @Test("a relayed command waits until the reads before it are answered")
    mutating func behindReads() {
        reads.appendPending(.get, key: ByteBuffer(), lane: 0, started: 0)
        #expect(route(CommandView("SET", "k", "v")) == .wait)
        #expect(route(CommandView("GET", "k")) == .read(.get, of: .first))
        _ = reads.fillEnded(request: 0, outcome: .absent)
        #expect(route(CommandView("SET", "k", "v")) == .wait, "answered, but not sent")
        _ = reads.nextAnswer()
        #expect(isRelayed(route(CommandView("SET", "k", "v"))))
    }

    @Test(
        "a command for another server waits for the replies of the first; a session with a connection of its own stays where that leads"
    )
    func servers() {
        let other = ServerID(number: 1)
        var standing = SessionStanding.atRest
        standing.mayBeAnsweredFromCache = false
        standing.server = other
        func destination(_ line: String) -> ServerID? {
            let route = router.route(CommandView(line: line), standing, announcesChanges: true)
            guard case .relay(_, let server) = route else { return nil }
            return server
        }
        #expect(destination("SET k v") == .first, "it has nothing to do with the other any more")
        standing.outstanding = 1
        #expect(destination("SET k v") == nil)
        standing.staysWithServer = true
        #expect(destination("SET k v") == nil, "they may change whether it stays")
        standing.outstanding = 0
        #expect(destination("SET k v") == other)
    }

    @Test("a client that does not take its replies gets them from the server, whose limits then hold")
    func slowReader() {
        #expect(isRelayed(route(CommandView("GET", "k"), canAnswerHere: false)))
    }

    @Test("nothing passes SYNC before it is answered, nor RESET where a session gets a new connection by it")
    mutating func holds() throws {
        _ = matcher.forwarded(describe(CommandView("PSYNC", "?", "-1")), now: 0)
        #expect(route(CommandView("SET", "k", "v")) == .wait)
        matcher = ReplyMatcher()
        _ = matcher.forwarded(describe(CommandView("RESET")), now: 0)
        #expect(isRelayed(route(CommandView("SET", "k", "v"))))
        let trusting = CommandRouter(
            table: try .ofRedis7(), access: CacheAccess(database: 0, fillUser: nil, trustsClients: true))
        let command = CommandView("SET", "k", "v")
        #expect(route(command, by: trusting) == .wait)
    }

    @Test(
        "what has a key and no state may share a connection, and a few names without a key",
        arguments: ["SET k v", "DEL a b", "MSET a 1 b 2", "PFCOUNT k", "PING", "GET k x"])
    func shareable(line: String) {
        #expect(describe(CommandView(line: line)).isShareable)
    }

    @Test(
        "what carries state, blocks, runs scripts, has no key or is not known gets a connection of its own",
        arguments: [
            "MULTI", "SUBSCRIBE c", "BLPOP k 0", "EVAL x 0", "CONFIG GET x", "INFO", "FLUSHALL", "SELECT 1",
            "MODULE.X k",
            "SORT k", "CLIENT LIST",
        ])
    func unshareable(line: String) {
        #expect(!describe(CommandView(line: line)).isShareable)
    }

    @Test("an unfinished command is not shared, nor anything while the server's table is not there")
    func unknown() {
        #expect(!describe(CommandView("SET", "k", announced: 3)).isShareable)
        let blind = CommandRouter(table: nil, access: router.access)
        #expect(!blind.describe(CommandView("SET", "k", "v"), announcesChanges: false).isShareable)
    }

    @Test("what carries state does so also where the server counts it among the commands on keys, as Redis 6 does")
    func oldCategories() {
        #expect(describe(CommandView("ASKING")).pins)
        #expect(!describe(CommandView("ASKING")).isShareable)
    }

    @Test("what offers a server to name others goes out as what offers nothing")
    func offers() {
        func sent(_ line: String) -> String? {
            describe(CommandView(line: line)).substitute.map {
                $0.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
            }
        }
        #expect(sent("CLIENT CAPA redirect") == "CLIENT CAPA none")
        #expect(sent("client capa REDIRECT other") == "CLIENT CAPA none")
        #expect(sent("CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type none") == "CLIENT MAINT_NOTIFICATIONS OFF")
        for line in [
            "CLIENT CAPA", "CLIENT MAINT_NOTIFICATIONS", "CLIENT MAINT_NOTIFICATIONS OFF", "CLIENT INFO", "CLIENT",
        ] {
            #expect(sent(line) == nil)
        }
        #expect(!describe(CommandView("CLIENT", "CAPA", "redirect")).pins)
        // One whose end has not come is passed on, and nobody else gets its connection.
        #expect(describe(CommandView("CLIENT", "CAPA", "redirect", announced: 4)).lasting == .unknown)
    }

    @Test("which replies are short whatever the keys hold is known by name, and by the arguments that make them long")
    func shortReplies() {
        for line in ["SET k v", "SET k v EX 10", "DEL a b c d", "MSET a 1 b 2", "PING"] {
            #expect(describe(CommandView(line: line)).hasShortReply, "\(line)")
        }
        for line in ["SET k v GET", "SET k v EX 10 get", "PING text", "GET k x", "BLPOP k 0", "not-in-the-table k"] {
            #expect(!describe(CommandView(line: line)).hasShortReply, "\(line)")
        }
    }

    @Test("where nothing is kept a GET is a command like any other")
    func withoutCache() {
        let router = CommandRouter(table: router.table, access: router.access, caches: false)
        #expect(isRelayed(route(CommandView("GET", "k"), by: router)))
    }

    @Test("POST and Host: are hung up on, in any case", arguments: ["POST", "post", "Host:", "hOST:"])
    func crossProtocol(name: String) {
        #expect(route(CommandView(name, "x")) == .hangUp)
    }

    @Test("what concerns all clients of the server is told apart")
    func allClients() {
        #expect(describe(CommandView("CLIENT", "PAUSE", "50", "WRITE")).change == .pause(.begin(milliseconds: 50)))
        #expect(describe(CommandView("client", "unpause")).change == .pause(.end))
        #expect(describe(CommandView("CLIENT", "PAUSE", "x")).change == .none)
        for line in ["INFO", "CLIENT LIST", "CLIENT KILL x"] {
            #expect(describe(CommandView(line: line)).involvesOtherClients)
        }
        #expect(!describe(CommandView("CLIENT", "INFO")).involvesOtherClients)
    }

    @Test("CLIENT REPLY goes out by itself")
    mutating func replies() {
        _ = matcher.forwarded(describe(CommandView("SET", "k", "v")), now: 0)
        #expect(route(CommandView("CLIENT", "REPLY", "OFF")) == .wait)
        matcher = ReplyMatcher()
        _ = matcher.forwarded(describe(CommandView("CLIENT", "REPLY", "OFF")), now: 0)
        #expect(route(CommandView("SET", "k", "v")) == .wait)
    }

    @Test("reads of one session are bounded")
    mutating func bounded() {
        for _ in 0..<64 { reads.appendPending(.get, key: ByteBuffer(), lane: 0, started: 0) }
        #expect(route(CommandView("GET", "k")) == .wait)
    }
}

@Suite("the order of a session's reads")
struct ReadQueueTests {
    private var queue = ReadQueue()

    private mutating func due() -> [String] {
        var due: [String] = []
        while let answer = queue.nextAnswer() {
            switch answer {
            case .value(let value): due.append(String(buffer: value))
            case .null: due.append("nil")
            case .error(let text): due.append("-" + String(decoding: text, as: UTF8.self))
            }
        }
        return due
    }

    private mutating func miss(_ key: String) {
        queue.appendPending(.get, key: ByteBuffer(string: key), lane: 0, started: 0)
    }

    @Test("a hit never overtakes an earlier miss")
    mutating func order() {
        miss("a")
        queue.append(.value(ByteBuffer(string: "hit")), .get, key: ByteBuffer())
        miss("b")
        #expect(due().isEmpty)
        _ = queue.fillEnded(request: 2, outcome: .absent)
        #expect(due().isEmpty)
        _ = queue.fillEnded(request: 0, outcome: .value(ByteBuffer(string: "miss")))
        #expect(queue.readyBytes == 7)
        #expect(due() == ["miss", "hit", "nil"])
        #expect(queue.isEmpty && queue.lane == nil && queue.readyBytes == 0)
    }

    @Test("it knows which keys are waited for")
    mutating func awaited() {
        func awaits(_ key: String) -> Bool { queue.awaits(ByteBuffer(string: key).readableBytesSpan) }
        miss("a")
        queue.append(.null, .get, key: ByteBuffer(string: "b"))
        #expect(awaits("a"))
        #expect(!awaits("b"))
        #expect(!awaits("ab"))
        _ = queue.fillEnded(request: 0, outcome: .absent)
        #expect(!awaits("a"))
    }

    @Test("request numbers go on where replies were sent in between")
    mutating func numbers() {
        miss("a")
        _ = queue.fillEnded(request: 0, outcome: .absent)
        _ = due()
        #expect(queue.nextRequest == 1)
        miss("b")
        _ = queue.fillEnded(request: 0, outcome: .value(ByteBuffer(string: "late and foreign")))
        #expect(due().isEmpty)
        _ = queue.fillEnded(request: 1, outcome: .absent)
        #expect(due() == ["nil"])
    }

    @Test("a value too large for the cache is relayed once no fill is outstanding, and all behind it with it")
    mutating func large() {
        miss("before")
        miss("big")
        miss("behind")
        #expect(queue.fillEnded(request: 1, outcome: .large(length: 1 << 30)) == nil)
        #expect(queue.holdsRelay)
        _ = queue.fillEnded(request: 0, outcome: .absent)
        #expect(due() == ["nil"])
        #expect(!queue.isRelayDue, "a fill is outstanding")
        _ = queue.fillEnded(request: 2, outcome: .value(ByteBuffer(string: "v")))
        #expect(queue.isRelayDue)
        #expect(queue.takeForRelay { _ in true }.map { String(buffer: $0.key) } == ["big", "behind"])
        #expect(queue.isEmpty && !queue.holdsRelay && queue.readyBytes == 0)
        #expect(queue.nextRequest == 3)
    }

    @Test("a session that reads values that are not small has fewer fills under way")
    mutating func fewer() {
        miss("a")
        _ = queue.fillEnded(request: 0, outcome: .value(ByteBuffer(repeating: 0, count: 100_000)))
        #expect(queue.pendingLimit == 4)
    }

    // MARK: Lines that only the server can split

    @Test("a line goes to the server, on a connection of its own, once all before it is answered")
    func lines() throws {
        let router = CommandRouter(
            table: try .ofRedis7(), access: CacheAccess(database: 0, fillUser: nil, trustsClients: false))
        func describe(_ words: String..., announces: Bool = true) -> RelayedCommand {
            router.describe(line: CommandView(words: words), announcesChanges: announces)
        }
        #expect(describe("SET").writes == .unknownKeys)
        #expect(describe("SET", announces: false).writes == .everything)
        #expect(describe("SET").change == .none)
        #expect(describe("GET").writes == .none)
        #expect(describe("PFCOUNT").writes == .unknownKeys, "it may rewrite what it reads")
        #expect(describe("PING").writes == .none)
        #expect(describe("EVAL").writes == .unknownKeys)
        #expect(describe("BLPOP").isBlocking)
        for name in ["AUTH", "SELECT", "HELLO", "MULTI", "WATCH", "renamed-select"] {
            #expect(describe(name).change == .unknown, "\(name)")
        }
        for name in ["SUBSCRIBE", "CLIENT", "RESET", "MONITOR", "NOSUCH"] {
            #expect(describe(name).change == .unclear, "\(name)")
        }
        let unnamed = router.describe(line: CommandView(words: []), announcesChanges: true)
        #expect(unnamed.change == .unclear)
        #expect(!unnamed.isShareable)
    }

    @Test("how many arguments a command may have hangs on the server's generation")
    func limits() throws {
        let access = CacheAccess(database: 0, fillUser: nil, trustsClients: false)
        let table = try CommandTable(rows: [("get", 2, ["readonly"], 1, 1, 1, ["@read"])])
        #expect(CommandRouter(table: table, access: access).limits == .redis6)
        #expect(CommandRouter(table: nil, access: access).limits == .redis)
    }
}

extension SessionStanding {
    /// Of a session that has just begun.
    fileprivate static var atRest: SessionStanding {
        SessionStanding(
            server: .first, staysWithServer: false, mayBeAnsweredFromCache: true, canAnswerHere: true,
            holdsRelay: false, awaitsProof: false, hasNoReads: true,
            takesReads: true,
            outstanding: 0, mayLeaveConnection: false, replies: .on)
    }
}
