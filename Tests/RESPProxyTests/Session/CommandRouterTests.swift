import LocalCache
import NIOCore
import Testing

@testable import RESPProxy

@Suite("where a session's commands go")
struct CommandRouterTests {
    private let router: CommandRouter
    private var ledger = RelayLedger()
    private var reads = ReadQueue()

    init() throws {
        router = CommandRouter(
            table: try .ofRedis7(), access: CacheAccess(database: 0, fillUser: nil, trustsClients: false))
    }

    private func route(_ command: CommandView, canAnswerHere: Bool = true) -> Route {
        router.route(command, ledger: ledger, reads: reads, canAnswerHere: canAnswerHere)
    }

    private func isRelayed(_ route: Route) -> Bool {
        if case .relay = route { true } else { false }
    }

    @Test("GET with one key is a read; with any other number of arguments it is the server's to refuse")
    func reading() {
        #expect(route(CommandView("GET", "k")) == .read)
        #expect(route(CommandView("gEt", "k")) == .read)
        #expect(isRelayed(route(CommandView("GET"))))
        #expect(isRelayed(route(CommandView("GET", "a", "b"))))
        #expect(isRelayed(route(CommandView("GET", announced: 2))), "a key so long that it is streamed")
    }

    @Test("a read behind a relayed command follows it on the same connection")
    mutating func behindRelay() {
        _ = ledger.forwarded(router.describe(CommandView("SET", "k", "v")), now: 0)
        #expect(isRelayed(route(CommandView("GET", "k"))))
    }

    @Test("a relayed command waits until the reads before it are answered")
    mutating func behindReads() {
        reads.appendPending(key: ByteBuffer(), lane: 0, started: 0)
        #expect(route(CommandView("SET", "k", "v")) == .wait)
        #expect(route(CommandView("GET", "k")) == .read)
        _ = reads.fillEnded(request: 0, outcome: .absent)
        #expect(route(CommandView("SET", "k", "v")) == .wait, "answered, but not sent")
        reads.removeFront()
        #expect(isRelayed(route(CommandView("SET", "k", "v"))))
    }

    @Test("a client that does not take its replies gets them from the server, whose limits then hold")
    func slowReader() {
        #expect(isRelayed(route(CommandView("GET", "k"), canAnswerHere: false)))
    }

    @Test("nothing passes RESET or QUIT before it is answered", arguments: ["RESET", "QUIT"])
    mutating func holds(name: String) {
        _ = ledger.forwarded(router.describe(CommandView(name)), now: 0)
        #expect(route(CommandView("GET", "k")) == .wait)
        #expect(route(CommandView("SET", "k", "v")) == .wait)
    }

    @Test("POST and Host: are hung up on, in any case", arguments: ["POST", "post", "Host:", "hOST:"])
    func crossProtocol(name: String) {
        #expect(route(CommandView(name, "x")) == .hangUp)
    }

    @Test("reads of one session are bounded")
    mutating func bounded() {
        for _ in 0..<ReadQueue.pendingLimit { reads.appendPending(key: ByteBuffer(), lane: 0, started: 0) }
        #expect(route(CommandView("GET", "k")) == .wait)
    }
}

@Suite("the order of a session's reads")
struct ReadQueueTests {
    private var queue = ReadQueue()

    private func value(_ text: String) -> ReadQueue.Front { .answer(.value(ByteBuffer(string: text))) }

    private mutating func due() -> [String] {
        var due: [String] = []
        while let front = queue.front {
            switch front {
            case .answer(.value(let value)): due.append(String(buffer: value))
            case .answer(.null): due.append("nil")
            case .answer(.error(let text)): due.append("-" + String(decoding: text, as: UTF8.self))
            case .relay(let key): due.append("relay " + String(buffer: key))
            }
            queue.removeFront()
        }
        return due
    }

    @Test("a hit never overtakes an earlier miss")
    mutating func order() {
        queue.appendPending(key: ByteBuffer(string: "a"), lane: 0, started: 0)
        queue.append(value("hit"))
        queue.appendPending(key: ByteBuffer(string: "b"), lane: 0, started: 0)
        #expect(due().isEmpty)
        _ = queue.fillEnded(request: 2, outcome: .absent)
        #expect(due().isEmpty)
        _ = queue.fillEnded(request: 0, outcome: .value(ByteBuffer(string: "miss")))
        #expect(due() == ["miss", "hit", "nil"])
        #expect(queue.isEmpty && queue.lane == nil)
    }

    @Test("request numbers go on where replies were sent in between")
    mutating func numbers() {
        queue.appendPending(key: ByteBuffer(), lane: 1, started: 0)
        _ = queue.fillEnded(request: 0, outcome: .absent)
        _ = due()
        #expect(queue.nextRequest == 1)
        queue.appendPending(key: ByteBuffer(), lane: 1, started: 0)
        _ = queue.fillEnded(request: 0, outcome: .value(ByteBuffer(string: "late and foreign")))
        #expect(due().isEmpty)
        _ = queue.fillEnded(request: 1, outcome: .absent)
        #expect(due() == ["nil"])
    }

    @Test("a value too large for the cache is relayed, once no fill is outstanding")
    mutating func large() {
        queue.appendPending(key: ByteBuffer(string: "big"), lane: 0, started: 0)
        queue.appendPending(key: ByteBuffer(string: "small"), lane: 0, started: 0)
        #expect(queue.fillEnded(request: 0, outcome: .large(length: 1 << 30)) == nil)
        #expect(queue.holdsRelay)
        #expect(due().isEmpty)
        _ = queue.fillEnded(request: 1, outcome: .value(ByteBuffer(string: "v")))
        #expect(due() == ["relay big", "v"])
        #expect(!queue.holdsRelay)
    }
}
