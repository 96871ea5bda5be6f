import NIOCore
import Testing

@testable import BackingClient

@Suite("What the replies to one fetch mean")
struct FetchProgressTests {
    private static func error(_ text: String) -> BackingReply { .error(Array(text.utf8)) }
    private static func failure(_ text: String) -> FetchProgress.Step {
        .done(.failure(BackingError(code: .server, message: Array(text.utf8))))
    }

    /// The last step, after all others have gone on.
    private static func last(_ replies: [BackingReply], wrapped: Bool) -> FetchProgress.Step? {
        var progress = FetchProgress(.get, wrapsInTransaction: wrapped)
        var last: FetchProgress.Step?
        for reply in replies {
            guard last == nil || last == .goesOn else { return nil }
            last = progress.received(reply)
        }
        return last
    }

    private static let value = BackingReply.bulk(.text("v"))

    @Test("value and time to live, with and without a transaction")
    func pairs() {
        let cases: [(BackingReply, BackingReply, FillReply.Outcome)] = [
            (Self.value, .integer(-1), .value(.text("v"), timeToLive: nil)),
            (Self.value, .integer(0), .value(.text("v"), timeToLive: 0)),
            (Self.value, .integer(12_345), .value(.text("v"), timeToLive: 12_345)),
            (Self.value, .integer(-2), .unstorable(.text("v"))),
            (Self.value, Self.error("NOPERM no"), .unstorable(.text("v"))),
            (.null, .integer(-2), .absent),
            (
                Self.error("WRONGTYPE no"), .integer(-1),
                .failure(BackingError(code: .server, message: Array("WRONGTYPE no".utf8)))
            ),
        ]
        for (get, timeToLive, outcome) in cases {
            #expect(Self.last([get, timeToLive], wrapped: false) == .done(outcome))
            #expect(Self.last([.ok, .queued, .queued, .array([get, timeToLive])], wrapped: true) == .done(outcome))
        }
    }

    @Test("a value that was dropped is too large, whatever its time to live")
    func tooLarge() {
        let outcome = FetchProgress.Step.done(.tooLarge(length: 1000))
        #expect(Self.last([.tooLong(length: 1000), .integer(-1)], wrapped: false) == outcome)
        let replies: [BackingReply] = [.ok, .queued, .queued, .array([.tooLong(length: 1000), .integer(5)])]
        #expect(Self.last(replies, wrapped: true) == outcome)
    }

    @Test("the error that explains it is answered, not EXECABORT")
    func refusals() {
        let abort = Self.error("EXECABORT Transaction discarded")
        let noPermission = Self.error("NOPERM get")
        #expect(Self.last([.ok, noPermission, .queued, abort], wrapped: true) == Self.failure("NOPERM get"))
        #expect(
            Self.last([.ok, noPermission, Self.error("NOPERM pttl"), abort], wrapped: true)
                == Self.failure("NOPERM get"))
        #expect(
            Self.last([.ok, .queued, Self.error("NOPERM pttl"), abort], wrapped: true) == Self.failure("NOPERM pttl"))
        #expect(
            Self.last([.ok, .queued, .queued, Self.error("OOM no")], wrapped: true) == Self.failure("OOM no"))
        let noAuth = Self.error("NOAUTH first")
        #expect(
            Self.last([noAuth, Self.error("NOAUTH second"), noAuth, noAuth], wrapped: true)
                == Self.failure("NOAUTH second"))
    }

    @Test("behind a MULTI that was refused, what GET brings is passed on but not stored")
    func refusedTransaction() {
        let refusal = Self.error("NOPERM multi")
        let without = Self.error("ERR EXEC without MULTI")
        #expect(
            Self.last([refusal, Self.value, .integer(-1), without], wrapped: true) == .done(.unstorable(.text("v"))))
        #expect(Self.last([refusal, .null, .integer(-2), without], wrapped: true) == .done(.absent))
    }

    @Test("anything else is a violation")
    func violations() {
        let wrapped: [[BackingReply]] = [
            [.queued], [.null], [.ok, .ok], [.ok, Self.value], [.ok, .queued, .integer(1)],
            [.ok, .queued, .queued, .null], [.ok, .queued, .queued, .ok], [.ok, .queued, .queued, .array([.null])],
            [.ok, .queued, .queued, .array([.integer(1), .integer(1)])],
            [.ok, .queued, .queued, .array([Self.value, Self.value])],
            [.ok, .queued, .queued, .array([Self.value, .integer(-3)])],
            [.ok, Self.error("ERR"), .queued, .array([.null, .integer(-2)])],
            [Self.error("ERR nested"), .queued], [Self.error("ERR"), .null, .queued],
            [Self.error("ERR"), .null, .integer(-2), .array([])],
        ]
        let bare: [[BackingReply]] = [
            [.ok], [.integer(1)], [.array([])], [Self.value, .null], [.null, .ok], [.other],
        ]
        for (replies, isWrapped) in wrapped.map({ ($0, true) }) + bare.map({ ($0, false) }) {
            guard case .violation = Self.last(replies, wrapped: isWrapped) else {
                Issue.record("\(replies) was taken for \(String(describing: Self.last(replies, wrapped: isWrapped)))")
                continue
            }
        }
    }
}
