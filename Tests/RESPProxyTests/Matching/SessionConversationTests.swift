import TestSupport
import Testing

@testable import RESPProxy

@Suite("a session's states, by the server's replies")
struct SessionConversationTests {
    private let table: CommandTable
    private let access = CacheAccess(database: 0, fillUser: nil, trustsClients: false)
    private var ledger = RelayLedger()

    init() throws {
        table = try .ofRedis7()
    }

    @Test("it stands as it should after each reply", arguments: SessionConversation.all)
    mutating func standing(conversation: SessionConversation) {
        for step in conversation.steps {
            let router = CommandRouter(table: table, access: access)
            let command = router.describe(CommandView(line: step.command), announcesChanges: false)
            _ = ledger.forwarded(command, now: 1)
            let isKept = !ledger.receive(step.reply).isPassedOn
            ledger.prove()
            #expect(isKept == (step.beginning == ""), "\(step.command): whether the client sees the reply")
            #expect(stands(step.standing), "\(step.command): \(ledger.state)")
        }
    }

    private func stands(_ standing: SessionConversation.Standing) -> Bool {
        let isServed = ledger.state.mayBeAnsweredFromCache(access: access)
        return switch standing {
        case .shares: ledger.isClean && isServed
        case .served: !ledger.isClean && isServed
        case .relayed, .listens: !ledger.isClean && !isServed
        case .queues: ledger.state.inTransaction && !isServed
        case .closed: ledger.isEmpty
        }
    }
}
