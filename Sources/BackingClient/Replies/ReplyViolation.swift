/// What came from the backing is not a reply to what was asked; the connection has to go.
struct ReplyViolation: Error, Equatable {
    /// What is wrong with it, in a few words and without its bytes.
    var reason: String
}
