import LocalCache

/// What of a session decides where its next command goes.
struct SessionStanding: Equatable, Sendable {
    /// The server that its connection leads to, or that its last one led to.
    var server: ServerID
    /// Its connection is its own, and no other would do: something was told to that server on it, or the client is known there by it.
    var staysWithServer: Bool
    /// Nothing that was relayed is unanswered, and the session may be given what the cache holds.
    var mayBeAnsweredFromCache: Bool
    /// False while the client does not take its replies: then the server keeps them, as it would without us.
    var canAnswerHere: Bool
    /// A read that is to be relayed waits for its turn.
    var holdsRelay: Bool
    /// The server has been asked what the session is.
    var awaitsProof: Bool
    /// No read waits for its turn.
    var hasNoReads: Bool
    /// More reads may wait.
    var takesReads: Bool
    /// Replies outstanding to what was relayed.
    var outstanding: Int
    /// Whether what follows must wait, because it may not belong on the connection that the last command went on.
    var mayLeaveConnection: Bool
    /// Which replies the client gets.
    var replies: SessionState.Replies
}
