import NIOCore
import TestSupport
import Testing

@testable import BackingClient

@Suite("The life of a fill lane, without a socket")
struct FillLaneStateMachineTests {
    private typealias Machine = FillLaneStateMachine<Int>
    private static let address = BackingAddress.tcp(host: "localhost", port: 6379)
    private static let refused = BackingError.notReachable(Self.address, reason: "connection refused")
    private static let second: UInt64 = 1_000_000_000

    private static func describe(_ action: Machine.FetchAction) -> String {
        switch action {
        case .send: "send"
        case .nothing: "wait"
        case .end(.failure(let error)): "\(error)"
        case .end(let outcome): "\(outcome)"
        }
    }

    private static func ready() -> Machine {
        var machine = Machine(address: self.address)
        #expect(machine.start() == true)
        #expect(machine.connected() == true)
        #expect(machine.up(now: 0) != nil)
        return machine
    }

    @Test("fetches wait for a connection that is being made, and are sent in order once it stands")
    func waiting() throws {
        var machine = Machine(address: Self.address)
        #expect(machine.start() == true)
        #expect(machine.start() == false)
        #expect(Self.describe(machine.fetch(1)) == "wait")
        #expect(machine.connected() == true)
        #expect(Self.describe(machine.fetch(2)) == "wait")
        #expect(!machine.isReady)
        let action = machine.up(now: 0)
        #expect(action?.fetches == [1, 2])
        #expect(action?.isBack == false)
        #expect(machine.isReady)
        #expect(Self.describe(machine.fetch(3)) == "send")
    }

    @Test("a lane that nobody waits for is not replaced at once")
    func replacement() throws {
        var generator = SeededGenerator()
        for stood in [Self.second / 2, 2 * Self.second] {
            var machine = Machine(address: Self.address, replacementDelay: .milliseconds(500))
            _ = machine.start()
            _ = machine.connected()
            _ = machine.up(now: 0)
            #expect(machine.down(Self.refused, now: stood, using: &generator)?.retryIn == .milliseconds(500))
        }
    }

