import NIOCore

/// Has something done at the end of an event loop's turn: in one task for all who asked for it, in their order.
///
/// One read of a shared connection, or of a fill lane, brings something for many sessions.
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
