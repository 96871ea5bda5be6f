import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("a primary that Sentinel keeps is followed", .blocking, .notOverTLS("SentinelTLSTests are"))
struct FailoverTests {
    @Test("a planned failover: another primary's data, from the cache, too; state is closed, all else goes on")
    func planned() throws {
        let redis = try SentinelRedis(SentinelGroup())
        let client = try redis.client()
        #expect(try client.command("SET", "k", "old") == .status("OK"))
        try redis.cache("k")
        let stateful = try redis.proxy.connection()
        #expect(try stateful.roundTrip("MULTI") == "+OK\r\n")
        let subscriber = try redis.proxy.connection()
        _ = try subscriber.roundTrip("SUBSCRIBE", "c")
        let old = redis.group.servers[0]
        try old.command("WAIT", "2", "5000")
        let primary = try redis.group.failOver()
        #expect(primary !== old)
        try primary.command("SET", "k", "new")
        // The old one is there still, and says that it is a master.
        try redis.expectSoon("k", "new")
        #expect(try stateful.receiveToEnd().bytes.isEmpty, "its transaction is lost, so it is closed")
        #expect(try subscriber.receiveToEnd().bytes.isEmpty, "its subscription is lost, so it is closed")
        // Its other commands may have had nobody to go to for a moment; the connection is the same.
        try eventually("a session without state goes on") { try client.command("SET", "k", "newer") == .status("OK") }
        #expect(try primary.command("GET", "k") == .text("newer"))
        #expect(
            redis.proxy.log.contains(
                "the primary of mymaster is 127.0.0.1:\(primary.port) now, and was 127.0.0.1:\(old.port)"))
    }

    @Test("the primary dies: errors at once, each for its reason, and then the next primary, within a second")
    func death() throws {
        let redis = try SentinelRedis(SentinelGroup())
        #expect(try redis.client().command("SET", "k", "old") == .status("OK"))
        try redis.cache("k")
        let old = try redis.group.primary()
        try old.command("WAIT", "2", "5000")
        let heard = Mutex<Set<String>>([])
        let stop = Flag()
        let reading = BackgroundWork {
            let client = try redis.client()
            while !stop.isSet {
                let began = ContinuousClock.now
                let replies = try [client.command("GET", "other"), client.command("INCR", "n")]
                #expect(ContinuousClock.now - began < .seconds(2), "errors come at once")
                heard.withLock { heard in
                    for case .error(let text) in replies { heard.insert(text) }
                }
                pause(.milliseconds(2))
            }
        }
        try old.kill()
        let primary = try redis.group.awaitAnother(than: old)
        try primary.command("SET", "k", "new")
        try redis.expectSoon("k", "new")
        stop.set()
        try reading.wait()
        let texts = heard.withLock { $0 }
        print("while the primary was dead: \(texts.sorted())")
        for text in texts {
            let isKnown = [
                "MASTERDOWN redis-proxy: ",
                "ERR redis-proxy: the connection to the backing Redis was lost before the reply",
                "ERR redis-proxy: the backing Redis",
            ].contains { text.hasPrefix($0) }
            #expect(isKnown, "\(text)")
        }
        #expect(texts.contains { $0.hasPrefix("MASTERDOWN ") })
        // It comes back as what it was, until a Sentinel has made it a replica; nobody here asks it anything.
        try old.restart()
        for _ in 0..<20 {
            #expect(try redis.client().command("GET", "k") == .text("new"))
            pause(.milliseconds(50))
        }
    }

    /// The only one leads the failover itself, and announces another primary only once the replicas have been turned round: by the heartbeat,
    /// or by what it announces of the promotion, it is known before.
    @Test(
        "in service within a second after a Sentinel names a primary that says so itself",
        arguments: [(3, "1"), (1, "3600")])
    func timeToService(sentinels: Int, heartbeat: String) throws {
        let redis = try SentinelRedis(SentinelGroup(sentinels: sentinels), ["TRACKING_HEARTBEAT": heartbeat])
        let old = redis.group.servers[0]
        let sentinels = try redis.group.sentinels.map { try HiredisClient(port: $0.port) }
        let candidates = try redis.group.servers.dropFirst().map { ($0, try $0.client()) }
        let client = try redis.client()
        var named: ContinuousClock.Instant?
        var served: ContinuousClock.Instant?
        var number = 0
        try eventually(within: .seconds(60), "the proxy serves from the new primary") {
            redis.group.beginFailover(from: old)
            number += 1
            let reply = try client.command("SET", "proof", "\(number)")
            let now = ContinuousClock.now
            for (server, straight) in candidates {
                // Connections to a replica that is promoted are closed by Sentinel.
                let asked = (try? straight.command("GET", "proof")) ?? (try? server.command("GET", "proof"))
                let isMaster = (try? server.command("ROLE"))?.elements.first == .text("master")
                guard isMaster else { continue }
                let port = try sentinels.contains {
                    try $0.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SentinelGroup.name).elements.last
                        == .text("\(server.port)")
                }
                if port, named == nil { named = now }
                if reply == .status("OK"), asked == .text("\(number)") { served = now }
            }
            return served != nil
        }
        let delay = try #require(served) - (named ?? #require(served))
        print("in service \(delay) after it was named, with \(redis.group.sentinels.count) Sentinels")
        #expect(delay < .seconds(1))
    }

    @Test(
        "a primary that is made a replica by hand is left within a heartbeat, though nobody is killed, and taken again")
    func manualReplicaOf() throws {
        let redis = try SentinelRedis(SentinelGroup(downAfter: 60_000))
        let primary = redis.group.servers[0]
        #expect(try redis.client().command("SET", "k", "old") == .status("OK"))
        try redis.cache("k")
        let other = try RedisServer(arguments: ["--repl-diskless-sync-delay", "0"], overTLS: false)
        try other.command("SET", "k", "of the other")
        try primary.command("REPLICAOF", "127.0.0.1", "\(other.port)")
        let client = try redis.client()
        try eventually(within: .seconds(5), "there is no primary") {
            try client.command("GET", "k").isError(
                "MASTERDOWN redis-proxy: no primary of mymaster: 127.0.0.1:\(primary.port) has been named by Sentinels, but is a replica"
            )
        }
        try eventually("it has the other's data") { try primary.command("GET", "k") == .text("of the other") }
        try primary.command("REPLICAOF", "NO", "ONE")
        try redis.expectSoon("k", "of the other")
        try eventually("it says so") {
            redis.proxy.log.contains("the primary of mymaster is 127.0.0.1:\(primary.port) again")
        }
    }

    @Test(
        "READONLY from what was the primary has it asked anew at once, long before the next heartbeat",
        arguments: [false, true])
    func readOnly(isPinned: Bool) throws {
        let redis = try SentinelRedis(SentinelGroup(downAfter: 60_000), ["TRACKING_HEARTBEAT": "3600"])
        let primary = redis.group.servers[0]
        let client = try redis.client()
        if isPinned { #expect(try client.command("CLIENT", "SETNAME", "me") == .status("OK")) }
        #expect(try client.command("SET", "k", "v") == .status("OK"))
        let other = try RedisServer(overTLS: false)
        try primary.command("REPLICAOF", "127.0.0.1", "\(other.port)")
        #expect(try client.command("SET", "k", "w").isError("READONLY "))
        try eventually(within: .seconds(20), "there is no primary") {
            try redis.client().command("GET", "k").isError("MASTERDOWN ")
        }
    }

    @Test("one that comes back as a replica is left as soon as it is connected to, long before the next heartbeat")
    func returnsAsReplica() throws {
        let redis = try SentinelRedis(SentinelGroup(downAfter: 60_000), ["TRACKING_HEARTBEAT": "3600"])
        let primary = redis.group.servers[0]
        let other = try RedisServer(overTLS: false)
        // Nor does any Sentinel tell of it.
        for sentinel in redis.group.sentinels { try sentinel.freeze() }
        try primary.restart(arguments: ["--replicaof", "127.0.0.1", "\(other.port)"])
        try eventually("there is no primary") {
            try redis.client().command("GET", "k").isError(
                "MASTERDOWN redis-proxy: no primary of mymaster: 127.0.0.1:\(primary.port) has been named by Sentinels, but is a replica"
            )
        }
    }

    @Test("nothing of the one before is served for want of a better one, as CACHE_STALE_IF_ERROR has it for one server")
    func stale() throws {
        let redis = try SentinelRedis(SentinelGroup(downAfter: 60_000), ["CACHE_STALE_IF_ERROR": "3600"])
        let primary = redis.group.servers[0]
        #expect(try redis.client().command("SET", "k", "old") == .status("OK"))
        try redis.cache("k")
        let other = try RedisServer(overTLS: false)
        try primary.command("REPLICAOF", "127.0.0.1", "\(other.port)")
        let client = try redis.client()
        try eventually(within: .seconds(60), "there is no primary: \(redis.proxy.log)") {
            try client.command("GET", "none").isError("MASTERDOWN ")
        }
        #expect(try client.command("GET", "k").isError("MASTERDOWN "))
        #expect(try redis.proxy.http.get("/k").status == 503)
        // Where it is back, and lost again before anything was read of it, there is nothing to fall back on either.
        try primary.command("REPLICAOF", "NO", "ONE")
        try eventually("it is served again") { try client.command("SET", "proof", "x") == .status("OK") }
        try primary.kill()
        try eventually("it is away") { try client.command("GET", "none").isError("MASTERDOWN ") }
        #expect(try client.command("GET", "k").isError("MASTERDOWN "))
    }

    @Test("a primary that returns empty, before anybody counts it as down: nothing that it has forgotten is served")
    func returnsEmpty() throws {
        let redis = try SentinelRedis(SentinelGroup(downAfter: 60_000))
        let client = try redis.client()
        #expect(try client.command("SET", "k", "old") == .status("OK"))
        try redis.cache("k")
        let primary = redis.group.servers[0]
        try primary.restart(arguments: ["--replica-announce-ip", "127.0.0.1"])
        try eventually("it is asked: \(redis.proxy.log)") { try client.command("GET", "k") == .null }
        try eventually { try client.command("SET", "k", "new") == .status("OK") }
        #expect(try primary.command("GET", "k") == .text("new"))
    }

    @Test("named before it is promoted: errors that say so, and in service once it is")
    func announcedBeforePromoted() throws {
        let primary = try RedisServer(overTLS: false)
        let replica = try RedisServer(
            arguments: ["--replicaof", "127.0.0.1", "\(primary.port)", "--repl-diskless-sync-delay", "0"],
            overTLS: false)
        let sentinels = try (0..<3).map { _ in
            try SentinelServer(SentinelGroup.lines(host: "127.0.0.1", port: replica.port, quorum: 2, downAfter: 60_000))
        }
        let proxy = try ProxyProcess(
            environment: [
                "REDIS_SENTINELS": sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ","),
                "REDIS_SENTINEL_MASTER": SentinelGroup.name,
            ], overTLS: false)
        let client = try proxy.client()
        let reason =
            "MASTERDOWN redis-proxy: no primary of mymaster: 127.0.0.1:\(replica.port) has been named by Sentinels, but is a replica"
        try eventually("what stands in the way is said") { try client.command("SET", "k", "v").isError(reason) }
        for _ in 0..<100 {
            let began = ContinuousClock.now
            #expect(try client.command("GET", "k").isError(reason), "it is not used until it is promoted")
            #expect(try client.command("INCR", "n").isError(reason))
            #expect(ContinuousClock.now - began < .seconds(2), "errors come at once")
            pause(.milliseconds(10))
        }
        try replica.command("REPLICAOF", "NO", "ONE")
        let began = ContinuousClock.now
        try eventually("it serves") { try client.command("SET", "k", "v") == .status("OK") }
        #expect(ContinuousClock.now - began < .seconds(1))
        #expect(try replica.command("GET", "k") == .text("v"))
    }

    @Test("metrics and /readyz tell which primary, since when, and how often it was another")
    func told() throws {
        let port = try freePort()
        let admin = HTTPClient(port: port)
        let redis = try SentinelRedis(SentinelGroup(), ["ADMIN_PORT": "\(port)"])
        let old = redis.group.servers[0]
        let began = Int(Date().timeIntervalSince1970)
        #expect(try admin.metric("redis_proxy_topology_changes_total") == 0)
        let since = try #require(
            try admin.metric("redis_proxy_primary_since_seconds{address=\"127.0.0.1:\(old.port)\"}"))
        #expect(abs(since - began) < 120)
        try eventually { try admin.metric("redis_proxy_sentinels_up") == 3 }
        #expect(try admin.metric("redis_proxy_sentinels_known") == 3)
        try eventually { try admin.get("/readyz").text.contains(#""primary":"127.0.0.1:\#(old.port)""#) }
        let lines = redis.proxy.log.split(separator: "\n").count
        let primary = try redis.group.failOver()
        try eventually("the change is counted") { try admin.metric("redis_proxy_topology_changes_total") == 1 }
        #expect(try admin.metric("redis_proxy_primary_since_seconds{address=\"127.0.0.1:\(primary.port)\"}") != nil)
        #expect(try admin.metric("redis_proxy_primary_since_seconds{address=\"127.0.0.1:\(old.port)\"}") == nil)
        try eventually {
            let response = try admin.get("/readyz")
            return response.status == 200 && response.text.contains(#""primary":"127.0.0.1:\#(primary.port)""#)
        }
        let later = redis.proxy.log.split(separator: "\n").dropFirst(lines)
        let told = later.filter { !$0.contains("is reachable") }
        #expect(told.count == 1, "one line for the change: \(told)")
        for server in redis.group.servers { try server.command("REPLICAOF", "127.0.0.1", "1") }
        try eventually("none is ready") {
            let response = try admin.get("/readyz")
            return response.status == 503 && response.text.contains(#""primary":null"#)
        }
    }
}
