import Testing

@testable import LocalCache

@Suite("Against a model")
struct ModelTests {
    static let overhead = LocalCache<Int, Int>.entryOverhead

    static let configurations = [
        CacheConfiguration(capacity: 3, expiry: nil, memoryLimit: 1 << 20),
        CacheConfiguration(capacity: 20, expiry: 400, memoryLimit: 1 << 20),
        CacheConfiguration(capacity: 1000, expiry: 2000, memoryLimit: 12 * (overhead + 40)),
        CacheConfiguration(capacity: 60, expiry: nil, memoryLimit: 1 << 20),
        CacheConfiguration(capacity: 0, expiry: nil, memoryLimit: 1 << 20),
    ]

    @Test("any sequence of operations gives what the naive model gives", arguments: 0..<configurations.count)
    func randomOperations(number: Int) {
        let seed = UInt64.random(in: .min ... .max)
        var run = ModelRun(configuration: Self.configurations[number], seed: seed)
        for step in 0..<50_000 {
            if let difference = run.step() {
                Issue.record("seed \(seed), configuration \(number), step \(step): \(difference)")
                return
            }
        }
        // The run did what it is for.
        let statistics = run.model.statistics
        #expect(statistics.misses > 1000, "seed \(seed)")
        if number > 0, number < 4 {
            #expect(statistics.hits > 1000 && statistics.coalesced > 100 && statistics.voided > 100, "seed \(seed)")
            #expect(statistics.invalidated > 100 && run.waits > 100, "seed \(seed)")
        }
    }
}
