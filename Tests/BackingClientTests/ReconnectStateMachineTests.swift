import NIOCore
import TestSupport
import Testing
import Time

@testable import BackingClient

@Suite("A connection that is kept up, without a socket")
struct ReconnectStateMachineTests {
    private typealias Machine = ReconnectStateMachine
    private static let address = BackingAddress.tcp(host: "localhost", port: 6379)
    private static let refused = BackingError.notReachable(Self.address, reason: "connection refused")
    private static func ready(replacementDelay: TimeSpan = .zero) -> Machine {
        var machine = Machine(replacementDelay: replacementDelay)
        #expect(machine.start() == true)
        #expect(machine.connected() == true)
        #expect(machine.up(now: 0) != nil)
        return machine
    }

    @Test("it is started once, and stands when the handshake is over")
    func standing() {
        var machine = Machine()
        #expect(machine.start() == true)
        #expect(machine.start() == false)
        #expect(machine.connected() == true)
        #expect(!machine.isReady)
        #expect(machine.up(now: 0)?.isBack == false)
        #expect(machine.isReady)
    }

    @Test("the wait for the next attempt can be cut short, and only that")
    func hurry() {
        var generator = SeededGenerator()
        var machine = Machine()
        #expect(machine.hurry() == false)
        #expect(machine.start() == true)
        #expect(machine.hurry() == false, "one is under way")
        _ = machine.down(Self.refused, now: 0, using: &generator)
        #expect(machine.hurry() == true)
        #expect(machine.retry() == false, "what was waited for is under way")
        machine.close()
        #expect(machine.hurry() == false)
    }

    @Test("that there is no primary is no news of its own: who looks for it tells of it")
    func noPrimary() {
        var generator = SeededGenerator()
        var machine = Machine()
        #expect(machine.start() == true)
        let absence = BackingError.noPrimary(of: "m", because: "of the test")
        #expect(machine.down(absence, now: 0, using: &generator)?.isNews == false)
        #expect(machine.retry() == true)
        #expect(machine.down(Self.refused, now: 0, using: &generator)?.isNews == true)
    }

    @Test("a connection that nobody waits for is not replaced at once")
    func replacement() throws {
        var generator = SeededGenerator()
        for stood in [Instant.distantPast + .milliseconds(500), .seconds(2)] {
            var machine = Self.ready(replacementDelay: .milliseconds(500))
            let action = machine.down(Self.refused, now: stood, using: &generator)
            #expect(action?.retryIn == .milliseconds(500))
            #expect(action?.stood == true)
        }
    }

    @Test("the waits grow with jitter, up to a second, and start over after a connection that stood")
    func backoff() throws {
        var generator = SeededGenerator()
        var machine = Machine()
        _ = machine.start()
        var waits: [Int64] = []
        for _ in 0..<200 {
            let action = machine.down(Self.refused, now: 0, using: &generator)
            waits.append((action?.retryIn.nanoseconds ?? -1))
            #expect(action?.stood == false)
            #expect(machine.retry() == true)
        }
        #expect((waits.first ?? -1) <= 50_000_000)
        #expect((waits.max() ?? -1) <= 1_000_000_000)
        #expect((waits.max() ?? -1) > 900_000_000)
        #expect(Set(waits).count > 100)

        #expect(machine.connected() == true)
        _ = machine.up(now: 0)
        let lost = machine.down(.closedConnection(Self.address), now: .seconds(1), using: &generator)
        #expect(lost?.retryIn == .zero)
        #expect(machine.retry() == true)
        let next = machine.down(Self.refused, now: .seconds(1), using: &generator)
        #expect((next?.retryIn.nanoseconds ?? .max) <= 50_000_000)
    }

    @Test("a connection that goes as soon as it has come is not replaced in a busy loop")
    func flapping() throws {
        var generator = SeededGenerator()
        var machine = Machine()
        _ = machine.start()
        var total: Int64 = 0
        for _ in 0..<50 {
            _ = machine.connected()
            _ = machine.up(now: 0)
            let action = machine.down(.closedConnection(Self.address), now: .seconds(1) - 1, using: &generator)
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

    @Test("a closed one stays closed, and does not want what still comes")
    func closing() throws {
        var generator = SeededGenerator()
        var machine = Machine()
        _ = machine.start()
        machine.close()
        #expect(machine.connected() == false)
        #expect(machine.up(now: 0) == nil)
        #expect(machine.down(Self.refused, now: 0, using: &generator) == nil)
        #expect(machine.retry() == false)
        #expect(machine.start() == false)
    }
}
