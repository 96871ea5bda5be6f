@testable import RESPProxy

extension ReplyMatcher {
    /// A frame comes whole, as a connection hands it on.
    ///
    /// - Returns: Whether it is passed on to the client, the fences that it lowers, and what others must hear of.
    @discardableResult
    mutating func receive(_ frame: String) -> (isPassedOn: Bool, lowered: [WriteEffect], event: ConfirmedEvent) {
        let bytes = Array(frame.utf8)
        var lowered = replyBegins(type: bytes[0]).fences.all
        guard matchesReplies else { return (true, lowered, .none) }
        let fate = treatment(ofReply: bytes[0]).fate
        if fate == .judged {
            return (judge(ReplyGlimpse(frame: bytes, headLimit: 1 << 16)) == .clients, lowered, .none)
        }
        let matched = replyEnded(ReplyGlimpse(frame: bytes))
        lowered += matched.fences.all
        return (fate == .passedOn, lowered, matched.event)
    }

    /// Where something is in doubt, the server is asked, and says what the replies have said.
    mutating func prove() {
        guard let state = stateToProve else { return }
        let question = question(newUser: DefaultUser.name)
        ask(question, now: 1)
        for part in question.parts {
            receive(part == .standing ? clientInfo(of: state) : bulk(question.word))
        }
    }
}

/// A bulk string.
func bulk(_ bytes: [UInt8]) -> String { "$\(bytes.count)\r\n\(String(decoding: bytes, as: UTF8.self))\r\n" }

/// What Redis 8 answers `CLIENT INFO` with on a connection in that state.
func clientInfo(of state: SessionState) -> String {
    var user = DefaultUser.name
    if case .named(let name) = state.user { user = name }
    let flags =
        (state.inTransaction ? "x" : "") + (state.isTracked ? "t" : "") + (state.matching == .monitoring ? "O" : "")
    let line =
        "id=3 addr=127.0.0.1:56328 laddr=127.0.0.1:24990 fd=8 name= age=0 idle=0 flags=\(flags.isEmpty ? "N" : flags) "
        + "db=\(state.database) sub=\(state.channels) psub=\(state.patterns) ssub=\(state.shardChannels) "
        + "multi=\(state.inTransaction ? 0 : -1) watch=\(state.isWatching ? 1 : 0) qbuf=97 events=r cmd=client|info "
        + "user=\(String(decoding: user, as: UTF8.self)) redir=-1 resp=\(state.version.rawValue) lib-name= lib-ver=\n"
    guard state.version == .resp3 else { return bulk(Array(line.utf8)) }
    return "=\(line.utf8.count + 4)\r\ntxt:\(line)\r\n"
}
