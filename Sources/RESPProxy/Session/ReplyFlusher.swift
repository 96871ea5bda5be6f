import BackingClient
import NIOCore

/// Sends the replies of one event loop's sessions at the end of its turn, those of all sessions in a row, as Redis does before it sleeps.
///
/// A client of many connections that is woken by the first reply finds the others there as well. Where each is sent as it is made, the
/// client is through with one before the next comes, sleeps in between, and waking it is a good part of what the write costs.
final class ReplyFlusher {
    private let eventLoop: any EventLoop
    private var due: [RESPSession] = []
    /// That of `due` in turn: its memory is used again.
    private var flushing: [RESPSession] = []
    private var spares: [ByteBuffer] = []

    /// How many buffers are kept: about as many as sessions answer in one turn.
    private static let spareCount = 64
    /// What is worth keeping, in bytes: of one buffer, and of each of the others.
    private static let longestSpare = 1 << 17
    private static let spareLength = 1 << 15

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Has what the session wrote sent, and ``RESPSession/flushNow()`` called for it.
    func flushLater(_ session: RESPSession) {
        if due.isEmpty { eventLoop.assumeIsolated().execute { [self] in flushAll() } }
        due.append(session)
    }

    private func flushAll() {
        swap(&due, &flushing)
        for session in flushing { session.flushNow() }
        flushing.removeAll(keepingCapacity: true)
    }

    /// Memory to collect replies in.
    func takeMemory() -> ByteBuffer { spares.popLast() ?? ByteBuffer() }

    /// Keeps memory for the next session, unless it is still being written from.
    func giveBack(_ memory: consuming ByteBuffer) {
        guard memory.capacity > 0, spares.count < Self.spareCount else { return }
        memory.reuse(upTo: spares.isEmpty ? Self.longestSpare : Self.spareLength)
        if memory.capacity > 0 { spares.append(memory) }
    }
}