    @Test("fetches fail together with the attempt, and at once until the next")
    func failing() throws {
        var generator = SeededGenerator()
        var machine = Machine(address: Self.address)
        _ = machine.start()
        _ = machine.fetch(1)
        let action = machine.down(Self.refused, now: 0, using: &generator)
        #expect(action?.fetches == [1])
        #expect(action?.isNews == true)
        #expect(
            Self.describe(machine.fetch(2))
                == "ERR redis-proxy: the backing Redis at localhost:6379 is not reachable: connection refused")
        #expect(machine.retry() == true)
        #expect(Self.describe(machine.fetch(3)) == "wait")
    }

    @Test("no more than 4096 fetches wait")
    func bounded() {
        var machine = Machine(address: Self.address)
        _ = machine.start()
        let actions = Set((0..<4096).map { Self.describe(machine.fetch($0)) })
        #expect(actions == ["wait"])
        #expect(Self.describe(machine.fetch(4096)).hasSuffix("is still being connected to, and 4096 reads wait for it"))
    }

    @Test("the waits grow with jitter, up to a second, and start over after a connection that stood")
    func backoff() throws {
        var generator = SeededGenerator()
        var machine = Machine(address: Self.address)
        _ = machine.start()
        var waits: [Int64] = []
        for _ in 0..<200 {
            let action = machine.down(Self.refused, now: 0, using: &generator)
            waits.append((action?.retryIn.nanoseconds ?? -1))
            #expect(machine.retry() == true)
        }
        #expect((waits.first ?? -1) <= 50_000_000)
        #expect((waits.max() ?? -1) <= 1_000_000_000)
        #expect((waits.max() ?? -1) > 900_000_000)
        #expect(Set(waits).count > 100)

        #expect(machine.connected() == true)
        _ = machine.up(now: 0)
        let lost = machine.down(.closedConnection(Self.address), now: Self.second, using: &generator)
        #expect(lost?.retryIn == .zero)
        #expect(machine.retry() == true)
        let next = machine.down(Self.refused, now: Self.second, using: &generator)
        #expect((next?.retryIn.nanoseconds ?? .max) <= 50_000_000)
    }

    @Test("a connection that goes as soon as it has come is not replaced in a busy loop")
    func flapping() throws {
        var generator = SeededGenerator()
        var machine = Machine(address: Self.address)
        _ = machine.start()
        var total: Int64 = 0
        for _ in 0..<50 {
            _ = machine.connected()
            _ = machine.up(now: 0)
            let action = machine.down(.closedConnection(Self.address), now: Self.second - 1, using: &generator)
            total += (action?.retryIn.nanoseconds ?? -1)
            #expect(machine.retry() == true)
        }
        #expect(total > 10_000_000_000)
    }

    @Test("it is news once that the backing has gone, and once that it is back")
    func news() throws {
        var generator = SeededGenerator()
        var machine = Self.ready()
        var news: [Bool] = []
        for error in [Self.refused, Self.refused, .server(Array("WRONGPASS".utf8)), Self.refused] {
            news.append(machine.down(error, now: 0, using: &generator)?.isNews == true)
            _ = machine.retry()
        }
        #expect(news == [true, false, true, false])
        _ = machine.connected()
        #expect(machine.up(now: 0)?.isBack == true)
        #expect(machine.down(Self.refused, now: 0, using: &generator)?.isNews == true)
    }

    @Test("what the server itself said stays a server error, all else is unavailable until the next attempt")
    func standingErrors() throws {
        var generator = SeededGenerator()
        var machine = Self.ready()
        _ = machine.down(.silent(Self.address, for: .seconds(1)), now: 0, using: &generator)
        guard case .end(.failure(let error)) = machine.fetch(1) else {
            Issue.record("not failed")
            return
        }
        #expect(error.code == .unavailable)
        _ = machine.retry()
        _ = machine.down(.server(Array("WRONGPASS no".utf8)), now: 0, using: &generator)
        guard case .end(.failure(let refusal)) = machine.fetch(1) else {
            Issue.record("not failed")
            return
        }
        #expect(refusal == BackingError(code: .server, message: Array("WRONGPASS no".utf8)))
    }

    @Test(
        "where a long reply may be the end of a connection, whoever waits for another is told that it may ask elsewhere"
    )
    func lostForLongReply() throws {
        var generator = SeededGenerator()
        let lost = BackingError.closedConnection(Self.address)
        for limits in [ServerLimits(untakenReplies: 1 << 20), ServerLimits(evictsClients: true)] {
            var machine = Self.ready()
            machine.limits = limits
            #expect(machine.down(lost, now: 0, using: &generator)?.outcome == .unanswered)
            #expect(Self.describe(machine.fetch(1)) == "unanswered")
            // That the next connection cannot be made has another cause.
            _ = machine.retry()
            #expect(Self.describe(machine.fetch(2)) == "wait")
            let refused = machine.down(Self.refused, now: 0, using: &generator)
            #expect(refused?.fetches == [2])
            #expect(refused?.outcome == .failure(Self.refused))
            #expect(Self.describe(machine.fetch(3)) == "\(Self.refused)")
        }
    }

    @Test("any other end of a connection is an error for all who wait")
    func lostForAnotherReason() throws {
        var generator = SeededGenerator()
        let lost = BackingError.closedConnection(Self.address)
        var machine = Self.ready()
        machine.limits = ServerLimits(unreadQueries: 1 << 30)
        #expect(machine.down(lost, now: 0, using: &generator)?.outcome == .failure(lost))
        #expect(Self.describe(machine.fetch(1)) == "\(lost)")

        let silent = BackingError.silent(Self.address, for: .seconds(1))
        machine = Self.ready()
        machine.limits = ServerLimits(untakenReplies: 1 << 20)
        #expect(machine.down(silent, now: 0, using: &generator)?.outcome == .failure(silent))
        // A server that says nothing would say nothing on another connection either.
        #expect(Self.describe(machine.fetch(1)) == "\(silent)")
    }

    @Test("a closed lane stays closed, and does not want what still comes")
    func closing() throws {
        var generator = SeededGenerator()
        var machine = Machine(address: Self.address)
        _ = machine.start()
        _ = machine.fetch(1)
        #expect(machine.close() == [1])
        #expect(machine.connected() == false)
        #expect(machine.up(now: 0) == nil)
        #expect(machine.down(Self.refused, now: 0, using: &generator) == nil)
        #expect(machine.retry() == false)
        #expect(machine.start() == false)
        #expect(Self.describe(machine.fetch(2)).contains("shutting down"))
    }
}
