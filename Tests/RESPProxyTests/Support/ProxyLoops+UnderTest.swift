import BackingClient
import LocalCache
import Logging
import NIOCore
import NIOEmbedded
import TestSupport
import Time

@testable import RESPProxy

extension ProxyConfiguration {
    /// A small cache in front of servers that are the test; a heartbeat so long that no test runs into it.
    static var underTest: ProxyConfiguration {
        let backing = BackingConfiguration(
            address: .tcp(host: "localhost", port: 6379), wrapsInTransaction: false,
            tracking: TrackingConfiguration(heartbeat: .seconds(30)))
        return ProxyConfiguration(
            backing: backing, coherence: .tracking,
            live: LiveSettings(
                cache: CacheConfiguration(capacity: 10, expiry: nil, memoryLimit: 1 << 20), protectedMode: false))
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension OpenedChannels {
    /// Opens no sockets, but these.
    func connector(_ configuration: BackingConfiguration) -> BackingConnector {
        BackingConnector(configuration: configuration, generator: { SteadyGenerator(state: 1) }) {
            [self] eventLoop, initializer in open(on: eventLoop, initializer)
        }
    }
}

extension ProxyLoops {
    /// The invalidation feed of a server stands, whose `run_id` is `abc`, and the event loop's lane is to be tracked by it.
    func feedStands(of server: ServerID, for loop: ProxyLoop) {
        let feed = FeedIdentity(redirectID: 7, runID: Array("abc".utf8), generation: 1)
        coherence(of: server).feedIsUp(feed, sent: MonotonicClock.now())
        coherence(of: server).watchAnswered(sent: MonotonicClock.now())
        loop.nodes[server].feedChanged(to: feed)
    }
}

extension EmbeddedChannel {
    /// What has been sent on it since the last look, without line ends.
    func takeSent() throws -> String {
        var text = ""
        while let bytes = try readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text.replacing("\r\n", with: " ")
    }
}
