import LocalCache
import NIOCore
import Time

/// A waiter as the cache keeps it, which all event loops share: it is told on its own.
public struct WaitingRead: @unchecked Sendable {
    // Sendable because only the waiter's event loop is asked for elsewhere than on it. With an `NIOLoopBound` and the event loop beside
    // it there would be three references, counted wherever one of these is passed on.
    private let waiter: any FillWaiter
    private let request: UInt64
    /// The fill lane of the waiter's event loop.
    private let lane: LaneID
    /// When it was asked for.
    let asked: Instant

    init(waiter: any FillWaiter, request: UInt64, lane: LaneID, asked: Instant) {
        self.waiter = waiter
        self.request = request
        self.lane = lane
        self.asked = asked
    }

    /// - Parameter lane: The fill lane of the event loop that this is called on.
    func tell(_ outcome: FillOutcome, isNewerThanCache: Bool = false, fromLane lane: LaneID) {
        if lane == self.lane {
            waiter.fillEnded(request: request, outcome: outcome, isNewerThanCache: isNewerThanCache)
        } else {
            waiter.eventLoop.execute { [self] in
                waiter.fillEnded(request: request, outcome: outcome, isNewerThanCache: isNewerThanCache)
            }
        }
    }
}
