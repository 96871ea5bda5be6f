/// By which id a client is known, and what is on its way about ids.
struct SessionIdentity {
    /// How far what a command needs to know has come.
    enum Inquiry {
        case none
        case awaited
        case answered([Int: Int])
    }

    /// The client was told this id.
    var identifier: Int?
    /// Somebody has named the session: it keeps the connection that it was found by.
    var isBound = false
    /// Who waits to be told the server's id of the session's connection.
    var seekers: [@Sendable (Int?) -> Void] = []
    /// The server's ids for those that the command in hand names.
    var named = Inquiry.none
    /// For the `CLIENT LIST` in hand, our ids by the server's.
    var listing = Inquiry.none
    /// For the `CLIENT LIST` that was sent last.
    var listed: [Int: Int] = [:]
    /// Where the session's own `CLIENT TRACKING` redirects to, by the server's id and as the client named it.
    var redirection: (ofServer: Int, told: Int)?
}
