import NIOCore
import Testing

@testable import BackingClient

@Suite("What becomes of fetches while a lane's connection comes and goes")
struct FetchQueueTests {
    private typealias Queue = FetchQueue<Int>
    private static let address = BackingAddress.tcp(host: "localhost", port: 6379)
    private static let refused = BackingError.notReachable(Self.address, reason: "connection refused")

    private static func describe(_ action: Queue.Action) -> String {
        switch action {
        case .send: "send"
        case .nothing: "wait"
        case .end(.failure(let error)): "\(error)"
        case .end(let outcome): "\(outcome)"
        }
    }

    @Test("fetches wait for a connection that is being made, and are sent in order once it stands")
    func waiting() throws {
        var queue = Queue(address: Self.address)
        #expect(Self.describe(queue.fetch(0, while: .idle)).contains("not connected yet"))
        #expect(Self.describe(queue.fetch(1, while: .connecting)) == "wait")
        #expect(Self.describe(queue.fetch(2, while: .handshaking)) == "wait")
        #expect(queue.takeAll() == [1, 2])
        #expect(queue.takeAll() == [])
        #expect(Self.describe(queue.fetch(3, while: .ready(since: 0))) == "send")
    }

    @Test("fetches fail together with the attempt, and at once until the next")
    func failing() throws {
        var queue = Queue(address: Self.address)
        _ = queue.fetch(1, while: .connecting)
        #expect(queue.down(Self.refused, stood: false) == .failure(Self.refused))
        #expect(queue.takeAll() == [1])
        #expect(
            Self.describe(queue.fetch(2, while: .waiting))
                == "ERR redis-proxy: the backing Redis at localhost:6379 is not reachable: connection refused")
        #expect(Self.describe(queue.fetch(3, while: .connecting)) == "wait")
    }

    @Test("no more than 4096 fetches wait")
    func bounded() {
        var queue = Queue(address: Self.address)
        let actions = Set((0..<4096).map { Self.describe(queue.fetch($0, while: .connecting)) })
        #expect(actions == ["wait"])
        #expect(
            Self.describe(queue.fetch(4096, while: .connecting)).hasSuffix(
                "is still being connected to, and 4096 reads wait for it"))
    }

    @Test("what the server itself said stays a server error, all else is unavailable until the next attempt")
    func standingErrors() throws {
        var queue = Queue(address: Self.address)
        _ = queue.down(.silent(Self.address, for: .seconds(1)), stood: true)
        guard case .end(.failure(let error)) = queue.fetch(1, while: .waiting) else {
            Issue.record("not failed")
            return
        }
        #expect(error.code == .unavailable)
        _ = queue.down(.server(Array("WRONGPASS no".utf8)), stood: false)
        guard case .end(.failure(let refusal)) = queue.fetch(1, while: .waiting) else {
            Issue.record("not failed")
            return
        }
        #expect(refusal == BackingError(code: .server, message: Array("WRONGPASS no".utf8)))
    }

    @Test(
        "where a long reply may be the end of a connection, whoever waits for another is told that it may ask elsewhere"
    )
    func lostForLongReply() throws {
        let lost = BackingError.closedConnection(Self.address)
        for limits in [ServerLimits(untakenReplies: 1 << 20), ServerLimits(evictsClients: true)] {
            var queue = Queue(address: Self.address)
            queue.limits = limits
            #expect(queue.down(lost, stood: true) == .unanswered)
            #expect(Self.describe(queue.fetch(1, while: .waiting)) == "unanswered")
            // That the next connection cannot be made has another cause.
            #expect(Self.describe(queue.fetch(2, while: .connecting)) == "wait")
            #expect(queue.down(Self.refused, stood: false) == .failure(Self.refused))
            #expect(queue.takeAll() == [2])
            #expect(Self.describe(queue.fetch(3, while: .waiting)) == "\(Self.refused)")
        }
    }

    @Test("any other end of a connection is an error for all who wait")
    func lostForAnotherReason() throws {
        let lost = BackingError.closedConnection(Self.address)
        var queue = Queue(address: Self.address)
        queue.limits = ServerLimits(unreadQueries: 1 << 30)
        #expect(queue.down(lost, stood: true) == .failure(lost))
        #expect(Self.describe(queue.fetch(1, while: .waiting)) == "\(lost)")

        let silent = BackingError.silent(Self.address, for: .seconds(1))
        queue = Queue(address: Self.address)
        queue.limits = ServerLimits(untakenReplies: 1 << 20)
        #expect(queue.down(silent, stood: true) == .failure(silent))
        // A server that says nothing would say nothing on another connection either.
        #expect(Self.describe(queue.fetch(1, while: .waiting)) == "\(silent)")
    }

    @Test("a closed lane fetches nothing")
    func closing() throws {
        var queue = Queue(address: Self.address)
        _ = queue.fetch(1, while: .connecting)
        #expect(queue.takeAll() == [1])
        #expect(Self.describe(queue.fetch(2, while: .closed)).contains("shutting down"))
    }
}
