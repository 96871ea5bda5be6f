import NIOCore
import RESPParser

/// The replies of a session on their way to the client: collected in a turn, and sent at the end of the event loop's turn with those of the
/// other sessions.
final class ReplyOutput: ReplySender {
    /// What is at least this long is written where it lies, without a copy.
    static let referenceThreshold = 16_384

    /// Replies on a shared connection that a client does not take are kept up to this, in bytes; beyond it, the connection waits for the
    /// client, and the client is closed where others wait behind it.
    static let backlogLimit = 32 << 20

    private let flusher: ReplyFlusher
    private let channel: any Channel
    private var context: ChannelHandlerContext?
    /// What has been collected since the last write; see ``open()``.
    private var collected = ByteBuffer()
    /// What was written last in this turn.
    private var written = ByteBuffer()
    /// Bytes of values that were written without a copy in this turn.
    private var referenced = 0
    /// Something was written since the last flush.
    private var isFlushDue = false
    private var isFlushScheduled = false
    /// Bytes of replies on a shared connection since the client stopped taking them.
    private(set) var backlog = 0
    /// Sent, and then the connection closed, once everything before it is answered.
    private var lastReply: ByteBuffer?

    init(channel: any Channel, flusher: ReplyFlusher) {
        self.channel = channel
        self.flusher = flusher
    }

    func attach(to context: ChannelHandlerContext) { self.context = context }
    func detach() { context = nil }

    /// Bytes of this turn's replies that came out of the cache.
    var pendingBytes: Int { collected.readableBytes + referenced }

    // MARK: Collecting

    /// Makes ready to collect, in memory that the sessions of an event loop use in turn.
    func open() {
        if collected.capacity == 0 { collected = flusher.takeMemory() }
    }

    /// A value as it lies in the cache.
    func writeBulk(_ value: RawSpan) { collected.writeBulk(value) }

    func writeArrayHeader(count: Int) { RESPEncoder.arrayHeader(count: count, into: &collected) }

    /// - Parameter version: The session's, in which a nil is written.
    func write(_ answer: ReadQueue.Answer, _ version: RESPVersion) {
        switch answer {
        case .value(let value) where value.readableBytes >= Self.referenceThreshold:
            RESPEncoder.bulkHeader(length: value.readableBytes, into: &collected)
            referenced += value.readableBytes
            send(value)
            collected.writeInteger(UInt16(0x0D0A))
        case .value(let value):
            collected.writeBulk(value.readableBytesSpan)
        case .null:
            RESPEncoder.null(version, into: &collected)
        case .error(let text):
            // The server's own words, byte for byte.
            collected.writeInteger(UInt8(ascii: "-"))
            collected.writeBytes(text)
            collected.writeInteger(UInt16(0x0D0A))
        }
    }

    /// Replies that came on a shared connection: copied where they are short.
    func writeShared(_ replies: ByteBuffer) {
        open()
        if replies.readableBytes >= Self.referenceThreshold {
            send(replies)
        } else {
            collected.writeImmutableBuffer(replies)
        }
        if !channel.isWritable { backlog += replies.readableBytes }
    }

    /// More waits for the client than is kept for it.
    var hasBacklog: Bool { backlog > Self.backlogLimit }

    /// The client takes its replies again, or nobody is left who would.
    func forgetBacklog() { backlog = 0 }

    // MARK: The last reply

    var hasLastReply: Bool { lastReply != nil }

    /// Nothing is answered behind this.
    func end(with reply: ByteBuffer) { lastReply = reply }

    /// The last reply, which is due.
    func takeLastReply() -> ByteBuffer? {
        defer { lastReply = nil }
        return lastReply
    }

    // MARK: Sending

    /// Sends bytes as they are, behind what has been collected.
    func send(_ bytes: ByteBuffer) {
        writeCollected()
        write(toSocket: bytes)
    }

    private func writeCollected() {
        guard collected.readableBytes > 0 else { return }
        write(toSocket: collected)
        written = collected
        collected = ByteBuffer()
    }

    private func write(toSocket bytes: ByteBuffer) {
        isFlushDue = true
        context?.write(NIOAny(bytes), promise: nil)
    }

    /// Sends what the turn has collected, and gives the memory back.
    func endTurn() {
        writeCollected()
        referenced = 0
        flush()
        giveBack(&collected)
    }

    /// Has what was written sent at the end of the event loop's turn.
    func flush() {
        guard isFlushDue, !isFlushScheduled else { return }
        isFlushScheduled = true
        flusher.flushLater(self)
    }

    func flushNow() {
        isFlushScheduled = false
        isFlushDue = false
        context?.flush()
        // Written whole, as nearly always, it is nobody else's now.
        giveBack(&written)
    }

    private func giveBack(_ memory: inout ByteBuffer) {
        guard memory.capacity > 0 else { return }
        var given = ByteBuffer()
        swap(&given, &memory)
        flusher.giveBack(consume given)
    }
}
