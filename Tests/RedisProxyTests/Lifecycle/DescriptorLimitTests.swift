import Testing

@testable import RedisProxy

@Suite struct DescriptorLimitTests {
    /// The descriptors that 100 clients need with one thread.
    private let needed: UInt64 = 2 * 100

    /// What fitting 100 clients into `limit` gives, and which limits it tries to set.
    private func fit(
        _ limit: DescriptorLimit, permitted: (DescriptorLimit) -> Bool
    ) throws -> (DescriptorLimit.Outcome, tried: [DescriptorLimit]) {
        var tried: [DescriptorLimit] = []
        let outcome = try limit.fit(maxConnections: 100, threads: 1) { wanted in
            tried.append(wanted)
            return permitted(wanted)
        }
        return (outcome, tried)
    }

    @Test("a limit that suffices is left alone")
    func suffices() throws {
        let (outcome, tried) = try fit(DescriptorLimit(soft: needed, hard: needed)) { _ in false }
        #expect(outcome == .init(maxConnections: 100, limit: needed))
        #expect(tried.isEmpty)
    }

    @Test("the soft limit is raised to what is needed, the hard limit left alone")
    func raisesSoft() throws {
        let (outcome, tried) = try fit(DescriptorLimit(soft: 100, hard: 5000)) { $0.hard <= 5000 }
        #expect(outcome == .init(maxConnections: 100, limit: needed))
        #expect(tried == [DescriptorLimit(soft: needed, hard: 5000)])
    }

    @Test("the hard limit is raised too, where that is permitted")
    func raisesHard() throws {
        let (outcome, _) = try fit(DescriptorLimit(soft: 100, hard: 150)) { _ in true }
        #expect(outcome == .init(maxConnections: 100, limit: needed))
    }

    @Test("where the hard limit is too low and stays, the number of clients is lowered to fit it")
    func lowers() throws {
        let (outcome, tried) = try fit(DescriptorLimit(soft: 100, hard: 150)) { $0.hard <= 150 }
        #expect(outcome == .init(maxConnections: 150 / 2, limit: 150))
        #expect(tried.last == DescriptorLimit(soft: 150, hard: 150))
    }

    @Test("where nothing can be raised, the number of clients is lowered to fit the soft limit")
    func lowersToSoft() throws {
        let (outcome, _) = try fit(DescriptorLimit(soft: 50, hard: 300)) { _ in false }
        #expect(outcome == .init(maxConnections: 50 - 28, limit: 50))
    }

    @Test("an unlimited hard limit overflows nothing")
    func unlimited() throws {
        let (outcome, tried) = try fit(DescriptorLimit(soft: 1, hard: .max)) { _ in true }
        #expect(outcome == .init(maxConnections: 100, limit: needed))
        #expect(tried == [DescriptorLimit(soft: needed, hard: .max)])
    }

    @Test("a limit without room for one client is an error that says how much is needed")
    func noRoom() {
        #expect {
            try fit(DescriptorLimit(soft: 20, hard: 28)) { _ in false }
        } throws: { error in
            "\(error)"
                == "the limit of 20 open descriptors leaves no room for clients, at least 29 are needed"
                + " (ulimit -n, LimitNOFILE)"
        }
    }

    @Test("the process' own limit can be read")
    func current() throws {
        let limit = try DescriptorLimit.current()
        #expect(limit.soft > 0)
        #expect(limit.soft <= limit.hard)
    }
}
