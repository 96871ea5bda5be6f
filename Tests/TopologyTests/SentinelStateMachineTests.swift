import BackingClient
import TestSupport
import Testing
import Time

@testable import Topology

private let second = TimeSpan.seconds(1)

private func address(_ number: Int) -> BackingAddress { .tcp(host: "s\(number)", port: 26379) }
private func server(_ number: Int) -> BackingAddress { .tcp(host: "r\(number)", port: 6379) }
private let lost = BackingError(code: .unavailable, message: Array("ERR redis-proxy: gone".utf8))

/// A machine that is told things, and what it then wants done.
private struct Player {
    var machine: SentinelStateMachine
    var now = Instant.seconds(1)

    init(sentinels: Int = 3) {
        machine = SentinelStateMachine(sentinels: (0..<sentinels).map(address), heartbeat: second)
        _ = machine.start(now: now)
    }

    /// A Sentinel is heard, and answers.
    mutating func hear(
        _ number: Int, names primary: Int, epoch: UInt64, others: [Int] = []
    ) -> [SentinelStateMachine.Action] {
        _ = machine.subscriptionIsUp(to: address(number))
        return answer(number, names: primary, epoch: epoch, others: others)
    }

    mutating func answer(
        _ number: Int, names primary: Int, epoch: UInt64, others: [Int] = []
    ) -> [SentinelStateMachine.Action] {
        machine.answered(
            .success(.primary(address: server(primary), epoch: epoch, others: others.map(address))),
            by: address(number),
            now: now)
    }

    /// All three name it, and it says that it is one.
    mutating func follow(_ primary: Int, epoch: UInt64) {
        for number in 0..<3 { _ = hear(number, names: primary, epoch: epoch) }
        let actions = machine.hasRole(.primary, attempt: machine.attemptUnderWay)
        #expect(actions.contains(.follow(Primary(address: server(primary), epoch: epoch))))
        #expect(machine.isFollowing)
    }

    mutating func pass(seconds: Int64) -> [SentinelStateMachine.Action] {
        now = now + .seconds(seconds)
        return machine.timePassed(now: now)
    }
}

extension [SentinelStateMachine.Action] {
    /// The servers that are asked for their roles.
    fileprivate var roleQuestions: [BackingAddress] {
        compactMap { if case .askRole(let address, _, _) = $0 { address } else { nil } }
    }
    fileprivate var questions: [BackingAddress] {
        compactMap { if case .ask(let address) = $0 { address } else { nil } }
    }
    fileprivate var absences: [Absence] { compactMap { if case .leave(let absence) = $0 { absence } else { nil } } }
}

@Suite("which server is the primary, by what Sentinels and servers say")
struct SentinelStateMachineTests {
    // MARK: Asking

    @Test("a Sentinel is asked only once nothing that it announces is missed")
    func subscribedBeforeAsked() {
        var machine = SentinelStateMachine(sentinels: [address(0), address(1)], heartbeat: second)
        #expect(machine.start(now: .seconds(1)) == [.subscribe(address(0)), .subscribe(address(1))])
        #expect(machine.timePassed(now: .seconds(10)).questions.isEmpty)
        #expect(machine.subscriptionIsUp(to: address(1)) == [.ask(address(1))])
    }

