import TestSupport
import Testing

@Suite("counters through planned failovers", .blocking, .notOverTLS("SentinelTLSTests are"))
struct FailoverCounterTests {
    /// Writers of one kind, and what becomes of what they count.
    private struct Writers: CustomStringConvertible {
        let isProxied: Bool
        /// They wait for all replicas behind each command, so that they know what cannot be lost.
        let waits: Bool

        var description: String {
            (isProxied ? "through the proxy" : "straight") + (waits ? ", with WAIT 2" : "")
        }
    }

    /// What one writer has seen of its key.
    private struct Count {
        /// Commands that were sent.
        var sent = 0
        /// Those of which nobody knows whether they were done.
        var unknown = 0
        /// Those that were answered.
        var done = 0
        /// What all replicas had confirmed.
        var confirmed = 0
        var confirmations = 0
    }

    /// What straight writers lose is what replication loses; it is printed beside what is lost through the proxy.
    @Test("one writer for each key: none is counted twice, and none is lost that all replicas had confirmed")
    func counters() throws {
        let redis = try SentinelRedis(SentinelGroup())
        let stop = Flag()
        let kinds = [(true, true), (true, false), (false, true), (false, false)].map(Writers.init)
        let writers = (0..<8).map { index in
            let kind = kinds[index / 2]
            return BackgroundWork { try Self.count("counter\(index)", kind, redis, until: stop) }
        }
        for _ in 0..<3 {
            try redis.group.settle()
            pause(.milliseconds(300))
            try redis.group.failOver()
        }
        try redis.group.settle()
        pause(.milliseconds(300))
        stop.set()
        let primary = try redis.group.primary()
        for (index, writer) in writers.enumerated() {
            let count = try writer.wait()
            let kind = kinds[index / 2]
            let value = Int(try primary.command("GET", "counter\(index)").string ?? "") ?? 0
            print(
                "counter \(kind): \(count.sent) sent, \(count.done) answered, \(count.unknown) unknown, \(value) counted, so at least"
                    + " \(max(0, count.done - value)) lost; \(count.confirmations) confirmed by WAIT 2, the last at \(count.confirmed)"
            )
            #expect(value <= count.done + count.unknown, "\(kind): none is counted twice")
            #expect(value >= count.confirmed, "\(kind): none is lost that WAIT 2 had confirmed")
            if kind.waits { #expect(count.confirmations > 10) }
            #expect(try redis.client().command("GET", "counter\(index)") == .text("\(value)"))
        }
    }

    private static func count(_ key: String, _ kind: Writers, _ redis: SentinelRedis, until stop: Flag) throws -> Count
    {
        func connect() throws -> HiredisClient {
            kind.isProxied ? try redis.client() : try redis.group.clientOfPrimary()
        }
        var count = Count()
        var client = try connect()
        while !stop.isSet {
            count.sent += 1
            do {
                switch try client.command("INCR", key) {
                case .integer(let value):
                    count.done += 1
                    #expect(Int(value) <= count.done + count.unknown, "\(key): none is counted twice")
                    #expect(Int(value) > count.confirmed, "\(key): none is lost that was confirmed")
                    if kind.waits, try client.command("WAIT", "2", "50") == .integer(2) {
                        count.confirmed = Int(value)
                        count.confirmations += 1
                    }
                case .error(let text):
                    // Refused by a server that is no primary any more, or by the proxy for want of one: it was not done.
                    if !text.hasPrefix("MASTERDOWN ") && !text.hasPrefix("READONLY ") { count.unknown += 1 }
                    pause(.milliseconds(2))
                    if !kind.isProxied { client = try connect() }
                case let reply: Issue.record("\(reply)")
                }
            } catch {
                // Closed: that may have been done or not.
                count.unknown += 1
                client = try connect()
            }
        }
        return count
    }
}

extension SentinelGroup {
    /// A client of the primary, found as clients without a proxy find it: by what a Sentinel says and then the server itself.
    fileprivate func clientOfPrimary() throws -> HiredisClient {
        var found: HiredisClient?
        try eventually(within: .seconds(60), "a primary that says so") {
            guard let client = try? self.primary().client(),
                (try? client.command("ROLE"))?.elements.first == .text("master")
            else { return false }
            found = client
            return true
        }
        guard let found else { throw TestSupportError("no primary") }
        return found
    }
}
