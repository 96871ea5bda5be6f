import RESPParser
import Testing

@testable import RESPProxy

@Suite("a session whose client's certificate names its user")
struct CertificateUserTests {
    private let table: CommandTable
    private var matcher = ReplyMatcher(SessionState(byCertificate: true))
    private let alice = Array("alice".utf8)

    init() throws {
        table = try .ofRedis7()
    }

    /// By whoever's reads the cache holds.
    private func isCached(_ fillUser: String?, trustsClients: Bool = false) -> Bool {
        matcher.isEmpty && matcher.state.mayBeAnsweredFromCache(access: access(fillUser, trustsClients))
    }

    private func access(_ fillUser: String?, _ trustsClients: Bool) -> CacheAccess {
        CacheAccess(database: 0, fillUser: fillUser.map { Array($0.utf8) }, trustsClients: trustsClients)
    }

    private func mayShare(_ fillUser: String?, trustsClients: Bool = false) -> Bool {
        RelayKey(of: matcher.state, access: access(fillUser, trustsClients), admitsAnonymous: true) != nil
    }

    @Test("before it is logged in it is answered by nobody, and is nobody who has not logged in")
    func before() {
        for fillUser in [nil, "default", "alice"] {
            for trusts in [false, true] {
                #expect(!isCached(fillUser, trustsClients: trusts))
                #expect(!mayShare(fillUser, trustsClients: trusts))
            }
        }
        #expect(!matcher.state.hasNotLoggedIn)
    }

    @Test("logged in, only as the fill user it is answered from the cache, and shares connections")
    mutating func loggedIn() {
        matcher.certificateLoggedIn(as: alice)
        #expect(isCached("alice") && mayShare("alice"))
        #expect(!isCached("default") && !mayShare("default"))
        #expect(!isCached(nil) && !mayShare(nil))
        #expect(!isCached("default", trustsClients: true) && !mayShare("default", trustsClients: true))
    }

    @Test(
        "behind RESET, and with the end of a connection that was no longer what it began as, it is to be logged in again"
    )
    mutating func again() {
        let router = CommandRouter(table: table, access: CacheAccess(database: 0, fillUser: nil, trustsClients: false))
        matcher.certificateLoggedIn(as: alice)
        _ = matcher.forwarded(router.describe(CommandView(words: ["RESET"]), announcesChanges: false), now: 1)
        let event = matcher.receive("+RESET\r\n").event
        #expect(matcher.state.user == .ofCertificate && event == .reset)
        matcher.connectionReplaced()
        #expect(matcher.state == SessionState(byCertificate: true))
        matcher.certificateLoggedIn(as: alice)
        _ = matcher.forwarded(router.describe(CommandView(words: ["SELECT", "1"]), announcesChanges: false), now: 1)
        _ = matcher.connectionEnded()
        #expect(matcher.state.user == .ofCertificate)
    }

    /// What comes behind `RESET`, and whether it has taken effect is not known then.
    private static let lostResets: [([String], [String])] = [
        (["RESET"], ["-ERR unknown command 'RESET', with args beginning with: \r\n"]), (["RESET"], ["+OK\r\n"]),
        (["RESET"], [":1\r\n"]), (["RESET"], []), (["SET k v", "RESET"], ["+RESET\r\n"]),
        (["MULTI", "RESET"], ["+OK\r\n", "-NOPERM no\r\n"]),
        (["MONITOR", "RESET"], ["+OK\r\n", "-ERR unknown command `reset`, with args beginning with: \r\n"]),
    ]

    @Test("whether RESET has logged it out is in doubt where no reply of its own came", arguments: Self.lostResets)
    mutating func lostReset(commands: [String], replies: [String]) {
        let router = CommandRouter(table: table, access: CacheAccess(database: 0, fillUser: nil, trustsClients: false))
        matcher.certificateLoggedIn(as: alice)
        for command in commands {
            _ = matcher.forwarded(router.describe(CommandView(line: command), announcesChanges: false), now: 1)
        }
        for reply in replies { matcher.receive(reply) }
        if !matcher.isEmpty {
            #expect(!matcher.hasLostReset && matcher.mayLeaveConnection(onReset: true), "nothing follows it")
            matcher.giveUpMatching()
        }
        #expect(matcher.hasLostReset)
        #expect(!matcher.mayLeaveConnection(onReset: true))
        _ = matcher.connectionEnded()
        #expect(!matcher.hasLostReset)
    }
}
