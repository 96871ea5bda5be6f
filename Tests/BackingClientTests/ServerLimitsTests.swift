import NIOCore
import Testing

@testable import BackingClient

@Suite("For what the server ends connections")
struct ServerLimitsTests {
    private func limits(_ words: String...) -> ServerLimits { ServerLimits(settings: words.map { Array($0.utf8) }) }

    @Test("of both limits of normal clients the lower one counts, and 0 is none")
    func normalClients() {
        let name = "client-output-buffer-limit"
        let others = "slave 268435456 67108864 60 pubsub 33554432 8388608 60"
        #expect(limits(name, "normal 0 0 0 \(others)").untakenReplies == nil)
        #expect(limits(name, "normal 1048576 0 0 \(others)").untakenReplies == 1_048_576)
        #expect(limits(name, "normal 0 5000 60 \(others)").untakenReplies == 5_000)
        #expect(limits(name, "\(others) normal 9000 5000 60").untakenReplies == 5_000)
        #expect(limits(name, "normal").untakenReplies == nil)
        #expect(!limits(name, "normal 0 0 0 \(others)").forbidLongReplies)
        #expect(limits(name, "normal 0 5000 60").forbidLongReplies)
    }

    @Test("the others, in any order")
    func others() {
        let all = limits("maxmemory-clients", "5%", "client-query-buffer-limit", "1073741824")
        #expect(all == ServerLimits(unreadQueries: 1_073_741_824, evictsClients: true))
        #expect(all.forbidLongReplies)
        #expect(limits("maxmemory-clients", "0", "client-query-buffer-limit") == .none)
    }

    @Test("a server that refuses to be asked is told from one that cannot answer")
    func refusals() {
        func answer(_ text: String) -> OneShotProgress<ServerLimits?> {
            var question = ServerLimitsQuestion(address: .tcp(host: "h", port: 1))
            return question.received(.error(Array(text.utf8)))
        }
        #expect(answer("NOPERM User x has no permissions to run the 'config|get' command") == .answered(nil))
        #expect(answer("ERR unknown command 'CONFIG', with args beginning with: ") == .answered(nil))
        guard case .failed = answer("LOADING Redis is loading the dataset in memory") else {
            Issue.record("it may be asked again")
            return
        }
    }
}
