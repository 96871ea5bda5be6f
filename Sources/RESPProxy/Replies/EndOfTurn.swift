import NIOCore

/// Those of one event loop that have something to do at the end of its turn: one task for all of them, in the order they came.
///
/// One read of a connection that many share, or that fetches for many, has something for each of them.
final class EndOfTurn<Member> {
    private let eventLoop: any EventLoop
    private let act: (Member) -> Void
    private var due: [Member] = []
    /// That of `due` in turn: its memory is used again.
    private var acting: [Member] = []

    /// - Parameter act: What is done for each.
    init(eventLoop: any EventLoop, act: @escaping (Member) -> Void) {
        self.eventLoop = eventLoop
        self.act = act
    }

    /// Has it done for `member` once the turn is over.
    func schedule(_ member: Member) {
        if due.isEmpty { eventLoop.assumeIsolated().execute { [self] in actForAll() } }
        due.append(member)
    }

    private func actForAll() {
        swap(&due, &acting)
        for member in acting { act(member) }
        acting.removeAll(keepingCapacity: true)
    }
}
