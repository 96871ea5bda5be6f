import Foundation
import TestSupport
import Testing

@Suite("the guarantee holds for every read of a history of many clients", .blocking)
struct HistoryTests {
    /// `SOAK_SECONDS`: for how long episodes are played; without, one is.
    private static let soak = ProcessInfo.processInfo.environment["SOAK_SECONDS"].flatMap { Int($0) }

    @Test("while connections are killed and the server restarts", .timeLimit(.minutes(24 * 60)))
    func history() throws { try Self.play(on: TrackedRedis().redis) }

    @Test(
        "in front of a primary that Sentinel keeps, while others take its place", .timeLimit(.minutes(24 * 60)),
        .notOverTLS("SentinelTLSTests are"))
    func sentinel() throws { try Self.play(on: SentinelRedis(SentinelGroup(), ["CACHE_COHERENCE": "tracking"])) }

    private static func play(on ground: some HistoryGround) throws {
        var generator = SeededGenerator("history")
        let started = ContinuousClock.now
        var totals = Totals()
        repeat {
            totals.episodes += 1
            totals.faults += ground.faults.count { if case .none = $0 { false } else { true } }
            let episode = HistoryEpisode(
                ground, number: totals.episodes, seed: generator.next(), faults: ground.faults.count)
            let history = try episode.play()
            var checker = HistoryChecker(history, bound: HistoryEpisode.bound)
            checker.check()
            totals.add(history, checker)
            print("history: \(totals)")
            for violation in checker.violations { Issue.record("\(violation)") }
            if checker.violationCount > 0 { break }
        } while ContinuousClock.now - started < .seconds(Self.soak ?? 0)
        #expect(totals.reads > 1_000)
        #expect(totals.writes > 100)
    }

    private struct Totals: CustomStringConvertible {
        var episodes = 0
        var faults = 0
        var reads = 0
        var writes = 0
        var violations = 0
        var lags: [UInt64] = []
        var longest: UInt64 = 0

        mutating func add(_ history: History, _ checker: HistoryChecker) {
            self.reads += checker.checked
            self.writes += history.writes.values.reduce(0) { $0 + $1.count }
            self.violations += checker.violationCount
            self.lags = checker.lags.sorted()
            self.longest = max(self.longest, self.lags.last ?? 0)
        }

        var description: String {
            let lag = [50, 99].map { percent in
                let value = self.lags.isEmpty ? 0 : self.lags[(self.lags.count - 1) * percent / 100]
                return "\(Double(value) / 1e6) ms (\(percent) %)"
            }
            return """
                \(self.episodes) episodes, \(self.faults) kills, restarts and failovers, \
                \(self.writes) writes, \(self.reads) reads checked, \
                \(self.violations) violations; overwritten values read in the last episode: \(self.lags.count), \
                by \(lag.joined(separator: ", ")), the longest of all \(Double(self.longest) / 1e6) ms
                """
        }
    }
}
