import Testing

@testable import RESPProxy

@Suite("how long a session goes on for a client that has ended its side")
struct DepartureTests {
    private var standing = Departure.Standing()

    /// What is said at each of so many looks, a second apart.
    private func looks(
        _ count: Int, timeout: Int64 = 10, _ change: (inout Departure.Standing, Int) -> Void = { _, _ in }
    )
        -> [Departure.Verdict]
    {
        var standing = standing
        var departure = Departure(standing, timeout: timeout)
        return (1...count).map { look in
            change(&standing, look)
            let verdict = departure.look(standing)
            if verdict == .passEndOn { standing.isEndPassedOn = true }
            return verdict
        }
    }

    @Test("no reply for a second: the end is passed on, once")
    mutating func passesEndOn() {
        standing.hasOwnConnection = true
        standing.progress.outstanding = 1
        #expect(looks(5) == [.passEndOn, .wait, .wait, .wait, .wait])
    }

    @Test("while replies come it is not passed on")
    mutating func replies() {
        standing.hasOwnConnection = true
        standing.progress.outstanding = 9
        #expect(looks(3) { standing, _ in standing.progress.outstanding -= 1 } == [.wait, .wait, .wait])
        #expect(looks(3) { standing, _ in standing.progress.received += 1 } == [.wait, .wait, .wait], "of a large one")
    }

    @Test("messages are no replies")
    mutating func messages() {
        standing.hasOwnConnection = true
        standing.isListening = true
        #expect(looks(1) { standing, _ in standing.progress.received += 1 } == [.passEndOn])
    }

    @Test("a server that does not end its side either is given up, sooner where the client is gone for certain")
    mutating func cut() {
        standing.hasOwnConnection = true
        standing.isEndPassedOn = true
        #expect(looks(5, timeout: 5) == [.wait, .wait, .wait, .wait, .cut])
        standing.isGone = true
        #expect(looks(2) == [.wait, .cut])
        #expect(looks(3) { standing, _ in standing.progress.received += 1 } == [.wait, .wait, .wait], "it is at work")
    }

    @Test("commands that the server has not taken yet are kept for as long as it may be silent")
    mutating func unsent() {
        standing.isGone = true
        standing.hasOwnConnection = true
        standing.hasUnsent = true
        standing.progress.unsent = 1_000
        #expect(looks(4, timeout: 4) == [.wait, .wait, .wait, .cut])
        #expect(looks(9, timeout: 4) { standing, _ in standing.progress.unsent -= 1 }.allSatisfy { $0 == .wait })
    }

    @Test("a client that has ended its side and takes nothing is given up")
    mutating func untaken() {
        standing.hasOwnConnection = true
        standing.progress.untaken = 5
        #expect(looks(2) == [.wait, .cut])
        #expect(looks(3) { standing, _ in standing.progress.untaken += 1 } == [.wait, .wait, .wait])
        standing.isListening = true
        #expect(
            looks(2) { standing, _ in standing.progress.untaken += 1 } == [.wait, .cut], "more messages are no progress"
        )
    }

    @Test("on a shared connection there is no end to pass on; it is waited for as long as the server may be silent")
    mutating func shared() {
        #expect(looks(3, timeout: 3) == [.wait, .wait, .cut])
    }

    @Test("a short time-out leaves the time that everybody is given")
    mutating func shortTimeout() {
        #expect(looks(2, timeout: 0) == [.wait, .cut])
    }
}
