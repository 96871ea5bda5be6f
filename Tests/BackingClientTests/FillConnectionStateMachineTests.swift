import NIOCore
import TestSupport
import Testing
import Time

@testable import BackingClient

@Suite("One fill connection, without a socket")
struct FillConnectionStateMachineTests {
    private typealias Machine = FillConnectionStateMachine<String>
    private static func machine() -> Machine {
        Machine(
            configuration: BackingConfiguration(
                address: .tcp(host: "localhost", port: 6379), connectTimeout: .seconds(1), commandTimeout: .seconds(10),
                idleTimeout: .seconds(2), wrapsInTransaction: false),
            started: .seconds(100))
    }

    private static func ready() -> Machine {
        var machine = self.machine()
        machine.heard(at: .seconds(100))
        guard case .goUp = machine.received(.raw(nil)) else {
            Issue.record("not up")
            return machine
        }
        return machine
    }

    private static func describe(_ action: Machine.ReplyAction) -> String {
        switch action {
        case .nothing: "nothing"
        case .goUp: "up"
        case .write(let commands):
            commands.map { $0.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ") }.joined(
                separator: ", ")
        case .tracked(let generation): "tracked by \(generation)"
        case .trackingRefused(let refusal): "\(refusal)"
        case .complete(let waiter, let reply):
            "\(waiter): \(reply.outcome) at \(reply.sent.nanoseconds / 1_000_000_000)"
                + (reply.generation == 0 ? "" : " under \(reply.generation)")
        case .fail(let error): "\(error.code)"
        }
    }

    private static func replies(_ machine: inout Machine, _ replies: BackingReply...) -> [String] {
        replies.map { self.describe(machine.received($0)) }
    }

