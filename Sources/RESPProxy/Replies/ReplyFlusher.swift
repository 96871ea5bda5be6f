import BackingClient
import NIOCore

/// Whoever has replies sent by a ``ReplyFlusher``.
package protocol ReplySender: AnyObject {
    /// Sends what has been written; the turn is over.
    func flushNow()
}

/// Sends the replies of one event loop's connections at the end of its turn, those of all in a row, as Redis does before it sleeps.
///
/// A client of many connections that is woken by the first reply finds the others there as well. Where each is sent as it is made, the
/// client is through with one before the next comes, sleeps in between, and waking it is a good part of what the write costs.
package final class ReplyFlusher {
    private let senders: EndOfTurn<any ReplySender>
    private var spares: [ByteBuffer] = []

    /// How many buffers are kept: about as many as connections answer in one turn.
    private static let spareCount = 64
    /// What is worth keeping, in bytes: of one buffer, and of each of the others.
    private static let longestSpare = 1 << 17
    private static let spareLength = 1 << 15

    package init(eventLoop: any EventLoop) {
        senders = EndOfTurn(eventLoop: eventLoop) { $0.flushNow() }
    }

    /// Has ``ReplySender/flushNow()`` called at the end of the turn.
    package func flushLater(_ sender: any ReplySender) { senders.schedule(sender) }

    /// Memory to collect replies in.
    package func takeMemory() -> ByteBuffer { spares.popLast() ?? ByteBuffer() }

    /// Keeps memory for the next replies, unless it is still being written from.
    package func giveBack(_ memory: consuming ByteBuffer) {
        guard memory.capacity > 0, spares.count < Self.spareCount else { return }
        memory.reuse(upTo: spares.isEmpty ? Self.longestSpare : Self.spareLength)
        if memory.capacity > 0 { spares.append(memory) }
    }
}
