import NIOCore

/// All event loops of the proxy, waited for.
struct EventLoopTurns: Sendable {
    private let eventLoops: [any EventLoop]

    init(_ eventLoops: [any EventLoop]) { self.eventLoops = eventLoops }

    /// Done once every event loop has done what it knew of, and what came of that: clients that had connected before are there, and what was
    /// opened for them.
    func taken(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        @Sendable func turn() -> EventLoopFuture<Void> {
            .andAllSucceed(eventLoops.map { $0.submit {} }, on: eventLoop)
        }
        // One loop accepts a client, another gets it.
        return turn().flatMap { turn() }
    }
}
