import BackingClient
import NIOCore
import NIOEmbedded
import Testing

@testable import Topology

@Suite("One server is left before the next is found")
struct SuccessionTests {
    private static let absence = BackingError.noPrimary(of: "m", because: "of the test")

    private static func place(_ port: Int) -> ServerPlace {
        ServerPlace(announced: .tcp(host: "h", port: port), address: .tcp(host: "h", port: port))
    }

    /// Somebody who has much of the server that is left.
    private final class Follower: PrimaryFollower, @unchecked Sendable {
        let eventLoop: EmbeddedEventLoop
        var departures: [EventLoopPromise<Void>] = []
        var found = 0

        init(_ eventLoop: EmbeddedEventLoop) { self.eventLoop = eventLoop }

        func primaryIsLeft(_ close: @escaping @Sendable () -> EventLoopFuture<Void>) -> EventLoopFuture<Void> {
            let promise = eventLoop.makePromise(of: Void.self)
            departures.append(promise)
            return close().and(promise.futureResult).map { _ in }
        }

        func primaryIsFound() { found += 1 }
    }

    private struct Parts {
        let eventLoop = EmbeddedEventLoop()
        let location = ServerLocation(absence: absence)
        let follower: Follower
        let succession: Succession

        init() {
            follower = Follower(eventLoop)
            succession = Succession(of: location, follower: follower, eventLoop: eventLoop)
        }
    }

    @Test("nobody connects to the next one while something of the last one is there")
    func order() {
        let parts = Parts()
        var isFound = false
        parts.succession.find(Self.place(1)) {}
        #expect(parts.location.place == Self.place(1))
        #expect(parts.succession.leave(because: Self.absence))
        #expect(parts.location.place == nil)
        parts.succession.find(Self.place(2)) { isFound = true }
        parts.eventLoop.run()
        #expect(parts.location.place == nil)
        #expect(!isFound)
        #expect(parts.follower.found == 1)
        parts.follower.departures[0].succeed()
        parts.eventLoop.run()
        #expect(parts.location.place == Self.place(2))
        #expect(isFound)
        #expect(parts.follower.found == 2)
    }

    @Test("what is decided meanwhile counts in the place of what was decided before")
    func lastDecision() {
        let parts = Parts()
        parts.succession.find(Self.place(1)) {}
        _ = parts.succession.leave(because: Self.absence)
        parts.succession.find(Self.place(2)) { Issue.record("another is the primary by now") }
        #expect(!parts.succession.leave(because: Self.absence), "it was not found yet")
        parts.succession.find(Self.place(3)) {}
        parts.follower.departures[0].succeed()
        parts.eventLoop.run()
        #expect(parts.location.place == Self.place(3))
        #expect(parts.follower.departures.count == 1)
        _ = parts.succession.leave(because: Self.absence)
        parts.succession.find(Self.place(4)) { Issue.record("nothing is decided any more") }
        parts.succession.stop()
        parts.follower.departures[1].succeed()
        parts.eventLoop.run()
        #expect(parts.location.place == nil)
    }
}
