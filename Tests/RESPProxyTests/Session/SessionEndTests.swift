import NIOCore
import Testing

@testable import RESPProxy

@Suite("How far a session has come to its end")
struct SessionEndTests {
    private var end = SessionEnd()

    @Test("a proxy that stops reads no more; that is no end of the client's")
    mutating func stopping() {
        end.stopReading()
        #expect(end.inputHasEnded && !end.clientHasEnded && !end.needsDeparture)
    }

    @Test("once the client has ended its side somebody looks after what is left, once")
    mutating func departure() {
        #expect(!end.needsDeparture)
        end.clientEnded()
        #expect(end.inputHasEnded && end.needsDeparture)
        end.beginDeparture(Departure.Standing(), timeout: .seconds(5))
        #expect(!end.needsDeparture)
        #expect(end.look(Departure.Standing()) != nil)
    }

    @Test("a session that has closed is looked after until nothing is left; then there is nothing to look at")
    mutating func closed() {
        end.close()
        #expect(end.isClosed && end.needsDeparture)
        _ = end.release(isGone: true)
        #expect(end.isReleased && !end.needsDeparture)
        var standing = Departure.Standing()
        standing.isGone = true
        #expect(end.look(standing) == nil)
    }

    @Test("it is counted among those without a client once, and only while it goes on")
    mutating func left() {
        #expect(end.leave() == true)
        #expect(end.leave() == false)
        #expect(end.release(isGone: true) == true)
        #expect(end.release(isGone: true) == false)
        #expect(end.leave() == false, "nothing is left of it")
    }
}
