import Testing

@testable import RESPProxy

@Suite("For how long what was learned may be believed")
struct TrustLedgerTests {
    private static func matcher() -> TrustLedger {
        var matcher = TrustLedger(span: 3)
        matcher.feedAnswered(sent: 10)
        matcher.watchAnswered(sent: 10)
        return matcher
    }

    @Test("only feed and watch together are believed")
    func needed() {
        var matcher = TrustLedger(span: 3)
        #expect(matcher.trustedUntil == 0)
        matcher.feedAnswered(sent: 10)
        #expect(matcher.trustedUntil == 0)
        matcher.watchAnswered(sent: 11)
        #expect(matcher.trustedUntil == 13)
    }

    @Test("whoever answered longest ago decides, and an old answer takes nothing away")
    func oldest() {
        var matcher = Self.matcher()
        matcher.laneIsUp(0, now: 9)
        #expect(matcher.trustedUntil == 12)
        matcher.laneAnswered(0, sent: 20)
        #expect(matcher.trustedUntil == 13)
        matcher.feedAnswered(sent: 20)
        matcher.watchAnswered(sent: 15)
        matcher.watchAnswered(sent: 14)
        #expect(matcher.trustedUntil == 18)
    }

    @Test("a lane that is down does not count, and is not missed")
    func lanes() {
        var matcher = Self.matcher()
        matcher.laneAnswered(1, sent: 2)
        #expect(matcher.trustedUntil == 13)
        #expect(matcher.laneLost(1) == false)
        matcher.laneIsUp(1, now: 2)
        #expect(matcher.trustedUntil == 5)
        #expect(matcher.laneLost(1) == false, "nothing is kept of one that was never tracked")
        #expect(matcher.trustedUntil == 13)
    }

    @Test(
        "what a tracked lane brought is not to be kept once it is lost; the loss of the feed has seen to that already")
    func tracked() {
        var matcher = Self.matcher()
        matcher.laneIsUp(1, now: 2)
        matcher.laneIsTracked(1)
        #expect(matcher.laneLost(1) == true)
        #expect(matcher.laneLost(1) == false)
        matcher.laneIsTracked(1)
        matcher.feedLost()
        #expect(matcher.laneLost(1) == false)
    }

    @Test("without the feed nothing counts")
    func feedLost() {
        var matcher = Self.matcher()
        matcher.laneIsUp(0, now: 9)
        matcher.feedLost()
        #expect(matcher.trustedUntil == 0)
        matcher.feedAnswered(sent: 12)
        #expect(matcher.trustedUntil == 12, "the lane is still up")
    }
}
