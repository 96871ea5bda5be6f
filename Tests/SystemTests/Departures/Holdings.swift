import Foundation
import TestSupport

/// What clients that are gone could have left behind.
struct Holdings: Equatable, CustomStringConvertible {
    /// The proxy's open descriptors.
    var descriptors: Int
    /// RESP clients that the proxy counts, and sessions without one.
    var sessions: Int
    /// Connections that the server has, whoever they belong to.
    var serverConnections: Int

    /// Whether nothing is held that was not before.
    func isWithin(_ other: Holdings) -> Bool {
        descriptors <= other.descriptors && sessions <= other.sessions && serverConnections <= other.serverConnections
    }

    var description: String {
        "\(descriptors) descriptors, \(sessions) sessions, \(serverConnections) connections of the server"
    }
}

/// Looks at what a proxy and its server hold, on connections of its own that stand all the time.
final class HoldingsReader {
    private let proxy: ProxyProcess
    private let admin: RawConnection
    private let server: RawConnection

    /// - Parameter adminPort: The proxy's.
    init(_ redis: ProxiedRedis, adminPort: Int) throws {
        proxy = redis.proxy
        admin = try RawConnection(port: adminPort)
        server = try redis.straight()
        if let password = redis.server.password { _ = try server.roundTrip("AUTH", password) }
    }

    /// The proxy alone: of a server that does not answer.
    func ofProxy() throws -> Holdings {
        let page = try admin.httpGet("/metrics").text.split(separator: "\n")
        let sessions = page.filter {
            $0.hasPrefix("redis_proxy_connections{protocol=\"resp\"}")
                || $0.hasPrefix("redis_proxy_sessions_without_client ")
                || $0.hasPrefix("redis_proxy_connections{protocol=\"undetermined\"}")
        }
        let count = sessions.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
        return Holdings(descriptors: proxy.descriptors, sessions: count, serverConnections: 0)
    }

    func now() throws -> Holdings {
        var holdings = try ofProxy()
        holdings.serverConnections = try list().split(separator: "\n").count - 1
        return holdings
    }

    /// What the server says of its clients.
    func list() throws -> String { try server.roundTrip("CLIENT", "LIST") }

    /// What is held while nobody is served and nothing is kept for some seconds that might be of use: the least of some looks, as now and then the proxy asks something on a connection of its own.
    func atRest(_ look: (HoldingsReader) throws -> Holdings) throws -> Holdings {
        var least = try look(self)
        var unchanged = 0
        while unchanged < 90 {
            pause(.milliseconds(50))
            let holdings = try look(self)
            if holdings.isWithin(least), holdings != least {
                least = holdings
                unchanged = 0
            } else {
                unchanged += 1
            }
        }
        return least
    }
}
