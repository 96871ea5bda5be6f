import Time

/// What the beginning of a reply means for the session.
struct ReplyBeginning: Sendable {
    /// To be lowered before anything of the reply is passed on.
    var fences = Fences.none
    /// What comes from here on is no reply any more.
    var becomesTunnel = false
}

/// What the end of a reply means for the session.
struct MatchedReply: Sendable {
    /// To be lowered before anything behind the reply is passed on.
    var fences = Fences.none
    /// When the command that it ends was forwarded; nil: it ends none.
    var started: Instant?
    var event = ConfirmedEvent.none
    /// The server takes nothing more that the client has sent.
    var endsInput = false
}

/// What the server has confirmed that others than the session itself must hear of.
enum ConfirmedEvent: Equatable, Sendable {
    case none
    /// The client has logged in: the connection may have other rights.
    case loggedIn
    /// `RESET`: the connection is logged out.
    case reset
    /// `CLIENT PAUSE` or `UNPAUSE` is in force.
    case paused(StateChange.PauseChange)
}

/// Whose a reply is that may have answered a question of the proxy's own.
enum JudgedReply: Equatable, Sendable {
    case clients
    case own
    /// Its own, and the server refuses to say what the session is: so that is not answered from the cache.
    case ownRefused
}

/// How a reply is dealt with on its way to the client.
struct ReplyTreatment: Equatable, Sendable {
    var fate = ReplyFate.passedOn
    /// What of it is replaced.
    var replacing = IdentifierReply.none
    /// Whether it is looked at beyond its end.
    var needsGlimpse = false
}

/// Whether a reply is passed on.
enum ReplyFate: Equatable, Sendable {
    case passedOn
    /// `CLIENT REPLY` keeps it from the client.
    case dropped
    /// It may answer a question of the proxy's own: that is known once it is whole.
    case judged
}
