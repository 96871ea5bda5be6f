import HTTPFacade
import Logging
import NIOPosix
import RESPProxy
import Testing

@testable import RedisProxy

@Suite("Other settings while the proxy runs")
struct SettingsChangeTests {
    @Test("limits of clients and the settings of each event loop are those that were said last")
    func everything() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let group = MultiThreadedEventLoopGroup.singleton
        let atStart = try Settings()
        let httpLimiter = HTTPLimiter(maxClients: atStart.clients.maxClients, logger: logger)
        let loops = try await ProxyLoops.make(
            on: [group.next(), group.next()], configuration: atStart.proxyConfiguration(tls: nil), logger: logger,
            httpSide: HTTPWiring(settings: atStart, logger: logger).maker(httpLimiter)
        ).get()
        let connectionLimit = ConnectionLimit(maximum: atStart.clients.maxConnections)
        let change = SettingsChange(
            loops: loops, connectionLimit: connectionLimit, httpLimiter: httpLimiter, logger: logger)

        let later = try Settings(environment: [
            "MAX_CLIENTS": "3", "CACHE_CAPACITY": "7", "CACHE_PREFIXES": "a:", "PROTECTED_MODE": "off",
            "CLIENT_IDLE_TIMEOUT": "9", "CACHE_NEGATIVE_EXPIRY_TIME": "0", "TCP_KEEPALIVE": "0",
        ])
        try await change.apply(later, maxConnections: 5).get()
        #expect(connectionLimit.maximum == 5)
        #expect(httpLimiter.maxClients == 3)
        let live = try await loops.collect { $0.live }.get()
        #expect(live.allSatisfy { $0 == later.liveSettings } && !live.isEmpty)
        #expect(later.liveSettings != atStart.liveSettings)
    }
}
