import BackingClient
import NIOCore

/// Replies on a shared connection.
extension RESPSession: SharedReplyReceiver {
    func sharedReplyBegins(type: UInt8) { replyBegins(type: type) }

    func sharedReplyEnded(type: UInt8, length: Int, now: UInt64) {
        relayReadTime = now
        lastRelayed = now
        replyEnded(ReplyGlimpse(type: type))
        if length >= Self.streamingThreshold { commandsUnshared = Self.unsharedAfterLargeReply }
    }

    func sharedReply(_ buffer: ByteBuffer, _ range: Range<Int>) -> Bool {
        let isFirst = !awaitsSharedRead
        awaitsSharedRead = true
        guard !isClosed, let bytes = buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count)
        else { return isFirst }
        openOutput()
        if bytes.readableBytes >= Self.referenceThreshold {
            writeOutput()
            send(bytes)
        } else {
            output.writeImmutableBuffer(bytes)
        }
        if !channel.isWritable { sharedBacklog += bytes.readableBytes }
        return isFirst
    }

    var hasSharedBacklog: Bool { !isClosed && sharedBacklog > Self.sharedReplyLimit }

    func closeForBacklog() {
        loop.logger.info(
            "a client that does not take its replies is closed",
            metadata: ["bytes": "\(sharedBacklog)", "client": "\(client.map(\.endpoint) ?? "")"])
        isClosed = true
        intake = .ended
        giveUpIdentity()
        context?.close(promise: nil)
    }

    func sharedReadCompleted() {
        relayReadTime = nil
        awaitsSharedRead = false
        guard !isClosed else {
            if matcher.isEmpty { release() }
            return
        }
        process()
    }

    /// Every command of the session that was outstanding is answered with an error, unless its reply had begun.
    func sharedConnectionLost(_ error: BackingError, isInsideReply: Bool) {
        let unanswered = matcher.count
        dropFences(matcher.connectionEnded())
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
