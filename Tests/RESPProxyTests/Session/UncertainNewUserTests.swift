import RESPParser
import Testing

@testable import RESPProxy

/// Of a server that is shown a certificate, from which it may take the user.
@Suite("where a connection on which nobody logs in may be another's than the default user's")
struct UncertainNewUserTests {
    private static let fillUsers: [String?] = [nil, "default", "filler"]
    private let table: CommandTable
    private var matcher = ReplyMatcher(SessionState(newIsDefaultUser: false))

    init() throws {
        table = try .ofRedis7()
    }

    private mutating func say(_ line: String, _ reply: String) {
        let access = CacheAccess(database: 0, fillUser: nil, trustsClients: false, newIsDefaultUser: false)
        let command = CommandRouter(table: table, access: access).describe(
            CommandView(line: line), announcesChanges: false)
        _ = matcher.forwarded(command, now: 1)
        matcher.receive(reply)
        matcher.prove()
    }

    /// Whether the session is answered from the cache, and whether its connection may be another's.
    private func standing(_ fillUser: String?, trusts: Bool = false) -> [Bool] {
        let access = CacheAccess(
            database: 0, fillUser: fillUser.map { Array($0.utf8) }, trustsClients: trusts, newIsDefaultUser: false)
        return [
            matcher.state.mayBeAnsweredFromCache(access: access),
            RelayKey(of: matcher.state, access: access, admitsAnonymous: true) != nil,
        ]
    }

    @Test("a new session is who the proxy reads as that does not log in either")
    func beginning() {
        #expect(standing(nil) == [true, true])
        #expect(standing("default") == [false, true])
    }

    @Test("the default user by its name is only who the proxy reads as by that name")
    mutating func named() {
        say("AUTH default x", "+OK\r\n")
        #expect(standing(nil) == [false, false])
        #expect(standing("default") == [true, true])
        #expect(standing("filler") == [false, false])
    }

    @Test("after RESET it is nobody's equal, also out of MONITOR", arguments: [false, true])
    mutating func reset(fromMonitor: Bool) {
        if fromMonitor { say("MONITOR", "+OK\r\n") }
        say("RESET", "+RESET\r\n")
        #expect(matcher.state.user == .afterReset && matcher.state.isProven)
        #expect(matcher.state.hasNotLoggedIn)
        for fillUser in Self.fillUsers {
            for trusts in [false, true] { #expect(standing(fillUser, trusts: trusts) == [false, false]) }
        }
        say("AUTH filler x", "+OK\r\n")
        #expect(standing("filler") == [true, true])
    }
}
