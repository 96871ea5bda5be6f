/// What the proxy must know of a command that it relays.
struct RelayedCommand: Equatable, Sendable {
    var change: StateChange
    var writes: WriteEffect
    var isBlocking: Bool
    /// Whether its success leaves something on its connection that others do not have, beside what ``change`` says.
    var pins: Bool
    /// What its success leaves on its connection that `RESET` does not undo.
    var lasting: LastingEffect = .nothing
    /// What goes to the server in its place.
    var substitute: [[UInt8]]?
    /// Whether it may go on a connection that other sessions use too.
    var isShareable: Bool
    /// If its connection is lost before its reply, the client has lost nothing but that.
    var losesOnlyReply = false
    /// Whether its reply is short whatever the keys hold.
    var hasShortReply = false
    /// `WAIT` waits for the writes of its own connection: that must have sent something before.
    var needsOffset = false
    /// It lists the server's clients, counts them, or ends some.
    var involvesOtherClients = false
    /// What of its reply names connections by the server's ids.
    var identifierReply = IdentifierReply.none
    /// It may name clients by their ids.
    var namesClients = false
    /// It is a line that only the server can split (``CommandParseResult/line(length:)``).
    var isLine = false

    /// A read whose reply is expected to be large.
    static let largeRead = RelayedCommand(
        change: .none, writes: .none, isBlocking: false, pins: false, isShareable: false)
}
