import NIOCore

/// A connection to the backing that has just come to stand, with what was learned of it before anybody uses it.
struct OpenedRelay: Sendable {
    let channel: any Channel
    /// The server's id of it, where it was told.
    var identifier: Int?
    /// Whether it is seen to be let in as what its ``RelayKey`` says.
    var isProven = false
}
