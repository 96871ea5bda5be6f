/// What must be known of a command that is relayed.
struct RelayedCommand: Equatable, Sendable {
    var change: StateChange
    var writes: WriteEffect
    var isBlocking: Bool
    /// Whether it leaves something on its connection, if it succeeds, that no other has and that ``change`` does not tell.
    var pins: Bool
    /// What it leaves on its connection, if it succeeds, even behind `RESET`.
    var lasting: LastingEffect = .nothing
    /// What goes to the server in its place.
    var substitute: [[UInt8]]?
    /// Whether it may go on a connection that other sessions use too.
    var isShareable: Bool
    /// Whether its reply is short whatever the keys hold.
    var hasShortReply = false
    /// `WAIT` counts its own connection's writes: it needs one that has done something.
    var needsOffset = false
    /// It tells of the server's clients, or ends them.
    var involvesOtherClients = false
    /// What of its reply names connections by the server's ids.
    var identifierReply = IdentifierReply.none
    /// It may name clients by their ids.
    var namesClients = false

    /// A read whose reply is expected to be large.
    static let largeRead = RelayedCommand(
        change: .none, writes: .none, isBlocking: false, pins: false, isShareable: false)
}
