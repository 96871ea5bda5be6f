import NIOCore
import Testing

@testable import BackingClient

@Suite("One fill connection, without a socket")
struct FillConnectionStateMachineTests {
    private typealias Machine = FillConnectionStateMachine<String>
    private static let second: UInt64 = 1_000_000_000

    private static func machine() -> Machine {
        Machine(
            configuration: BackingConfiguration(
                address: .tcp(host: "localhost", port: 6379), connectTimeout: .seconds(1), commandTimeout: .seconds(10),
                idleTimeout: .seconds(2), wrapsInTransaction: false),
            started: 100 * Self.second)
    }

    private static func ready() -> Machine {
        var machine = self.machine()
        machine.heard(at: 100 * Self.second)
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
            "\(waiter): \(reply.outcome) at \(reply.sent / self.second)"
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
        machine.fetch(for: "a")
        machine.fetch(for: "b")
        machine.written(at: 101 * Self.second)
        machine.fetch(for: "c")
        machine.written(at: 102 * Self.second)
        let found = Self.replies(&machine, .null, .integer(-2), .null, .integer(-2), .null, .integer(-2))
        #expect(
            found == ["nothing", "a: absent at 101", "nothing", "b: absent at 101", "nothing", "c: absent at 102"])
    }

    @Test("a reply that nobody asked for is a violation, also while a fetch waits to be written")
    func unsolicited() {
        var machine = Self.ready()
        #expect(Self.replies(&machine, .ok) == ["protocolViolation"])
        machine.fetch(for: "a")
        #expect(Self.replies(&machine, .null) == ["protocolViolation"])
    }

    @Test("closing hands out all that wait, in order, once")
    func closing() {
        var machine = Self.ready()
        machine.fetch(for: "a")
        machine.written(at: 101 * Self.second)
        machine.fetch(for: "b")
        #expect(machine.close().map(\.waiter) == ["a", "b"])
        #expect(machine.close().map(\.waiter) == [])
        #expect(machine.nextDeadline == nil)
        #expect(Self.replies(&machine, .null) == ["nothing"])
    }

    @Test("the handshake may take its time as long as it is heard, within the longer time-out")
    func handshakeTimeouts() {
        var machine = Self.machine()
        #expect(machine.nextDeadline == 101 * Self.second)
        machine.heard(at: 100 * Self.second + Self.second / 2)
        #expect(machine.nextDeadline == 101 * Self.second + Self.second / 2)
        machine.heard(at: 109 * Self.second + Self.second / 2)
        #expect(machine.nextDeadline == 110 * Self.second)
        guard case .nothing = machine.timePassed(now: 110 * Self.second - 1) else {
            Issue.record("too early")
            return
        }
        guard case .fail(let error) = machine.timePassed(now: 110 * Self.second) else {
            Issue.record("too late")
            return
        }
        #expect(error.code == .timedOut)
    }

    @Test("asked for an answer to something later, it sends a PING, unless something is under way that will do")
    func asked() {
        var machine = Self.ready()
        #expect(machine.ask(since: 100 * Self.second) == true)
        #expect(machine.ask(since: 100 * Self.second) == false, "it is about to be written")
        machine.written(at: 101 * Self.second)
        #expect(machine.ask(since: 100 * Self.second) == false, "it is under way")
        #expect(Self.replies(&machine, .otherStatus) == ["nothing"])
        #expect(machine.lastAnswered == 101 * Self.second)
        #expect(machine.ask(since: 100 * Self.second) == false, "it is answered")
        machine.fetch(for: "a")
        #expect(machine.ask(since: 101 * Self.second) == false, "a fetch does as well")
        machine.written(at: 102 * Self.second)
        #expect(machine.ask(since: 101 * Self.second) == false)
        #expect(machine.ask(since: 103 * Self.second) == true, "it was sent too early")
    }

    @Test("what is sent at the very moment that is asked for is asked again: nobody can tell which was first")
    func askedAgain() {
        var machine = Self.ready()
        #expect(machine.ask(since: 101 * Self.second) == true)
        machine.written(at: 101 * Self.second)
        _ = Self.replies(&machine, .otherStatus)
        #expect(machine.askAgain() == true)
        machine.written(at: 102 * Self.second)
        _ = Self.replies(&machine, .otherStatus)
        #expect(machine.askAgain() == false)
        _ = machine.close()
        #expect(machine.ask(since: 200 * Self.second) == false)
    }

    @Test("the oldest fetch decides when the connection has been silent for too long")
    func commandTimeout() {
        var machine = Self.ready()
        machine.fetch(for: "a")
        #expect(machine.nextDeadline == nil)
        machine.written(at: 101 * Self.second)
        machine.fetch(for: "b")
        machine.written(at: 105 * Self.second)
        machine.heard(at: 106 * Self.second)
        #expect(machine.nextDeadline == 111 * Self.second)
        _ = Self.replies(&machine, .null, .integer(-2))
        #expect(machine.nextDeadline == 115 * Self.second)
        guard case .fail(let error) = machine.timePassed(now: 115 * Self.second) else {
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
        #expect(machine.nextDeadline == 102 * Self.second)
        guard case .ping = machine.timePassed(now: 102 * Self.second) else {
            Issue.record("no ping")
            return
        }
        machine.written(at: 102 * Self.second)
        machine.fetch(for: "a")
        machine.written(at: 103 * Self.second)
        #expect(machine.nextDeadline == 112 * Self.second)
        machine.heard(at: 104 * Self.second)
        let found = Self.replies(&machine, .error(Array("NOPERM ping".utf8)), .null, .integer(-2))
        #expect(found == ["nothing", "nothing", "a: absent at 103"])
        #expect(machine.nextDeadline == 106 * Self.second)
    }

    // MARK: Tracking

    private static func tracked() -> Machine {
        var machine = Machine(
            configuration: BackingConfiguration(
                address: .tcp(host: "localhost", port: 6379), tracking: TrackingConfiguration()),
            started: 100 * self.second)
        guard case .goUp = machine.received(.raw(nil)) else { return machine }
        return machine
    }

    private static let feed = FeedIdentity(redirectID: 42, runID: Array("abc".utf8), generation: 7)
    private static let info = BackingReply.raw(.text("$11\r\nrun_id:abc\r\n\r\n"))

    @Test("only what is written behind the +OK counts as tracked, and is not wrapped")
    func stamps() {
        var machine = Self.tracked()
        #expect(machine.feedChanged(to: Self.feed) == [Array("INFO".utf8), Array("server".utf8)])
        #expect(machine.fetch(for: "a") == true)
        machine.written(at: 101 * Self.second)
        #expect(machine.expectsRawFrame)
        #expect(Self.describe(machine.received(Self.info)) == "CLIENT TRACKING ON REDIRECT 42")
        machine.written(at: 102 * Self.second)
        let array = BackingReply.array([.null, .integer(-2)])
        #expect(
            Self.replies(&machine, .ok, .queued, .queued, array, .ok)
                == ["nothing", "nothing", "nothing", "a: absent at 101", "tracked by 7"])
        #expect(machine.fetch(for: "b") == false)
        machine.written(at: 103 * Self.second)
        #expect(Self.replies(&machine, .null, .integer(-2)) == ["nothing", "b: absent at 103 under 7"])
        #expect(machine.lastAnswered == 103 * Self.second)

        var next = Self.feed
        next.generation = 8
        #expect(machine.feedChanged(to: next) != nil)
        machine.fetch(for: "c")
        machine.written(at: 104 * Self.second)
        #expect(
            Self.describe(machine.received(Self.info)) == "CLIENT TRACKING OFF, CLIENT TRACKING ON REDIRECT 42",
            "prefixes of before would overlap with the same ones")
    }

    @Test("a feed of another server, or of another run, is never redirected to")
    func anotherServer() {
        var machine = Self.tracked()
        _ = machine.feedChanged(to: Self.feed)
        machine.written(at: 101 * Self.second)
        #expect(Self.describe(machine.received(.raw(.text("$8\r\nrun_id:x\r\n")))) == "unavailable")
    }

    @Test("a refusal leaves the connection as it was")
    func trackingRefused() {
        var machine = Self.tracked()
        _ = machine.feedChanged(to: Self.feed)
        machine.written(at: 101 * Self.second)
        _ = machine.received(Self.info)
        machine.written(at: 101 * Self.second)
        #expect(
            Self.replies(&machine, .error(Array("NOPERM no".utf8)))
                == ["CLIENT TRACKING was answered with: NOPERM no"])
        #expect(machine.fetch(for: "a") == true)
    }

    @Test("tracked, it is asked at each heartbeat although fetches are outstanding")
    func heartbeat() {
        var machine = Self.tracked()
        machine.fetch(for: "a")
        machine.written(at: 101 * Self.second)
        #expect(machine.nextDeadline == 102 * Self.second)
        guard case .ping = machine.timePassed(now: 102 * Self.second) else {
            Issue.record("no ping")
            return
        }
        machine.written(at: 102 * Self.second)
        #expect(machine.nextDeadline == 111 * Self.second, "then only the oldest fetch decides")
    }
}
