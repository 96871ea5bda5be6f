import Foundation
import TestSupport
import Testing

@Suite("links to the server that go silent", .blocking)
struct SilentLinkTests {
    /// Clients that wait for something, each as it is after its first commands.
    private func waitingClients(of proxy: ProxyProcess) throws -> [(name: String, connection: RawConnection)] {
        try [
            ("SUBSCRIBE", ["SUBSCRIBE c"]), ("SUBSCRIBE in RESP3", ["HELLO 3", "SUBSCRIBE c"]),
            ("a name", ["CLIENT SETNAME x"]),
            ("MULTI", ["MULTI"]), ("MONITOR", ["MONITOR"]),
        ].map { name, commands in
            let connection = try proxy.connection(limit: .seconds(60))
            for command in commands {
                try connection.send(command + "\r\n")
                _ = try connection.receiveReply()
            }
            return (name, connection)
        }
    }

    private func blocked(_ proxy: ProxyProcess, on server: RedisServer) throws -> RawConnection {
        let connection = try proxy.connection(limit: .seconds(60))
        try connection.send("BRPOP q 0\r\n")
        try eventually("it is blocked") { try server.info("blocked_clients") == "1" }
        return connection
    }

    @Test(
        "where old connections are dead and new ones live, clients that wait are closed, and new ones served",
        arguments: ["auto", "expiry"])
    func forgotten(coherence: String) throws {
        let server = try RedisServer()
        let relay = try FaultyRelay(to: server, .none)
        let proxy = try ProxyProcess(
            fronting: server,
            environment: [
                "REDIS_PORT": "\(relay.port)", "CACHE_COHERENCE": coherence, "REDIS_COMMAND_TIMEOUT": "1",
                "THREADS": "1",
            ])
        try withExtendedLifetime(relay) {
            let clients = try self.waitingClients(of: proxy)
            let blocked = try self.blocked(proxy, on: server)
            // One that can be asked, and was alive when all of them stood.
            let named = try proxy.connection(limit: .seconds(60))
            try #require(try named.roundTrip("CLIENT", "SETNAME", "y") == "+OK\r\n")
            relay.forgetStanding()
            for (name, connection) in clients + [("BRPOP", blocked), ("another name", named)] {
                // A client in MONITOR may still be told what the proxy asks for.
                #expect(throws: Never.self, "\(name)") { _ = try connection.receiveToEnd() }
            }
            try eventually("a new client is served") {
                try proxy.client().command("SET", "k", "v") == .status("OK")
            }
            try eventually("it says so") { proxy.log.contains("have gone silent while new ones are answered") }
        }
    }

    @Test("a server that stands still for longer than its time-outs costs nobody his connection")
    func stalled() throws {
        let server = try RedisServer()
        let proxy = try ProxyProcess(fronting: server, environment: ["REDIS_COMMAND_TIMEOUT": "1", "THREADS": "1"])
        let subscriber = try proxy.connection(limit: .seconds(60))
        try subscriber.send("SUBSCRIBE c\r\n")
        _ = try subscriber.receiveReply()
        let named = try proxy.connection(limit: .seconds(60))
        try named.send("CLIENT SETNAME me\r\n")
        _ = try named.receiveReply()
        let blocked = try self.blocked(proxy, on: server)
        try server.freeze()
        try eventually("the proxy has noticed") { proxy.log.contains("did not answer within") }
        server.thaw()
        try eventually("it is back") { proxy.log.contains("is reachable") }
        // As long as it takes to find the dead, and more.
        #expect(try subscriber.staysSilent(for: .seconds(8)))
        #expect(try named.roundTrip("CLIENT", "GETNAME") == "$2\r\nme\r\n")
        try server.command("PUBLISH", "c", "m")
        #expect(try subscriber.receiveReply() == Array("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n".utf8))
        try server.command("LPUSH", "q", "job")
        #expect(try blocked.receiveReply() == Array("*2\r\n$1\r\nq\r\n$3\r\njob\r\n".utf8))
    }

    @Test("keep-alive is set on both sides, to what the options say")
    func keepAlive() throws {
        let server = try RedisServer()
        let proxy = try ProxyProcess(
            fronting: server, environment: ["TCP_KEEPALIVE": "3000", "REDIS_TCP_KEEPALIVE": "200"])
        let client = try proxy.connection()
        #expect(try client.roundTrip("CLIENT", "SETNAME", "x") == "+OK\r\n")
        func timers(_ filter: String) throws -> [String] {
            let result = try run("ss", ["-tno", "state", "established", filter])
            return result.output.split(separator: "\n").dropFirst().map { String($0) }
        }
        // Over TLS something of its own may be on the way still, for which another timer runs.
        try eventually("the clients' timers") {
            let clients = try timers("sport = :\(proxy.port)")
            return !clients.isEmpty
                && clients.allSatisfy { $0.contains("timer:(keepalive,49min") || $0.contains("timer:(keepalive,50min") }
        }
        let links = try timers("dport = :\(server.backingPort)")
        // Those of the look at the server, once a second, are on their way out.
        #expect(links.contains { $0.contains("timer:(keepalive,3min") }, "\(links)")
        #expect(!links.contains { $0.contains("min") && !$0.contains("timer:(keepalive,3min") }, "\(links)")
    }
}
