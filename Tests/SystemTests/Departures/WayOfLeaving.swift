import TestSupport

/// How a client leaves a session.
enum WayOfLeaving: String, Sendable, CaseIterable, CustomStringConvertible {
    case close
    case reset
    case halfClose = "half-close, then close"
    case halfCloseAndRead = "half-close, read to the end"
    case halfCloseAndStay = "half-close and stay, reading nothing"
    case cutCommand = "close in the middle of a command"
    case cutLargeCommand = "reset in the middle of a large command"

    var description: String { rawValue }

    /// - Returns: The connection where the client keeps it.
    func leave(_ connection: RawConnection) -> RawConnection? {
        switch self {
        case .close: connection.close()
        case .reset: connection.reset()
        case .halfClose:
            connection.finishSending()
            connection.close()
        case .halfCloseAndRead:
            connection.finishSending()
            return connection
        case .halfCloseAndStay:
            connection.finishSending()
            return connection
        case .cutCommand:
            try? connection.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\nhal")
            connection.close()
        case .cutLargeCommand:
            try? connection.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$200000\r\n" + String(repeating: "v", count: 100_000))
            connection.reset()
        }
        return nil
    }
}
