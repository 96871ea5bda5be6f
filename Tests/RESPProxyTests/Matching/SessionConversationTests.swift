import TestSupport
import Testing

@testable import RESPProxy

@Suite("a session's states, by the server's replies")
struct SessionConversationTests {
    private let table: CommandTable
    private let access = CacheAccess(database: 0, fillUser: nil, trustsClients: false)
    private var matcher = ReplyMatcher()

    init() throws {
        table = try .ofRedis7()
    }

    @Test("it stands as it should after each reply", arguments: SessionConversation.all)
    mutating func standing(conversation: SessionConversation) {
        for step in conversation.steps {
            let router = CommandRouter(table: table, access: access)
            let command = router.describe(CommandView(line: step.command), announcesChanges: false)
            _ = matcher.forwarded(command, now: 1)
            let isKept = !matcher.receive(step.reply).isPassedOn
            matcher.prove()
            #expect(isKept == (step.beginning == ""), "\(step.command): whether the client sees the reply")
            #expect(stands(step.standing), "\(step.command): \(matcher.state)")
        }
    }

    private func stands(_ standing: SessionConversation.Standing) -> Bool {
        let isServed = matcher.state.mayBeAnsweredFromCache(access: access)
        return switch standing {
        case .shares: matcher.isClean && isServed
        case .served: !matcher.isClean && isServed
        case .relayed, .listens: !matcher.isClean && !isServed
        case .queues: matcher.state.inTransaction && !isServed
        case .closed: matcher.isEmpty
        }
    }
}
