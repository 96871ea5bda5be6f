/// Reading whole RESP frames without interpreting them: small, recursive and independent of the proxy's own scanner.
extension RawConnection {
    /// The bytes of one reply of either protocol version. An attribute comes together with the reply behind it.
    public func receiveReply() throws -> [UInt8] {
        var bytes = try self.receive(through: "\r\n")
        let count = Int(String(decoding: bytes.dropFirst().dropLast(2), as: UTF8.self)) ?? -1
        switch bytes.first.map({ Character(Unicode.Scalar($0)) }) {
        case "$", "=", "!":
            if count >= 0 { bytes.append(contentsOf: try self.receive(count: count + 2)) }
        case "*", "~", ">":
            for _ in 0..<max(0, count) { bytes.append(contentsOf: try self.receiveReply()) }
        case "%":
            for _ in 0..<max(0, 2 * count) { bytes.append(contentsOf: try self.receiveReply()) }
        case "|":
            for _ in 0..<max(0, 2 * count + 1) { bytes.append(contentsOf: try self.receiveReply()) }
        default:
            break
        }
        return bytes
    }

    /// Sends a command and returns the bytes of its reply as text.
    public func roundTrip(_ arguments: String...) throws -> String {
        try self.send(encodeCommand(arguments.map { Array($0.utf8) }))
        return String(decoding: try self.receiveReply(), as: UTF8.self)
    }

    /// Sends a command of bytes and returns the bytes of its reply.
    public func roundTrip(_ arguments: [[UInt8]]) throws -> [UInt8] {
        try self.send(encodeCommand(arguments))
        return try self.receiveReply()
    }

    /// The next replies, as one text.
    public func receiveReplies(_ count: Int) throws -> String {
        var bytes: [UInt8] = []
        for _ in 0..<count { bytes.append(contentsOf: try self.receiveReply()) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
