import LocalCache
import NIOCore
import Time

/// Those who are asked for a barrier. Each answers for itself, on its own event loop.
struct BarrierWitnesses: Sendable {
    /// Where time is kept for those who wait.
    let eventLoop: any EventLoop
    /// Makes sure that the feed answers something that is sent after that time.
    let askFeed: @Sendable (Instant) -> Void
    /// The same of each fill lane.
    let lanes: [LaneID: @Sendable (Instant) -> Void]

    /// All questions go out at the same time.
    func ask(_ question: BarrierLedger<BarrierWaiter>.Question) {
        if question.asksFeed { askFeed(question.since) }
        for lane in question.lanes { lanes[lane]?(question.since) }
    }
}
