import Testing

@testable import RESPProxy

@Suite("What is heard of several servers together")
struct CoherenceStatisticsTests {
    @Test("counts are added up, and changes are noticed as they are where that is done worst")
    func sum() {
        var one = CoherenceStatistics()
        one.mode = .tracking
        one.announcedKeys = 1
        one.announcedFlushes = 2
        one.barriers = 3
        one.feeds = 4
        one.unannounced = 5
        #expect(CoherenceStatistics(of: [one]) == one)
        var other = one
        other.mode = .expiry
        let sum = CoherenceStatistics(of: [one, other])
        #expect(sum.mode == .expiry && CoherenceStatistics(of: [other, one]).mode == .expiry)
        #expect(sum.announcedKeys == 2 && sum.announcedFlushes == 4 && sum.barriers == 6)
        #expect(sum.feeds == 8 && sum.unannounced == 10)
        other.mode = .none
        #expect(CoherenceStatistics(of: [one, other]).mode == .none)
        #expect(CoherenceStatistics(of: []).mode == .none)
    }
}
