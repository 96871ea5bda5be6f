/// What the server is asked to announce.
enum TrackingKind: String, Sendable, CaseIterable {
    /// Changes of the keys that the proxy has read.
    case `default`
    /// Changes of all keys that begin with one of the prefixes.
    case broadcast
}
