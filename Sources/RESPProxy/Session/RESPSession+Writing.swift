import NIOCore

/// Writing: collected in a turn, sent at its end.
extension RESPSession: ReplySender {
    func forward(_ buffer: inout ByteBuffer, length: Int) {
        guard length > 0, let bytes = buffer.readSlice(length: length) else { return }
        if case .shared(let connection) = relay {
            return connection.forward(bytes, for: self, hasShortReply: hasShortReply, now: turnStarted)
        }
        guard case .open(let connection) = relay else { return }
        if length >= Self.referenceThreshold {
            flushForwards()
            connection.write(bytes)
            connection.flush()
        } else {
            forwards.writeImmutableBuffer(bytes)
            if forwards.readableBytes >= Self.streamingThreshold { flushForwards() }
        }
    }

    func flushForwards() {
        guard forwards.readableBytes > 0, case .open(let connection) = relay else { return }
        connection.write(forwards)
        connection.flush()
        forwards = ByteBuffer()
    }

    func send(_ bytes: ByteBuffer) {
        isFlushDue = true
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    /// Where replies are collected: memory that the sessions of an event loop use in turn.
    func openOutput() {
        if output.capacity == 0 { output = loop.flusher.takeMemory() }
    }

    func writeOutput() {
        guard output.readableBytes > 0 else { return }
        send(output)
        written = output
        output = ByteBuffer()
    }

    /// Has what was written sent at the end of the event loop's turn.
    func flush() {
        guard isFlushDue, !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.flusher.flushLater(self)
    }

    func flushNow() {
        isFlushScheduled = false
        isFlushDue = false
        context?.flush()
        guard written.capacity > 0 else { return }
        // Written whole, as nearly always, it is nobody else's now.
        var memory = ByteBuffer()
        swap(&memory, &written)
        loop.flusher.giveBack(consume memory)
    }

    func flushOutput() {
        writeOutput()
        referenced = 0
        flush()
        guard output.capacity > 0 else { return }
        var memory = ByteBuffer()
        swap(&memory, &output)
        loop.flusher.giveBack(consume memory)
    }
}
