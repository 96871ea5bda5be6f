import BackingClient
import NIOCore

/// Replies on a shared connection.
extension RESPSession {
    /// A reply to a command of the session has ended.
    func sharedReplyEnded(type: UInt8, length: Int, now: UInt64) {
        relayReadTime = now
        lastRelayed = now
        replyEnded(ReplyGlimpse(type: type))
        if length >= Self.streamingThreshold { commandsUnshared = Self.unsharedAfterLargeReply }
    }

    /// Bytes of replies, after the events for what they contain.
    func sharedReply(_ buffer: ByteBuffer, _ range: Range<Int>) {
        guard !isClosed, let bytes = buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count)
        else { return }
        openOutput()
        if bytes.readableBytes >= Self.referenceThreshold {
            writeOutput()
            send(bytes)
        } else {
            output.writeImmutableBuffer(bytes)
        }
        guard !channel.isWritable else { return }
        sharedBacklog += bytes.readableBytes
    }

    /// More waits for the client than is kept for it.
    var hasSharedBacklog: Bool { !isClosed && sharedBacklog > Self.sharedReplyLimit }

    /// The client has taken nothing for a while, and holds up others.
    func closeForBacklog() {
        loop.logger.info("a client that does not take its replies is closed", metadata: ["bytes": "\(sharedBacklog)"])
        isClosed = true
        intake = .ended
        giveUpIdentity()
        context?.close(promise: nil)
    }

    func sharedReadCompleted() {
        relayReadTime = nil
        guard !isClosed else {
            if ledger.isEmpty { release() }
            return
        }
        process()
    }

    /// Every command of the session that was outstanding is answered with an error, unless its reply had begun.
    func sharedConnectionLost(_ error: BackingError, isInsideReply: Bool) {
        let unanswered = ledger.count
        dropFences(ledger.connectionEnded())
        relay = .none
        guard !isClosed else { return release() }
        guard !isInsideReply else {
            flushOutput()
            return close()
        }
        for _ in 0..<unanswered {
            loop.metrics.requestsEnded(.resp, .relay, error.outcome, nanoseconds: nil)
            answer(.error(error.code == .unavailable ? BackingError.outcomeUnknown.message : error.message))
        }
        scheduleTurn()
    }

    /// A session that met a large reply may ask for more of the kind.
    private static let unsharedAfterLargeReply = 64
}