    @Test("what one announces has all asked, and the server, too; what is under way is asked again behind its answer")
    func announced() {
        var player = Player()
        player.follow(1, epoch: 1)
        let event = SentinelEvent(channel: "+switch-master", text: "mymaster r1 6379 r2 6379")
        let actions = player.machine.announced(event, by: address(2), now: player.now)
        #expect(actions.questions == [address(0), address(1), address(2)])
        #expect(actions.roleQuestions == [server(1)])
        #expect(player.machine.announced(event, by: address(1), now: player.now) == [])
        #expect(player.answer(0, names: 1, epoch: 1).questions == [address(0)])
        #expect(
            player.machine.hasRole(.primary, attempt: player.machine.attemptUnderWay).roleQuestions == [server(1)])
    }

    @Test("all are asked in each heartbeat, and so is the server; who has not answered yet is not asked twice")
    func heartbeat() {
        var player = Player()
        player.follow(1, epoch: 1)
        var actions = player.pass(seconds: 1)
        #expect(actions.questions == [address(0), address(1), address(2)])
        #expect(actions.roleQuestions == [server(1)])
        _ = player.answer(1, names: 1, epoch: 1)
        actions = player.pass(seconds: 1)
        #expect(actions.questions == [address(1)])
        #expect(actions.roleQuestions == [])
    }

    @Test("a server that is doubted is asked, and so are all Sentinels")
    func doubted() {
        var player = Player()
        player.follow(1, epoch: 1)
        let actions = player.machine.doubted()
        #expect(actions.questions.count == 3)
        #expect(actions.roleQuestions == [server(1)])
    }

    // MARK: Whom to believe

    @Test("at first most are waited for: who answers first may be cut off")
    func notTheFirst() {
        var player = Player()
        #expect(player.hear(0, names: 1, epoch: 4).roleQuestions == [])
        #expect(player.hear(1, names: 2, epoch: 5).roleQuestions == [server(2)])
        #expect(player.machine.primary == Primary(address: server(2), epoch: 5))
    }

    @Test("those that do not answer are waited for no longer than a second")
    func patience() {
        var player = Player()
        #expect(player.hear(0, names: 1, epoch: 4).roleQuestions == [])
        #expect(player.pass(seconds: 1).roleQuestions == [server(1)])
    }

    @Test("those that have failed are not waited for")
    func failedOnes() {
        var player = Player()
        _ = player.machine.subscriptionIsDown(to: address(1), error: lost, now: player.now)
        _ = player.machine.subscriptionIsDown(to: address(2), error: lost, now: player.now)
        #expect(player.hear(0, names: 1, epoch: 4).roleQuestions == [server(1)])
    }

    @Test("a newer epoch is believed at once, whoever says it, and an older one is not, however many say it")
    func epochs() {
        var player = Player()
        player.follow(1, epoch: 1)
        let actions = player.answer(2, names: 2, epoch: 2)
        #expect(actions.absences == [.unproven(server(2))])
        #expect(actions.roleQuestions == [server(2)])
        _ = player.machine.hasRole(.primary, attempt: player.machine.attemptUnderWay)
        #expect(player.answer(0, names: 1, epoch: 1) == [])
        #expect(player.answer(1, names: 1, epoch: 1) == [])
        #expect(player.machine.primary == Primary(address: server(2), epoch: 2))
    }

    @Test("the newest news stays known when the one that brought it is gone")
    func newsOutlivesItsSource() {
        var player = Player()
        player.follow(1, epoch: 1)
        _ = player.answer(2, names: 2, epoch: 2)
        _ = player.machine.hasRole(.primary, attempt: player.machine.attemptUnderWay)
        #expect(player.machine.subscriptionIsDown(to: address(2), error: lost, now: player.now) == [])
        _ = player.pass(seconds: 1)
        #expect(player.answer(0, names: 1, epoch: 1) == [])
        #expect(player.machine.isFollowing)
        #expect(player.machine.primary == Primary(address: server(2), epoch: 2))
    }

    @Test("a newer epoch for the same server changes nothing for those who use it")
    func sameServer() {
        var player = Player()
        player.follow(1, epoch: 1)
        #expect(player.answer(2, names: 1, epoch: 3) == [])
        #expect(player.machine.primary == Primary(address: server(1), epoch: 3))
    }

    @Test("where most go on for ten seconds about something older, they have been made to begin anew")
    func reset() {
        var player = Player()
        player.follow(1, epoch: 5)
        for number in 0..<3 { #expect(player.answer(number, names: 2, epoch: 0) == []) }
        #expect(player.pass(seconds: 9).roleQuestions.contains(server(2)) == false)
        #expect(player.pass(seconds: 1).roleQuestions.contains(server(2)))
        #expect(player.machine.primary == Primary(address: server(2), epoch: 0))
    }

    @Test("a minority that goes on about something older is not believed, ever")
    func minority() {
        var player = Player()
        player.follow(1, epoch: 5)
        _ = player.machine.subscriptionIsDown(to: address(0), error: lost, now: player.now)
        _ = player.machine.subscriptionIsDown(to: address(1), error: lost, now: player.now)
        _ = player.answer(2, names: 2, epoch: 4)
        for _ in 0..<60 { #expect(!player.pass(seconds: 1).roleQuestions.contains(server(2))) }
    }

    // MARK: What the server says

    @Test("an address that is announced before its server is promoted is asked until it says that it is the primary")
    func announcedTooEarly() {
        var player = Player()
        player.follow(1, epoch: 1)
        _ = player.answer(0, names: 2, epoch: 2)
        let attempt = player.machine.attemptUnderWay
        let actions = player.machine.hasRole(.replica, attempt: attempt)
        #expect(actions.absences == [.hasRole(server(2), .replica)])
        #expect(actions.contains(.askRole(server(2), attempt: attempt + 1, delay: SentinelStateMachine.roleInterval)))
        #expect(player.machine.hasRole(.primary, attempt: attempt) == [], "that answer is old")
        #expect(
            player.machine.hasRole(.primary, attempt: attempt + 1)
                == [.follow(Primary(address: server(2), epoch: 2))])
    }

    @Test("one that is followed and says that it is a replica is left at once, and the Sentinels are asked")
    func demoted() {
        var player = Player()
        player.follow(1, epoch: 1)
        _ = player.pass(seconds: 1)
        for number in 0..<3 { _ = player.answer(number, names: 1, epoch: 1) }
        let actions = player.machine.hasRole(.replica, attempt: player.machine.attemptUnderWay)
        #expect(actions.absences == [.hasRole(server(1), .replica)])
        #expect(actions.questions.count == 3)
        #expect(!player.machine.isFollowing)
        #expect(
            player.machine.hasRole(.primary, attempt: player.machine.attemptUnderWay)
                == [.follow(Primary(address: server(1), epoch: 1))], "it is one again")
    }

    @Test("what a server says alone makes no other the primary: an old one that says master stays left")
    func roleAloneDecidesNothing() {
        var player = Player()
        player.follow(1, epoch: 1)
        _ = player.pass(seconds: 1)
        let old = player.machine.attemptUnderWay
        _ = player.answer(0, names: 2, epoch: 2)
        #expect(player.machine.hasRole(.primary, attempt: old) == [])
        #expect(!player.machine.isFollowing)
    }

    @Test("one that is followed and does not answer is kept: it may be busy, and nobody else is named")
    func silent() {
        var player = Player()
        player.follow(1, epoch: 1)
        _ = player.pass(seconds: 1)
        #expect(player.machine.roleIsUnknown(lost, attempt: player.machine.attemptUnderWay) == [])
        #expect(player.machine.isFollowing)
        #expect(player.pass(seconds: 1).roleQuestions == [server(1)])
    }

    @Test("one that is named and cannot be reached: that is why there is none, and it is asked again")
    func unreachable() {
        var player = Player()
        for number in 0..<2 { _ = player.hear(number, names: 1, epoch: 1) }
        let actions = player.machine.roleIsUnknown(lost, attempt: player.machine.attemptUnderWay)
        #expect(actions.absences == [.unanswered(server(1), lost)])
        #expect(actions.roleQuestions == [server(1)])
        #expect("\(actions.absences[0])".contains("REDIS_ADDRESS_MAP"))
    }

    // MARK: Which Sentinels there are

    @Test("those that others know are listened to as well, up to a limit, and forgotten when nobody knows them")
    func learned() {
        var player = Player(sentinels: 1)
        #expect(
            player.hear(0, names: 1, epoch: 1, others: [1, 2]).contains(.subscribe(address(2))))
        #expect(player.machine.count.known == 3)
        _ = player.hear(1, names: 1, epoch: 1, others: [0])
        #expect(player.machine.subscriptionIsDown(to: address(2), error: lost, now: player.now) == [])
        #expect(player.answer(0, names: 1, epoch: 1, others: [1]).contains(.unsubscribe(address(2))))
        _ = player.machine.subscriptionIsDown(to: address(0), error: lost, now: player.now)
        #expect(player.machine.count.known == 2, "one that is configured is never forgotten")
        _ = player.answer(1, names: 1, epoch: 1, others: Array(10..<200))
        #expect(player.machine.count.known == SentinelAnswer.mostSentinels)
    }

    @Test("a primary that is known stays when no Sentinel is heard any more")
    func allGone() {
        var player = Player()
        player.follow(1, epoch: 1)
        for number in 0..<3 {
            #expect(player.machine.subscriptionIsDown(to: address(number), error: lost, now: player.now) == [])
        }
        #expect(player.pass(seconds: 60).roleQuestions == [server(1)])
        #expect(player.machine.isFollowing)
    }

    // MARK: Why there is none

    @Test("no Sentinel answers, none knows the name, or it is none: each is told with its option")
    func absences() {
        var player = Player()
        for number in 0..<2 { _ = player.machine.subscriptionIsDown(to: address(number), error: lost, now: player.now) }
        let none = player.machine.subscriptionIsDown(to: address(2), error: lost, now: player.now)
        #expect(none == [.leave(.noSentinel(lost))])
        #expect("\(none.absences[0])" == "none of the Sentinels (REDIS_SENTINELS) answers: gone")

        _ = player.machine.subscriptionIsUp(to: address(0))
        let unknown = player.machine.answered(.success(.unknownName), by: address(0), now: player.now)
        #expect(unknown == [.leave(.unknownName)])
        #expect("\(unknown.absences[0])".contains("REDIS_SENTINEL_MASTER"))

        var other = Player(sentinels: 1)
        _ = other.machine.subscriptionIsUp(to: address(0))
        let stranger = other.machine.answered(.success(.notSentinel), by: address(0), now: other.now)
        #expect(stranger == [.leave(.notSentinel(address(0)))])
        #expect("\(stranger.absences[0])".contains("REDIS_SENTINELS"))
    }

    @Test("one Sentinel that knows nothing of the name does not stand in the way of those that do")
    func oneKnowsNothing() {
        var player = Player()
        _ = player.machine.subscriptionIsUp(to: address(0))
        #expect(player.machine.answered(.success(.unknownName), by: address(0), now: player.now) == [])
        _ = player.hear(1, names: 1, epoch: 1)
        #expect(player.hear(2, names: 1, epoch: 1).roleQuestions == [server(1)])
        #expect(player.machine.primary == Primary(address: server(1), epoch: 1))
    }
}
