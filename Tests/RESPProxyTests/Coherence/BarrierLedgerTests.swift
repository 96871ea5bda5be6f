import LocalCache
import Testing
import Time

@testable import RESPProxy

@Suite("Which barriers stand, and who waits for one")
struct BarrierLedgerTests {
    private typealias Ledger = BarrierLedger<String>

    /// The feed and two lanes have answered what was sent at 10.
    private static func ledger() -> Ledger {
        var ledger = Ledger(span: 30)
        ledger.trust.feedAnswered(sent: 10)
        ledger.trust.laneIsUp(0, now: 10)
        ledger.trust.laneIsUp(1, now: 10)
        return ledger
    }

    private static func question(_ since: Instant, feed: Bool = true, lanes: [LaneID]) -> Ledger.Question {
        Ledger.Question(since: since, asksFeed: feed, lanes: lanes)
    }

    @Test("one stands as of the time of whoever answered longest ago")
    func newest() {
        var ledger = Self.ledger()
        ledger.trust.feedAnswered(sent: 20)
        ledger.trust.laneAnswered(0, sent: 15)
        ledger.trust.laneAnswered(1, sent: 12)
        ledger.trust.laneAnswered(1, sent: 11)
        ledger.trust.laneAnswered(2, sent: 1)
        #expect(ledger.newest == 12)
        _ = ledger.trust.laneLost(1)
        #expect(ledger.newest == 15)
        ledger.trust.feedLost()
        #expect(ledger.newest == 0)
    }

    @Test("whoever has not answered anything later is asked, all at once; the last one's answer ends the wait")
    func asks() {
        var ledger = Self.ledger()
        ledger.trust.laneAnswered(1, sent: 13)
        #expect(ledger.wait(since: 12, "a") == true)
        #expect(ledger.ask() == Self.question(12, lanes: [0]))
        ledger.trust.laneAnswered(0, sent: 14)
        #expect(ledger.release() == [])
        ledger.trust.feedAnswered(sent: 14)
        #expect(ledger.release() == ["a"])
        #expect(ledger.wait(since: 12, "b") == false)
        #expect(ledger.wait(since: 13, "c") == true)
    }

    @Test("one round serves all who came before it; who comes while it is under way is asked for at once")
    func rounds() {
        var ledger = Self.ledger()
        #expect(ledger.wait(since: 20, "a") == true)
        #expect(ledger.wait(since: 18, "b") == true)
        #expect(ledger.ask() == Self.question(20, lanes: [0, 1]))
        #expect(ledger.wait(since: 19, "c") == true)
        #expect(ledger.ask() == nil, "what is under way will do")
        #expect(ledger.wait(since: 22, "d") == true)
        #expect(ledger.ask() == Self.question(22, lanes: [0, 1]))
        ledger.trust.laneAnswered(0, sent: 21)
        ledger.trust.laneAnswered(1, sent: 21)
        ledger.trust.feedAnswered(sent: 23)
        #expect(ledger.release() == ["a", "b", "c"])
        #expect(ledger.ask() == nil)
        ledger.trust.laneAnswered(0, sent: 24)
        ledger.trust.laneAnswered(1, sent: 24)
        #expect(ledger.release() == ["d"])
    }

    @Test("an answer to something sent at the same moment is none")
    func sameTime() {
        var ledger = Self.ledger()
        _ = ledger.wait(since: 20, "a")
        _ = ledger.ask()
        for lane: LaneID in [0, 1] { ledger.trust.laneAnswered(lane, sent: 20) }
        ledger.trust.feedAnswered(sent: 20)
        #expect(ledger.release() == [])
        #expect(ledger.ask() == nil, "those who were asked ask again by themselves")
    }

    @Test("a lane that is lost is not waited for, and one that comes needs to prove nothing for what was before")
    func lanes() {
        var ledger = Self.ledger()
        _ = ledger.wait(since: 20, "a")
        ledger.trust.feedAnswered(sent: 21)
        ledger.trust.laneAnswered(0, sent: 21)
        _ = ledger.trust.laneLost(1)
        ledger.trust.laneIsUp(2, now: 22)
        #expect(ledger.release() == ["a"])
        #expect(ledger.newest == 21)
    }

    @Test("without the feed nobody waits, as nothing is cached")
    func feedLost() {
        var ledger = Self.ledger()
        _ = ledger.wait(since: 20, "a")
        ledger.trust.feedLost()
        #expect(ledger.release() == ["a"])
        #expect(ledger.wait(since: 30, "b") == false)
        ledger.trust.feedAnswered(sent: 25)
        #expect(ledger.wait(since: 30, "c") == true)
        #expect(ledger.ask() == Self.question(30, lanes: [0, 1]), "what they read may still be joined")
    }

    @Test("who waits for as long as the cache may go on answering without being confirmed is let go")
    func inVain() {
        var ledger = Self.ledger()
        #expect(ledger.nextDeadline == nil)
        _ = ledger.wait(since: 20, "a")
        _ = ledger.wait(since: 25, "b")
        #expect(ledger.nextDeadline == 50)
        #expect(ledger.timePassed(now: 49) == [])
        #expect(ledger.timePassed(now: 50) == ["a"])
        #expect(ledger.nextDeadline == 55)
        #expect(ledger.takeAll() == ["b"])
        #expect(ledger.nextDeadline == nil)
    }
}
