import Testing

@testable import RESPProxy

@Suite("How long a client that is held up waits for replies")
struct ReplyPatienceTests {
    private var patience = ReplyPatience()
    private let before = ReplyPatience.Progress(outstanding: 1, received: 10)

    @Test("while nothing waits the client is read, and nobody looks")
    func nothing() {
        #expect(patience.mayRead(waitingBytes: 0))
    }

    @Test("a second without a reply is enough; with one, it begins anew")
    mutating func silence() {
        patience.turnEnded(isCommandWaiting: true)
        #expect(patience.watch(before) == true)
        #expect(patience.watch(before) == false, "one look at a time")
        #expect(patience.look(.init(outstanding: 1, received: 11), isHeldUp: true) == false, "something has come")
        #expect(patience.watch(before) == true)
        #expect(patience.look(before, isHeldUp: true) == true)
    }

    @Test("who is not held up any more by then has nothing to give up")
    mutating func notHeldUp() {
        patience.turnEnded(isCommandWaiting: true)
        #expect(patience.watch(before) == true)
        patience.turnEnded(isCommandWaiting: false)
        #expect(patience.look(before, isHeldUp: false) == false)
        #expect(patience.watch(before) == true)
    }

    @Test("behind a command that has waited for that long more is read, up to a limit, until it waits no more")
    mutating func readAhead() {
        patience.turnEnded(isCommandWaiting: true)
        #expect(!patience.mayRead(waitingBytes: 0))
        _ = patience.watch(before)
        #expect(patience.look(before, isHeldUp: true) == true)
        patience.turnEnded(isCommandWaiting: true)
        #expect(patience.mayRead(waitingBytes: 0))
        #expect(!patience.mayRead(waitingBytes: ReplyPatience.readAheadLimit))
        patience.turnEnded(isCommandWaiting: false)
        patience.turnEnded(isCommandWaiting: true)
        #expect(!patience.mayRead(waitingBytes: 0), "that is another command")
    }
}