    @Test("each fetch gets its own reply, and the time of its own write")
    func matching() {
        var machine = Self.ready()
        machine.fetch(.get, for: "a")
        machine.fetch(.get, for: "b")
        machine.written(at: .seconds(101))
        machine.fetch(.get, for: "c")
        machine.written(at: .seconds(102))
        let found = Self.replies(&machine, .null, .integer(-2), .null, .integer(-2), .null, .integer(-2))
        #expect(
            found == ["nothing", "a: absent at 101", "nothing", "b: absent at 101", "nothing", "c: absent at 102"])
    }

    @Test("a reply that nobody asked for is a violation, also while a fetch waits to be written")
    func unsolicited() {
        var machine = Self.ready()
        #expect(Self.replies(&machine, .ok) == ["protocolViolation"])
        machine.fetch(.get, for: "a")
        #expect(Self.replies(&machine, .null) == ["protocolViolation"])
    }

    @Test("closing hands out all that wait, in order, once")
    func closing() {
        var machine = Self.ready()
        machine.fetch(.get, for: "a")
        machine.written(at: .seconds(101))
        machine.fetch(.get, for: "b")
        #expect(machine.close().map(\.waiter) == ["a", "b"])
        #expect(machine.close().map(\.waiter) == [])
        #expect(machine.nextDeadline == nil)
        #expect(Self.replies(&machine, .null) == ["nothing"])
    }

    @Test("the handshake may take its time as long as it is heard, within the longer time-out")
    func handshakeTimeouts() {
        var machine = Self.machine()
        #expect(machine.nextDeadline == .seconds(101))
        machine.heard(at: .seconds(100) + .milliseconds(500))
        #expect(machine.nextDeadline == .seconds(101) + .milliseconds(500))
        machine.heard(at: .seconds(109) + .milliseconds(500))
        #expect(machine.nextDeadline == .seconds(110))
        guard case .nothing = machine.timePassed(now: .seconds(110) - .nanoseconds(1)) else {
            Issue.record("too early")
            return
        }
        guard case .fail(let error) = machine.timePassed(now: .seconds(110)) else {
            Issue.record("too late")
            return
        }
        #expect(error.code == .timedOut)
    }

    @Test("asked for an answer to something later, it sends a PING, unless something is under way that will do")
    func asked() {
        var machine = Self.ready()
        #expect(machine.ask(since: .seconds(100)) == true)
        #expect(machine.ask(since: .seconds(100)) == false, "it is about to be written")
        machine.written(at: .seconds(101))
        #expect(machine.ask(since: .seconds(100)) == false, "it is under way")
        #expect(Self.replies(&machine, .otherStatus) == ["nothing"])
        #expect(machine.lastAnswered == .seconds(101))
        #expect(machine.ask(since: .seconds(100)) == false, "it is answered")
        machine.fetch(.get, for: "a")
        #expect(machine.ask(since: .seconds(101)) == false, "a fetch does as well")
        machine.written(at: .seconds(102))
        #expect(machine.ask(since: .seconds(101)) == false)
        #expect(machine.ask(since: .seconds(103)) == true, "it was sent too early")
    }

    @Test("what is sent at the very moment that is asked for is asked again: nobody can tell which was first")
    func askedAgain() {
        var machine = Self.ready()
        #expect(machine.ask(since: .seconds(101)) == true)
        machine.written(at: .seconds(101))
        _ = Self.replies(&machine, .otherStatus)
        #expect(machine.askAgain() == true)
        machine.written(at: .seconds(102))
        _ = Self.replies(&machine, .otherStatus)
        #expect(machine.askAgain() == false)
        _ = machine.close()
        #expect(machine.ask(since: .seconds(200)) == false)
    }

    @Test("the oldest fetch decides when the connection has been silent for too long")
    func commandTimeout() {
        var machine = Self.ready()
        machine.fetch(.get, for: "a")
        #expect(machine.nextDeadline == nil)
        machine.written(at: .seconds(101))
        machine.fetch(.get, for: "b")
        machine.written(at: .seconds(105))
        machine.heard(at: .seconds(106))
        #expect(machine.nextDeadline == .seconds(111))
        _ = Self.replies(&machine, .null, .integer(-2))
        #expect(machine.nextDeadline == .seconds(115))
        guard case .fail(let error) = machine.timePassed(now: .seconds(115)) else {
            Issue.record("it goes on")
            return
        }
        #expect(error.code == .timedOut)
        #expect(
            error.description.hasPrefix(
                "ERR redis-proxy: the backing Redis at localhost:6379 did not answer within 10 s"))
    }

    @Test("a silent connection is asked whether it still stands, and any answer will do")
    func idle() {
        var machine = Self.ready()
        #expect(machine.nextDeadline == .seconds(102))
        guard case .ping = machine.timePassed(now: .seconds(102)) else {
            Issue.record("no ping")
            return
        }
        machine.written(at: .seconds(102))
        machine.fetch(.get, for: "a")
        machine.written(at: .seconds(103))
        #expect(machine.nextDeadline == .seconds(112))
        machine.heard(at: .seconds(104))
        let found = Self.replies(&machine, .error(Array("NOPERM ping".utf8)), .null, .integer(-2))
        #expect(found == ["nothing", "nothing", "a: absent at 103"])
        #expect(machine.nextDeadline == .seconds(106))
    }

    // MARK: Tracking

    private static func tracked() -> Machine {
        var machine = Machine(
            configuration: BackingConfiguration(
                address: .tcp(host: "localhost", port: 6379), tracking: TrackingConfiguration()),
            started: .seconds(100))
        guard case .goUp = machine.received(.raw(nil)) else { return machine }
        return machine
    }

    private static let feed = FeedIdentity(redirectID: 42, runID: Array("abc".utf8), generation: 7)
    private static let info = BackingReply.raw(.text("$11\r\nrun_id:abc\r\n\r\n"))

    @Test("only what is written behind the +OK counts as tracked, and is not wrapped")
    func stamps() {
        var machine = Self.tracked()
        #expect(machine.feedChanged(to: Self.feed) == [Array("INFO".utf8), Array("server".utf8)])
        #expect(machine.fetch(.get, for: "a") == true)
        machine.written(at: .seconds(101))
        #expect(machine.expectsRawFrame)
        #expect(Self.describe(machine.received(Self.info)) == "CLIENT TRACKING ON REDIRECT 42")
        machine.written(at: .seconds(102))
        let array = BackingReply.array([.null, .integer(-2)])
        #expect(
            Self.replies(&machine, .ok, .queued, .queued, array, .ok)
                == ["nothing", "nothing", "nothing", "a: absent at 101", "tracked by 7"])
        #expect(machine.fetch(.get, for: "b") == false)
        machine.written(at: .seconds(103))
        #expect(Self.replies(&machine, .null, .integer(-2)) == ["nothing", "b: absent at 103 under 7"])
        #expect(machine.lastAnswered == .seconds(103))

        var next = Self.feed
        next.generation = 8
        #expect(machine.feedChanged(to: next) != nil)
        machine.fetch(.get, for: "c")
        machine.written(at: .seconds(104))
        #expect(
            Self.describe(machine.received(Self.info)) == "CLIENT TRACKING OFF, CLIENT TRACKING ON REDIRECT 42",
            "prefixes of before would overlap with the same ones")
    }

    @Test("a feed of another server, or of another run, is never redirected to")
    func anotherServer() {
        var machine = Self.tracked()
        _ = machine.feedChanged(to: Self.feed)
        machine.written(at: .seconds(101))
        #expect(Self.describe(machine.received(.raw(.text("$8\r\nrun_id:x\r\n")))) == "unavailable")
    }

    @Test("a refusal leaves the connection as it was")
    func trackingRefused() {
        var machine = Self.tracked()
        _ = machine.feedChanged(to: Self.feed)
        machine.written(at: .seconds(101))
        _ = machine.received(Self.info)
        machine.written(at: .seconds(101))
        #expect(
            Self.replies(&machine, .error(Array("NOPERM no".utf8)))
                == ["CLIENT TRACKING was answered with: NOPERM no"])
        #expect(machine.fetch(.get, for: "a") == true)
    }

    @Test("tracked, it is asked at each heartbeat although fetches are outstanding")
    func heartbeat() {
        var machine = Self.tracked()
        machine.fetch(.get, for: "a")
        machine.written(at: .seconds(101))
        #expect(machine.nextDeadline == .seconds(102))
        guard case .ping = machine.timePassed(now: .seconds(102)) else {
            Issue.record("no ping")
            return
        }
        machine.written(at: .seconds(102))
        #expect(machine.nextDeadline == .seconds(111), "then only the oldest fetch decides")
    }
}
