import Testing

@testable import RESPProxy

@Suite("For how long what was learned may be believed")
struct TrustLedgerTests {
    private static func ledger() -> TrustLedger {
        var ledger = TrustLedger(span: 3)
        ledger.feedAnswered(sent: 10)
        ledger.watchAnswered(sent: 10)
        return ledger
    }

    @Test("only feed and watch together are believed")
    func needed() {
        var ledger = TrustLedger(span: 3)
        #expect(ledger.trustedUntil == 0)
        ledger.feedAnswered(sent: 10)
        #expect(ledger.trustedUntil == 0)
        ledger.watchAnswered(sent: 11)
        #expect(ledger.trustedUntil == 13)
    }

    @Test("whoever answered longest ago decides, and an old answer takes nothing away")
    func oldest() {
        var ledger = Self.ledger()
        ledger.laneIsUp(0, now: 9)
        #expect(ledger.trustedUntil == 12)
        ledger.laneAnswered(0, sent: 20)
        #expect(ledger.trustedUntil == 13)
        ledger.feedAnswered(sent: 20)
        ledger.watchAnswered(sent: 15)
        ledger.watchAnswered(sent: 14)
        #expect(ledger.trustedUntil == 18)
    }

    @Test("a lane that is down does not count, and is not missed")
    func lanes() {
        var ledger = Self.ledger()
        ledger.laneAnswered(1, sent: 2)
        #expect(ledger.trustedUntil == 13)
        #expect(ledger.laneLost(1) == false)
        ledger.laneIsUp(1, now: 2)
        #expect(ledger.trustedUntil == 5)
        #expect(ledger.laneLost(1) == false, "nothing is kept of one that was never tracked")
        #expect(ledger.trustedUntil == 13)
    }

    @Test(
        "what a tracked lane brought is not to be kept once it is lost; the loss of the feed has seen to that already")
    func tracked() {
        var ledger = Self.ledger()
        ledger.laneIsUp(1, now: 2)
        ledger.laneIsTracked(1)
        #expect(ledger.laneLost(1) == true)
        #expect(ledger.laneLost(1) == false)
        ledger.laneIsTracked(1)
        ledger.feedLost()
        #expect(ledger.laneLost(1) == false)
    }

    @Test("without the feed nothing counts")
    func feedLost() {
        var ledger = Self.ledger()
        ledger.laneIsUp(0, now: 9)
        ledger.feedLost()
        #expect(ledger.trustedUntil == 0)
        ledger.feedAnswered(sent: 12)
        #expect(ledger.trustedUntil == 12, "the lane is still up")
    }
}
