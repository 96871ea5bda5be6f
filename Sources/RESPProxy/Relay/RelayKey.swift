import RESPParser

/// What connections to the backing must have in common to stand for each other, beside being in their default state.
struct RelayKey: Hashable, Sendable {
    var version: RESPVersion
    /// Logged in as the fill lane's user; otherwise as a new client's connection is.
    var isFillUser: Bool
}
