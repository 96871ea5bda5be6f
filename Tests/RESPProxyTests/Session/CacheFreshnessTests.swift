import LocalCache
import Testing
import Time

@testable import RESPProxy

@Suite("How new the cache must be for a session")
struct CacheFreshnessTests {
    private var freshness = CacheFreshness()

    /// Whether the cache may answer, where a barrier has been answered that was sent after `barrier`.
    private func mayAnswer(barrier: Instant, of server: ServerID = .first) -> Bool {
        freshness.isProven(of: server) { barrier >= $0 }
    }

    @Test("nothing was relayed: it may answer at once; behind a relayed reply only once a later barrier is answered")
    mutating func relayed() {
        #expect(mayAnswer(barrier: 0))
        freshness.relayed(at: 10)
        #expect(!mayAnswer(barrier: 9))
        #expect(mayAnswer(barrier: 10))
        freshness.barrierAnswered(since: 10, by: .first)
        #expect(mayAnswer(barrier: 0), "it is known from then on")
        freshness.relayed(at: 11)
        #expect(!mayAnswer(barrier: 0))
    }

    @Test("an earlier time does not make it less")
    mutating func earlier() {
        freshness.relayed(at: 10)
        freshness.relayed(at: 5)
        #expect(freshness.lastRelayed == 10)
        freshness.barrierAnswered(since: 10, by: .first)
        freshness.barrierAnswered(since: 5, by: .first)
        #expect(mayAnswer(barrier: 0))
    }

    @Test("a barrier of one server says nothing of another's keys; behind nothing relayed no barrier is needed of any")
    mutating func servers() {
        let other = ServerID(number: 1)
        #expect(mayAnswer(barrier: 0) && mayAnswer(barrier: 0, of: other))
        freshness.relayed(at: 10)
        freshness.barrierAnswered(since: 12, by: .first)
        #expect(mayAnswer(barrier: 0) && !mayAnswer(barrier: 9, of: other))
        freshness.barrierAnswered(since: 10, by: other)
        #expect(mayAnswer(barrier: 0, of: other))
        #expect(!mayAnswer(barrier: 9), "only the last is kept; the server itself is asked whether it has answered")
    }

    @Test("one barrier is asked for at a time")
    mutating func once() {
        freshness.relayed(at: 10)
        #expect(freshness.awaitBarrier() == true)
        #expect(freshness.awaitBarrier() == false)
        freshness.awaitedBarrierAnswered(since: 10, by: .first)
        #expect(mayAnswer(barrier: 0))
        #expect(freshness.awaitBarrier() == true)
    }

    @Test("a read of several keys waits for a barrier once, and then asks the server")
    mutating func several() {
        #expect(freshness.mayWaitForSeveral() == true)
        #expect(freshness.mayWaitForSeveral() == false)
        #expect(freshness.mayWaitForSeveral() == true, "that is another read")
        freshness.severalAreRead()
        #expect(freshness.mayWaitForSeveral() == true)
    }
}
