import Synchronization
import TestSupport
import Testing

@Suite("counters through planned failovers", .blocking, .notOverTLS("SentinelTLSTests are"))
struct FailoverCounterTests {
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
        var errors: Set<String> = []
    }

    @Test("one writer for each key: none is counted twice, and none is lost that all replicas had confirmed")
    func counters() throws {
        let redis = try SentinelRedis(SentinelGroup())
        let stop = Flag()
        let writers = (0..<4).map { index in
            BackgroundWork { try Self.count("counter\(index)", redis, until: stop) }
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
        var summary: [String] = []
        for (index, writer) in writers.enumerated() {
            let count = try writer.wait()
            let value = Int(try primary.command("GET", "counter\(index)").string ?? "") ?? 0
            summary.append(
                "\(value) of \(count.sent) sent, \(count.done) answered, \(count.unknown) unknown, \(count.confirmations) confirmed by WAIT 2"
            )
            #expect(value <= count.done + count.unknown, "none is counted twice")
            #expect(value >= count.confirmed, "none is lost that WAIT 2 had confirmed")
            #expect(count.confirmations > 10)
            #expect(try redis.client().command("GET", "counter\(index)") == .text("\(value)"))
        }
        print("counters through three failovers: \(summary)")
    }

    private static func count(_ key: String, _ redis: SentinelRedis, until stop: Flag) throws -> Count {
        var count = Count()
        var client = try redis.client()
        while !stop.isSet {
            count.sent += 1
            do {
                let reply = try client.command("INCR", key)
                switch reply {
                case .integer(let value):
                    count.done += 1
                    #expect(Int(value) <= count.done + count.unknown, "\(key): none is counted twice")
                    #expect(Int(value) > count.confirmed, "\(key): none is lost that was confirmed")
                    if try client.command("WAIT", "2", "50") == .integer(2) {
                        count.confirmed = Int(value)
                        count.confirmations += 1
                    }
                case .error(let text):
                    // Refused by a server that is no primary any more, or by the proxy for want of one: it was not done.
                    if !text.hasPrefix("MASTERDOWN ") && !text.hasPrefix("READONLY ") { count.unknown += 1 }
                    count.errors.insert(text)
                    pause(.milliseconds(2))
                default: Issue.record("\(reply)")
                }
            } catch {
                // Closed: that may have been done or not.
                count.unknown += 1
                client = try redis.client()
            }
        }
        return count
    }
}
