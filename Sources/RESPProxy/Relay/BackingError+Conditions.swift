import BackingClient

/// What the proxy itself says of a connection to the backing that it relays on or reads large values from.
extension BackingError {
    /// The backing went away in the middle of something.
    static let lost = BackingError(.unavailable, "the backing Redis closed the connection")

    /// A shared connection ended under a command.
    static let outcomeUnknown = BackingError(
        .unavailable,
        "the connection to the backing Redis was lost before the reply: whether the command was done is not known")

    /// The backing said something on a shared connection that no command had asked for.
    static let unasked = BackingError(.protocolViolation, "the backing Redis sent something that was not asked for")

    /// The backing has stopped in the middle of something.
    static let silent = BackingError(.timedOut, "the backing Redis did not answer in time")

    /// The backing has not let us in, nor refused to.
    static let silentAtLogIn = BackingError(.timedOut, "the backing Redis did not answer the log-in in time")

    /// The backing has come to ask for a password, which the client was let in without.
    static let noneLetInBefore = BackingError(
        .unavailable,
        "the backing Redis asks for a password by now, and no connection is left that was let in before")

    /// Whether the backing says that one has to log in.
    var asksForPassword: Bool { code == .server && message.starts(with: "NOAUTH".utf8) }

    /// What the backing sent is none of the protocol's frames.
    static let notRESP = BackingError(.protocolViolation, "the backing Redis sent something that is not RESP")

    private init(_ code: Code, _ condition: String) {
        self.init(code: code, message: Array("ERR redis-proxy: \(condition)".utf8))
    }
}
