import NIOCore

/// A connection to the backing that has just been opened, with what was learned of it before anybody uses it.
struct OpenedRelay: Sendable {
    let channel: any Channel
    /// The server's id of it, where it was told.
    var identifier: Int?
    /// Whether the server has shown that it is let in as its ``RelayKey`` says.
    var isProven = false
}
