import Testing

@testable import RESPProxy

@Suite("Which barriers stand, and who waits for one")
struct BarrierLedgerTests {
    private typealias Ledger = BarrierLedger<String>

    /// The feed and two lanes have answered what was sent at 10.
    private static func matcher() -> Ledger {
        var matcher = Ledger(span: 30)
        matcher.trust.feedAnswered(sent: 10)
        matcher.trust.laneIsUp(0, now: 10)
        matcher.trust.laneIsUp(1, now: 10)
        return matcher
    }

    private static func question(_ since: UInt64, feed: Bool = true, lanes: [Int]) -> Ledger.Question {
        Ledger.Question(since: since, asksFeed: feed, lanes: lanes)
    }

    @Test("one stands as of the time of whoever answered longest ago")
    func newest() {
        var matcher = Self.matcher()
        matcher.trust.feedAnswered(sent: 20)
        matcher.trust.laneAnswered(0, sent: 15)
        matcher.trust.laneAnswered(1, sent: 12)
        matcher.trust.laneAnswered(1, sent: 11)
        matcher.trust.laneAnswered(2, sent: 1)
        #expect(matcher.newest == 12)
        _ = matcher.trust.laneLost(1)
        #expect(matcher.newest == 15)
        matcher.trust.feedLost()
        #expect(matcher.newest == 0)
    }

    @Test("whoever has not answered anything later is asked, all at once; the last one's answer ends the wait")
    func asks() {
        var matcher = Self.matcher()
        matcher.trust.laneAnswered(1, sent: 13)
        let (stands, question) = matcher.wait(since: 12, "a")
        #expect(!stands)
        #expect(question == Self.question(12, lanes: [0]))
        matcher.trust.laneAnswered(0, sent: 14)
        #expect(matcher.settle().released == [])
        matcher.trust.feedAnswered(sent: 14)
        let outcome = matcher.settle()
        #expect(outcome.released == ["a"])
        #expect(outcome.question == nil)
        #expect(matcher.wait(since: 12, "b").stands)
        #expect(!matcher.wait(since: 13, "c").stands)
    }

    @Test("one round serves all who came before it; who comes meanwhile gets the next one")
    func rounds() {
        var matcher = Self.matcher()
        #expect(matcher.wait(since: 20, "a").question == Self.question(20, lanes: [0, 1]))
        #expect(matcher.wait(since: 18, "b") == (false, nil))
        #expect(matcher.wait(since: 22, "c") == (false, nil))
        matcher.trust.laneAnswered(0, sent: 21)
        matcher.trust.laneAnswered(1, sent: 21)
        matcher.trust.feedAnswered(sent: 23)
        let outcome = matcher.settle()
        #expect(outcome.released == ["a", "b"])
        #expect(outcome.question == Self.question(22, feed: false, lanes: [0, 1]))
        matcher.trust.laneAnswered(0, sent: 24)
        matcher.trust.laneAnswered(1, sent: 24)
        #expect(matcher.settle().released == ["c"])
    }

    @Test("an answer to something sent at the same moment is none")
    func sameTime() {
        var matcher = Self.matcher()
        _ = matcher.wait(since: 20, "a")
        for lane in 0...1 { matcher.trust.laneAnswered(lane, sent: 20) }
        matcher.trust.feedAnswered(sent: 20)
        let outcome = matcher.settle()
        #expect(outcome.released == [])
        #expect(outcome.question == nil, "those who were asked ask again by themselves")
    }

    @Test("a lane that is lost is not waited for, and one that comes needs to prove nothing for what was before")
    func lanes() {
        var matcher = Self.matcher()
        _ = matcher.wait(since: 20, "a")
        matcher.trust.feedAnswered(sent: 21)
        matcher.trust.laneAnswered(0, sent: 21)
        _ = matcher.trust.laneLost(1)
        matcher.trust.laneIsUp(2, now: 22)
        #expect(matcher.settle().released == ["a"])
        #expect(matcher.newest == 21)
    }

    @Test("without the feed nobody waits, as nothing is cached")
    func feedLost() {
        var matcher = Self.matcher()
        _ = matcher.wait(since: 20, "a")
        matcher.trust.feedLost()
        #expect(matcher.settle().released == ["a"])
        #expect(matcher.wait(since: 30, "b").stands)
        matcher.trust.feedAnswered(sent: 25)
        #expect(
            matcher.wait(since: 30, "c").question == Self.question(30, lanes: [0, 1]),
            "what they read may still be joined")
    }

    @Test("who waits for as long as the cache may go on answering without being confirmed is let go")
    func inVain() {
        var matcher = Self.matcher()
        #expect(matcher.nextDeadline == nil)
        _ = matcher.wait(since: 20, "a")
        _ = matcher.wait(since: 25, "b")
        #expect(matcher.nextDeadline == 50)
        #expect(matcher.timePassed(now: 49) == [])
        #expect(matcher.timePassed(now: 50) == ["a"])
        #expect(matcher.nextDeadline == 55)
        #expect(matcher.takeAll() == ["b"])
        #expect(matcher.nextDeadline == nil)
    }
}
