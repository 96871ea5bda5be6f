import BackingClient
import NIOCore

/// Has one server left, and another found, in that order: what is decided while something of the old one is still there comes into force once it is
/// gone, unless something else has been decided by then.
///
/// Everything here runs on the event loop.
package final class Succession {
    private let location: ServerLocation
    private let follower: any PrimaryFollower
    private let eventLoop: any EventLoop
    /// Done once nothing of the last server is left.
    private var departed: EventLoopFuture<Void>
    /// Counts what has been decided.
    private var decisions: UInt64 = 0
    private var hasServer = false

    /// - Parameter location: told where the server is.
    package init(of location: ServerLocation, follower: any PrimaryFollower, eventLoop: any EventLoop) {
        self.location = location
        self.follower = follower
        self.eventLoop = eventLoop
        departed = eventLoop.makeSucceededVoidFuture()
    }

    /// There is none from now on, or another reason why.
    ///
    /// - Returns: Whether there was one.
    package func leave(because absence: BackingError) -> Bool {
        decisions += 1
        guard hasServer else {
            _ = location.left(because: absence, on: eventLoop)
            return false
        }
        hasServer = false
        // It was found only once all of the one before was gone, so nothing else is under way.
        departed = follower.primaryIsLeft { [location, eventLoop] in location.left(because: absence, on: eventLoop) }
            .hop(to: eventLoop)
        return true
    }

    /// There is one.
    ///
    /// - Parameter isFound: Called when it is so far, before anybody connects to it.
    package func find(_ place: ServerPlace, isFound: @escaping () -> Void) {
        decisions += 1
        let decision = decisions
        departed.assumeIsolated().whenComplete { [self] _ in
            guard decision == decisions else { return }
            hasServer = true
            location.found(at: place)
            isFound()
            follower.primaryIsFound()
        }
    }

    /// Nothing that is decided comes into force any more.
    package func stop() { decisions += 1 }
}
