import NIOCore
import Time

/// How the server is asked to tell what changes.
public struct TrackingConfiguration: Sendable {
    /// How often each connection is asked whether it still answers.
    public var heartbeat: TimeSpan
    /// For the answer to that.
    public var timeout: TimeSpan
    /// Announcements for these prefixes, whoever read what (`BCAST`); nil: for each key that we read. Empty: for every key.
    public var broadcastPrefixes: [[UInt8]]?

    /// Tracking of each key read, with the proxy's own defaults.
    public init(
        heartbeat: TimeSpan = .seconds(1), timeout: TimeSpan = .seconds(2), broadcastPrefixes: [[UInt8]]? = nil
    ) {
        self.heartbeat = heartbeat
        self.timeout = timeout
        self.broadcastPrefixes = broadcastPrefixes
    }

    /// For how long what was learned counts, from when a question was sent that has been answered since.
    public var trust: TimeSpan { self.heartbeat + self.timeout }

    /// `CLIENT TRACKING ON` with announcements to the client `id`. Never `NOLOOP`: what we write ourselves must be announced, too.
    func command(redirectingTo id: Int64) -> [[UInt8]] {
        var words = ["CLIENT", "TRACKING", "ON", "REDIRECT", String(id)].map { Array($0.utf8) }
        guard let broadcastPrefixes else { return words }
        words.append(Array("BCAST".utf8))
        for prefix in broadcastPrefixes { words += [Array("PREFIX".utf8), prefix] }
        return words
    }
}
