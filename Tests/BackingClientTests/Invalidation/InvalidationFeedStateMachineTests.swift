import NIOCore
import TestSupport
import Testing
import Time

@testable import BackingClient

@Suite("The invalidation feed, without a socket")
struct InvalidationFeedStateMachineTests {
    private typealias Machine = InvalidationFeedStateMachine
    private static func machine(password: String? = nil, broadcast: Bool = false) -> Machine {
        Machine(
            configuration: BackingConfiguration(
                address: .tcp(host: "localhost", port: 6379), password: password.map { Array($0.utf8) }),
            tracking: TrackingConfiguration(broadcastPrefixes: broadcast ? [] : nil), generation: 7,
            started: .seconds(100))
    }

    private static let info = BackingReply.bulk(.text("# Server\r\nredis_version:7\r\nrun_id:abc\r\nx:y\r\n"))
    private static let confirmation = BackingReply.array([
        .bulk(.text("subscribe")), .bulk(.text("__redis__:invalidate")), .integer(1),
    ])
    private static let pong = BackingReply.array([.bulk(.text("pong")), .bulk(.text(""))])

    private static func message(_ payload: BackingReply) -> BackingReply {
        .array([.bulk(.text("message")), .bulk(.text("__redis__:invalidate")), payload])
    }

    private static func up() -> Machine {
        var machine = self.machine()
        #expect(
            self.replies(&machine, self.info, .integer(42), self.confirmation)
                == ["nothing", "nothing", "up 42 abc 7"])
        return machine
    }

    private static func describe(_ action: Machine.Action) -> String {
        switch action {
        case .nothing: "nothing"
        case .goUp(let identity, _):
            "up \(identity.redirectID) \(String(decoding: identity.runID, as: UTF8.self)) \(identity.generation)"
        case .invalidate(let keys): "drop \(keys.map { String(buffer: $0) }.joined(separator: " "))"
        case .flush: "flush"
        case .ask: "ask"
        case .answered(let sent, let asks): "answered \(sent.nanoseconds / 1_000_000_000)\(asks ? " ask" : "")"
        case .fail(let error, let refusal): refusal.map { "refused: \($0)" } ?? "\(error.code)"
        }
    }

    private static func replies(_ machine: inout Machine, _ replies: BackingReply..., at now: UInt64 = 100) -> [String]
    {
        replies.map { self.describe(machine.received(.reply($0), now: .seconds(now))) }
    }

    @Test("all of the handshake is said at once")
    func handshake() {
        let words = Self.machine(password: "p").handshakeCommands.map { $0.map { String(decoding: $0, as: UTF8.self) } }
        #expect(
            words == [["AUTH", "p"], ["INFO", "server"], ["CLIENT", "ID"], ["SUBSCRIBE", "__redis__:invalidate"]])
    }

    @Test("what is refused is named, with the server's words")
    func refused() {
        var machine = Self.machine()
        let text = Array("NOPERM this user has no permissions to access one of the channels".utf8)
        #expect(
            Self.replies(&machine, Self.info, .integer(42), .error(text)).last
                == "refused: SUBSCRIBE was answered with: NOPERM this user has no permissions to access one of the channels"
        )
        var without = Self.machine()
        #expect(Self.replies(&without, .bulk(.text("# Server\r\n"))).first?.hasPrefix("refused: INFO") == true)
        #expect(FeedRefusal(command: "SUBSCRIBE", text: text).isLasting)
        #expect(!FeedRefusal(command: "SUBSCRIBE", text: Array("LOADING Redis is loading".utf8)).isLasting)
        #expect(!FeedRefusal(command: "AUTH", text: Array("NOPERM".utf8)).isLasting)
    }

    @Test("keys are dropped, null drops everything, and so does what cannot be understood")
    func announcements() {
        var machine = Self.up()
        let keys = BackingReply.array([.bulk(.text("a")), .bulk(.text("b"))])
        #expect(
            Self.replies(
                &machine, Self.message(keys), Self.message(.null), Self.message(.array([])),
                Self.message(.bulk(.text("published"))))
                == ["drop a b", "flush", "drop ", "flush"])
        #expect(Self.describe(machine.received(.tooLong, now: 0)) == "flush")
        #expect(Self.replies(&machine, .ok) == ["protocolViolation"])
        #expect(Self.replies(&machine, Self.pong) == ["protocolViolation"], "nobody asked")
    }

    @Test("one question serves all who asked before it was sent; who asks meanwhile gets another at once")
    func questions() {
        var machine = Self.up()
        #expect(machine.ask(since: .seconds(100), now: .seconds(101)) == true)
        #expect(machine.ask(since: .seconds(99), now: .seconds(102)) == false, "what is in flight will do")
        #expect(machine.ask(since: .seconds(102), now: .seconds(103)) == true)
        #expect(Self.replies(&machine, Self.pong, at: 104) == ["answered 101"])
        #expect(machine.ask(since: .seconds(100), now: .seconds(104)) == false, "it is answered")
        #expect(Self.replies(&machine, Self.pong, at: 105) == ["answered 103"])
        #expect(Self.replies(&machine, Self.pong) == ["protocolViolation"], "nobody asked")
        machine.close()
        #expect(machine.ask(since: .seconds(200), now: .seconds(201)) == false)
    }

    @Test(
        "no more than so many are in flight; who asks beyond that gets the next one, and the oldest bounds how long it may be silent"
    )
    func manyQuestions() {
        var machine = Self.up()
        let start = Instant.seconds(101)
        for number in 0..<64 as Range<Int64> {
            let now = start + .nanoseconds(number)
            #expect(machine.ask(since: now - .nanoseconds(1), now: now) == true)
        }
        #expect(machine.ask(since: start + 100, now: start + 101) == false)
        #expect(machine.nextDeadline == .seconds(111))
        guard case .answered(start, asks: true) = machine.received(.reply(Self.pong), now: start + 200) else {
            Issue.record("it is not asked again")
            return
        }
        #expect(machine.nextDeadline == .seconds(111) + 1)
        guard case .fail = machine.timePassed(now: .seconds(112)) else {
            Issue.record("it goes on")
            return
        }
    }

    @Test("what is sent at the very moment is asked again: nobody can tell which was first")
    func sameTime() {
        var machine = Self.up()
        #expect(machine.ask(since: .seconds(101), now: .seconds(101)) == true)
        #expect(Self.replies(&machine, Self.pong, at: 102) == ["answered 101 ask"])
        #expect(Self.replies(&machine, Self.pong, at: 103) == ["answered 102"])
    }

    @Test("it is asked at each heartbeat; what does not answer for long does not stand")
    func silence() {
        var machine = Self.up()
        #expect(machine.nextDeadline == .seconds(101))
        guard case .ask = machine.timePassed(now: .seconds(101)) else {
            Issue.record("no ping")
            return
        }
        guard case .nothing = machine.timePassed(now: .seconds(110)) else {
            Issue.record("it ends too early")
            return
        }
        guard case .fail(let error) = machine.timePassed(now: .seconds(111)) else {
            Issue.record("it goes on")
            return
        }
        #expect(error.code == .timedOut)
    }

    @Test("a server that is loading has other data than before")
    func loading() {
        var machine = Self.up()
        #expect(Self.replies(&machine, .error(Array("LOADING Redis is loading".utf8))) == ["server"])
    }

    @Test("a server that runs a script answers: what it had to announce, it has", arguments: ["BUSY Redis is busy"])
    func busy(text: String) {
        var machine = Self.up()
        #expect(machine.ask(since: .seconds(100), now: .seconds(101)) == true)
        #expect(Self.replies(&machine, .error(Array(text.utf8)), at: 102) == ["answered 101"])
    }

    @Test(
        "where PING is refused it is asked by a subscription, which the server has granted before",
        arguments: ["NOPERM this user has no permissions to run the 'ping' command", "ERR unknown command 'PING'"])
    func pingRefused(text: String) {
        for broadcast in [false, true] {
            var machine = Self.up(broadcast: broadcast)
            #expect(machine.question.map { String(decoding: $0, as: UTF8.self) } == ["PING"])
            #expect(machine.ask(since: .seconds(100), now: .seconds(101)) == true)
            #expect(Self.replies(&machine, .error(Array(text.utf8)), at: 102) == ["ask"])
            #expect(
                machine.question.map { String(decoding: $0, as: UTF8.self) } == ["SUBSCRIBE", "__redis__:invalidate"])
            #expect(Self.replies(&machine, Self.confirmation, at: 103) == ["answered 102"])
        }
    }

    // MARK: By broadcast

    private static func up(broadcast: Bool, info: String = "redis_version:7.4.1\r\n") -> Machine {
        var machine = self.machine(broadcast: broadcast)
        #expect(
            self.replies(
                &machine, .bulk(.text("# Server\r\n\(info)run_id:abc\r\n")), .integer(42), self.confirmation
            ).last == "up 42 abc 7")
        return machine
    }

    @Test(
        "by broadcast, where replies may overtake announcements, two answers in a row prove what one does elsewhere",
        arguments: [
            "redis_version:8.2.3\r\n", "redis_version:7.9.224\r\n", "redis_version:10.0.0\r\n",
            "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n", "redis_version:?\r\n", "",
        ])
    func twoAnswers(info: String) {
        var machine = Self.up(broadcast: true, info: info)
        #expect(machine.ask(since: .seconds(100), now: .seconds(101)) == true)
        #expect(Self.replies(&machine, Self.pong, at: 102) == ["ask"])
        #expect(Self.replies(&machine, Self.pong, at: 103) == ["answered 101"])
        #expect(machine.ask(since: .seconds(103), now: .seconds(104)) == true)
        #expect(Self.replies(&machine, Self.pong, at: 105) == ["answered 102 ask"], "not yet up to what was asked")
        #expect(Self.replies(&machine, Self.pong, at: 106) == ["answered 104"])
        var other = Self.up(broadcast: false, info: info)
        #expect(other.ask(since: .seconds(100), now: .seconds(101)) == true)
        #expect(Self.replies(&other, Self.pong, at: 102) == ["answered 101"], "not by broadcast")
    }

    @Test("by broadcast nothing is asked while an answer is due: the server might read both in one turn")
    func oneInFlight() {
        var machine = Self.up(broadcast: true, info: "redis_version:8.2.3\r\n")
        #expect(machine.ask(since: .seconds(100), now: .seconds(101)) == true)
        #expect(machine.ask(since: .seconds(102), now: .seconds(103)) == false)
        #expect(Self.replies(&machine, Self.pong, at: 104) == ["ask"])
        #expect(Self.replies(&machine, Self.pong, at: 105) == ["answered 101 ask"])
        #expect(Self.replies(&machine, Self.pong, at: 106) == ["answered 104"])
    }

    @Test(
        "one answer is enough where announcements go ahead of replies",
        arguments: ["redis_version:6.0.16\r\n", "redis_version:7.0.15\r\n", "redis_version:7.4.9\r\n"])
    func oneAnswer(info: String) {
        var machine = Self.up(broadcast: true, info: info)
        #expect(machine.ask(since: .seconds(100), now: .seconds(101)) == true)
        #expect(Self.replies(&machine, Self.pong, at: 102) == ["answered 101"])
    }

    @Test("a heartbeat asks for as many answers as it takes")
    func heartbeats() {
        var machine = Self.up(broadcast: true, info: "redis_version:8.2.3\r\n")
        guard case .ask = machine.timePassed(now: .seconds(101)) else {
            Issue.record("no question")
            return
        }
        #expect(Self.replies(&machine, Self.pong, at: 102) == ["ask"])
        #expect(Self.replies(&machine, Self.pong, at: 103) == ["answered 101"])
        #expect(machine.nextDeadline == .seconds(103), "a heartbeat after the last one")
    }

    @Test("by broadcast a server that runs a script has not announced all, nor has its first answer after that")
    func busyByBroadcast() {
        var machine = Self.up(broadcast: true)
        #expect(machine.ask(since: .seconds(100), now: .seconds(101)) == true)
        let busy = BackingReply.error(Array("BUSY Redis is busy running a script".utf8))
        #expect(Self.replies(&machine, busy, at: 102) == ["nothing"])
        #expect(machine.ask(since: .seconds(102), now: .seconds(102)) == false, "it is left alone for a while")
        let again = Instant.seconds(102) + .milliseconds(50)
        #expect(machine.nextDeadline == again)
        guard case .ask = machine.timePassed(now: again) else {
            Issue.record("no question")
            return
        }
        #expect(Self.replies(&machine, Self.pong, at: 103) == ["ask"])
        #expect(Self.replies(&machine, Self.pong, at: 104) == ["answered 102"])
        #expect(machine.ask(since: .seconds(104), now: .seconds(105)) == true)
        #expect(Self.replies(&machine, Self.pong, at: 106) == ["answered 105"], "as before the script")
    }

    @Test("by broadcast an error that tells nothing ends the feed")
    func otherErrorByBroadcast() {
        var machine = Self.up(broadcast: true)
        #expect(machine.ask(since: .seconds(100), now: .seconds(101)) == true)
        #expect(Self.replies(&machine, .error(Array("ERR what".utf8))) == ["server"])
    }
}
