import NIOCore

/// Writing: collected in a turn, sent at its end.
extension RESPSession {
    func forward(_ buffer: inout ByteBuffer, length: Int) {
        guard length > 0, let bytes = buffer.readSlice(length: length) else { return }
        if case .shared(let connection) = relay { return connection.forward(bytes, for: self, now: turnStarted) }
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
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    func writeOutput() {
        guard output.readableBytes > 0 else { return }
        send(output)
        output = ByteBuffer()
    }

    func flushOutput() {
        writeOutput()
        referenced = 0
        context?.flush()
    }
}
