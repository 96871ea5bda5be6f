import BackingClient
import LocalCache
import NIOCore
import Time

/// A node, for those on other event loops: whatever it is told it hears on its own.
struct NodeHandle: ServerObserver {
    private let node: NIOLoopBound<Node>
    /// Of its fill lane.
    let lane: LaneID
    var server: ServerID { lane.server }

    /// To be made on the node's event loop.
    init(_ node: Node) {
        self.node = NIOLoopBound(node, eventLoop: node.eventLoop)
        self.lane = node.laneID
    }

    private func tell(_ body: @escaping @Sendable (Node) -> Void) {
        node.eventLoop.execute { [node] in body(node.value) }
    }

    func feedChanged(to feed: FeedIdentity?) { tell { $0.feedChanged(to: feed) } }
    func admissionChanged(to isGranted: Bool, sent: Instant) { tell { $0.admissionChanged(to: isGranted, sent: sent) } }
    func limitsChanged(to limits: ServerLimits) { tell { $0.limitsChanged(to: limits) } }
    func askLane(since: Instant) { tell { $0.askLane(since: since) } }
}
