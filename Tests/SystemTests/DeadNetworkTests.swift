import Foundation
import TestSupport
import Testing

@Suite(
    "a network that swallows everything", .blocking,
    .enabled(if: FarNetwork.isPossible, "only root can make a network, and only where it may"))
struct DeadNetworkTests {
    @Test("clients that wait for the server are closed after twice REDIS_TCP_KEEPALIVE")
    func server() throws {
        let network = try FarNetwork()
        let redis = try network.start(
            "redis-server", "--bind", network.far, "--port", "6379", "--save", "", "--protected-mode", "no")
        try eventually("redis-server answers") {
            String(decoding: redis.output, as: UTF8.self).contains("eady to accept")
        }
        // Nothing else may notice it before.
        let proxy = try ProxyProcess(environment: [
            "REDIS_HOST": network.far, "REDIS_PORT": "6379", "REDIS_TCP_KEEPALIVE": "2",
            "REDIS_COMMAND_TIMEOUT": "3600",
        ])
        let subscriber = try proxy.connection(limit: .seconds(60))
        try subscriber.send("SUBSCRIBE c\r\n")
        _ = try subscriber.receiveReply()
        let blocked = try proxy.connection(limit: .seconds(60))
        try blocked.send("BRPOP q 0\r\n")
        let named = try proxy.connection(limit: .seconds(60))
        try #require(try named.roundTrip("CLIENT", "SETNAME", "x") == "+OK\r\n")
        try network.swallow()
        let start = ContinuousClock.now
        // What is sent now is not acknowledged, which keep-alive does not count.
        try named.send("CLIENT GETNAME\r\n")
        for connection in [subscriber, blocked, named] { _ = try connection.receiveToEnd() }
        #expect(ContinuousClock.now - start < .seconds(30), "the kernel's own limits are 15 minutes and 2 hours")
        withExtendedLifetime(redis) {}
    }

    @Test("a client that is silent for ever is given up after twice TCP_KEEPALIVE")
    func client() throws {
        let network = try FarNetwork()
        let server = try RedisServer()
        let admin = try freePort()
        let proxy = try ProxyProcess(
            fronting: server,
            environment: [
                "PROXY_HOST": "0.0.0.0", "PROTECTED_MODE": "off", "TCP_KEEPALIVE": "2", "ADMIN_PORT": "\(admin)",
            ])
        func clients() throws -> Int {
            let page = try HTTPClient(port: admin).get("/metrics").text
            return page.contains("redis_proxy_connections{protocol=\"resp\"} 1\n") ? 1 : 0
        }
        let target = try TLSRun.redisArguments(port: proxy.port)
        let subscriber = try network.start("redis-cli", ["-h", network.near] + target + ["SUBSCRIBE", "c"])
        try eventually("it has subscribed") { String(decoding: subscriber.output, as: UTF8.self).contains("subscribe") }
        try eventually("one client") { try clients() == 1 }
        try network.swallow()
        try eventually(within: .seconds(120), "it is gone") { try clients() == 0 }
    }
}
