import TestSupport
import Testing

@testable import RESPProxy

@Suite("a reply too many, and one too few, whoever's fault it is")
struct DisplacedRepliesTests {
    private typealias Fault = DisplacedReplies.Fault

    private let table: CommandTable
    private let anybody = CacheAccess(database: 0, fillUser: nil, trustsClients: false)
    private let filler = CacheAccess(database: 0, fillUser: Array("filler".utf8), trustsClients: false)

    init() throws {
        table = try .ofRedis7()
    }

    /// What a client can make a server say, and what a reply could be taken for.
    static let frames = [
        "+OK\r\n", "+QUEUED\r\n", "+RESET\r\n", "+PONG\r\n", "-ERR no\r\n", ":0\r\n", "$1\r\nv\r\n", "$-1\r\n",
        "*0\r\n",
        "*1\r\n+OK\r\n", greeting(.resp2), greeting(.resp3), confirmation("subscribe", "c", 1, .resp2),
        confirmation("unsubscribe", "c", 0, .resp2), confirmation("unsubscribe", "c", 0, .resp3),
        bulk(Array("id=3 flags=N db=0 sub=0 psub=0 multi=-1 user=filler resp=2\n".utf8)),
    ]

    /// All that may go wrong once, with so many replies.
    private static func faults(_ count: Int) -> [Fault] {
        (0..<count).flatMap { place in frames.map { .extra($0, before: place) } + [.missing(place)] }
    }

    @Test(
        "at each position of each conversation: nobody is served, or hands on a connection, as what he is not",
        arguments: SessionConversation.all, [false, true])
    func everyPosition(conversation: SessionConversation, isPipelined: Bool) {
        for length in 1...conversation.steps.count {
            // The answers to the proxy's own questions have their places, too.
            for fault in Self.faults(length * 3 + 2) {
                var session = DisplacedReplies([fault], table: table, access: anybody)
                for step in conversation.steps.prefix(length) {
                    session.send(step.command, reply: step.reply)
                    if !isPipelined { session.arrive() }
                }
                session.arrive()
                // What is too many may take the place of something that is harmless in itself.
                for line in ["GET k", "SET k v", "GET k"] {
                    session.send(line)
                    session.arrive()
                }
                #expect(session.violations.isEmpty)
                if !session.violations.isEmpty { return }
            }
        }
    }

    @Test("without a fault, each conversation ends as it should")
    func noFault() {
        for conversation in SessionConversation.all {
            var session = DisplacedReplies([], table: table, access: anybody)
            for step in conversation.steps {
                session.send(step.command, reply: step.reply)
                session.arrive()
            }
            #expect(session.violations.isEmpty)
            if conversation.steps.last?.standing == .shares { #expect(session.matcher.isClean, "\(conversation)") }
        }
    }

    /// Lines that a limited user sends, and what of it all goes wrong; never does he become the one whose values are cached.
    private func expectNeverServed(_ faults: [Fault], _ lines: [String], _ comment: Comment) {
        for isPipelined in [false, true] {
            var session = DisplacedReplies(faults, table: table, access: filler)
            session.sparesAnswers = true
            for line in lines {
                session.send(line)
                if !isPipelined { session.arrive() }
            }
            session.arrive()
            for _ in 0..<3 {
                session.send("GET k")
                session.arrive()
            }
            #expect(session.violations.isEmpty, comment)
            #expect(!session.matcher.state.mayBeAnsweredFromCache(access: filler), comment)
        }
    }

    @Test("a log-in that failed does not count for any reply that stands in its place")
    func forgedLogin() {
        for login in ["AUTH filler wrong", "HELLO 3 AUTH filler wrong", "HELLO 2 AUTH filler wrong"] {
            for frame in Self.frames {
                expectNeverServed([.extra(frame, before: 1)], ["AUTH bob bobpw", login], "one too many")
                expectNeverServed(
                    [.extra(frame, before: 1), .missing(2)], ["AUTH bob bobpw", login, "GET k"],
                    "one too many, and one too few behind it")
                expectNeverServed(
                    [.extra(frame, before: 1), .missing(1)], ["AUTH bob bobpw", login], "another in its place")
            }
            expectNeverServed([.missing(1)], ["AUTH bob bobpw", login, "SET k v", "SET k v"], "one too few")
            // Redis 7.0 and 6.2, with a transaction that has more replies than its array says.
            expectNeverServed(
                [],
                [
                    "AUTH bob bobpw", "MULTI", "SUBSCRIBE a b", "UNSUBSCRIBE", "SET k v", "EXEC", login,
                    "REPLCONF ACK 1",
                ],
                "by means of the server's own")
        }
    }

    @Test("whatever is said in whatever order, with several faults: nobody becomes who he is not")
    func random() {
        var random = SeededGenerator()
        let lines = [
            "AUTH filler wrong", "AUTH bob bobpw", "AUTH default x", "HELLO 3", "HELLO 2", "HELLO 3 AUTH filler wrong",
            "HELLO 2 AUTH bob bobpw", "SELECT 0", "SELECT 1", "RESET", "MULTI", "EXEC", "DISCARD", "WATCH k", "UNWATCH",
            "SUBSCRIBE a b", "UNSUBSCRIBE", "UNSUBSCRIBE a", "CLIENT TRACKING ON", "CLIENT TRACKING OFF",
            "CLIENT SETNAME x", "SET k v", "GET k", "PING", "REPLCONF ACK 1", "MONITOR",
        ]
        for round in 0..<20_000 {
            let faults: [Fault] = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                let place = Int.random(in: 0..<12, using: &random)
                guard Bool.random(using: &random), let frame = Self.frames.randomElement(using: &random) else {
                    return .missing(place)
                }
                return .extra(frame, before: place)
            }
            var session = DisplacedReplies(faults, table: table, access: round % 2 == 0 ? filler : anybody)
            session.sparesAnswers = true
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                session.send(lines.randomElement(using: &random) ?? "PING")
                if Bool.random(using: &random) { session.arrive() }
            }
            session.arrive()
            #expect(session.violations.isEmpty)
            if !session.violations.isEmpty { return }
        }
    }
}
