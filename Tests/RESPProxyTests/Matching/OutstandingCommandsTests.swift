import Testing

@testable import RESPProxy

@Suite("Commands whose replies have not ended")
struct OutstandingCommandsTests {
    private var commands = OutstandingCommands()

    private func command(_ change: StateChange, writes: WriteEffect = .none) -> OutstandingCommands.Command {
        .init(change: change, writes: writes, isBlocking: false, pins: false, started: 1)
    }

    @Test("how many change the session, and its user, is counted with them")
    mutating func counted() {
        for change in [.none, .select(database: 1), .authenticate(user: [])] as [StateChange] {
            commands.append(command(change))
        }
        #expect(commands.count == 3 && commands.changes == 2 && commands.authentications == 1)
        _ = commands.removeFirst()
        _ = commands.removeFirst()
        #expect(commands.count == 1 && commands.changes == 1 && commands.authentications == 1)
        #expect(commands.removeAll().count == 1)
        #expect(commands.isEmpty && commands.changes == 0 && commands.authentications == 0)
    }

    @Test("what the first writes is taken once")
    mutating func writes() {
        commands.append(command(.none, writes: .everything))
        #expect(commands.takeWritesOfFirst() == .everything)
        #expect(commands.takeWritesOfFirst() == .none)
        #expect(commands.count == 1)
    }

    @Test("confirmations are counted where their number is known")
    mutating func confirmations() {
        var subscription = command(.subscribe(.channel, count: 2))
        subscription.confirmations = 2
        commands.append(subscription)
        #expect(commands.confirmFirst() == false)
        #expect(commands.confirmFirst() == true)
        _ = commands.removeFirst()
        commands.append(command(.unsubscribe(.channel, count: nil)))
        #expect(commands.confirmFirst() == nil)
    }

    @Test("a transaction remembers what its EXEC brings about and does not show")
    func transaction() {
        var queued = QueuedTransaction()
        queued.add(command(.none))
        #expect(queued.count == 1 && !queued.changesState)
        queued.add(command(.pause(.end)))
        #expect(queued.pause == .end && !queued.changesState)
        queued.add(command(.subscribe(.channel, count: 1)))
        #expect(queued.subscribes && queued.changesState)
        var silencing = command(.replies(.off))
        silencing.isQueued = true
        silencing.lasting = .harmless
        queued.add(silencing)
        #expect(queued.silences && queued.lasting == .harmless && queued.count == 4)
    }
}
