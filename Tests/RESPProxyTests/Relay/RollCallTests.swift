import Testing
import Time

@testable import RESPProxy

@Suite struct RollCallTests {
    private typealias Attendance = RollCall.Attendance

    private func answered(_ opened: Instant) -> Attendance {
        Attendance(opened: opened, heardBefore: opened, wasAsked: true, wasHeard: true)
    }

    private func silent(_ opened: Instant, heardBefore: Instant? = nil) -> Attendance {
        Attendance(opened: opened, heardBefore: heardBefore ?? opened, wasAsked: true, wasHeard: false)
    }

    private func waiting(_ opened: Instant) -> Attendance {
        Attendance(opened: opened, heardBefore: opened, wasAsked: false, wasHeard: false)
    }

    private func talking(_ opened: Instant) -> Attendance {
        Attendance(opened: opened, heardBefore: opened, wasAsked: false, wasHeard: true)
    }

    @Test("one that was asked and is silent is dead, whatever the others do")
    func asked() {
        #expect(RollCall.isDead([silent(1)]) == [true])
        #expect(RollCall.isDead([silent(2), answered(1), talking(1)]) == [true, false, false])
    }

    @Test("one that could not be asked is dead where one was asked and is silent that was alive when it stood")
    func unaskable() {
        #expect(RollCall.isDead([waiting(1), silent(2), waiting(2)]) == [true, true, true])
        #expect(
            RollCall.isDead([waiting(3), silent(1, heardBefore: 3)]) == [true, true], "it is older, but was heard")
        #expect(RollCall.isDead([waiting(1)]) == [false], "nobody could be asked")
        #expect(RollCall.isDead([waiting(3), silent(2)]) == [false, true], "it came to stand later")
    }

    @Test("unless one of those times was heard: then it was not all of them")
    func someAreHeard() {
        #expect(RollCall.isDead([waiting(1), silent(3), answered(2)]) == [false, true, false])
        #expect(RollCall.isDead([waiting(1), silent(3), talking(3)]) == [false, true, false])
        let closedSince = Attendance(opened: 2, heardBefore: 2, wasAsked: true, wasHeard: true, hasEnded: true)
        #expect(RollCall.isDead([waiting(1), silent(3), closedSince]) == [false, true, false])
        #expect(RollCall.isDead([waiting(1), silent(3), answered(4), talking(5)]) == [true, true, false, false])
    }

    @Test("one that the server has closed says nothing: it may have closed no other")
    func ended() {
        let closed = Attendance(opened: 2, heardBefore: 2, wasAsked: true, wasHeard: false, hasEnded: true)
        #expect(RollCall.isDead([waiting(1), closed]) == [false, false])
    }
}
