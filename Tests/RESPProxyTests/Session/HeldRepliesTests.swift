import NIOCore
import Testing

@testable import RESPProxy

@Suite("Replies that are held until a barrier is answered")
struct HeldRepliesTests {
    private var held = HeldReplies()

    private func text(_ release: HeldReplies.Release) -> String? {
        if case .release(let replies, _) = release { replies.map { String(buffer: $0) }.joined() } else { nil }
    }

    @Test(
        "what comes from a reply on that must be held is held with it, in order, until a barrier sent after it is answered"
    )
    mutating func release() {
        #expect(held.add(ByteBuffer(string: "before")) == false, "nothing is held yet")
        #expect(held.begin(at: 10) == true, "a barrier is to be asked for")
        #expect(held.add(ByteBuffer(string: "a")) == true)
        #expect(held.add(ByteBuffer(string: "b")) == true)
        let release = held.barrierAnswered(since: 10)
        #expect(text(release) == "ab")
        #expect(!held.isHolding)
        #expect(held.add(ByteBuffer(string: "behind")) == false)
    }

    @Test("where another reply must be held meanwhile, one barrier is not enough")
    mutating func another() {
        #expect(held.begin(at: 10) == true)
        #expect(held.begin(at: 20) == false, "one barrier at a time")
        guard case .awaitAnother(since: 20) = held.barrierAnswered(since: 10) else { return #expect(Bool(false)) }
        #expect(held.isHolding)
        let release = held.barrierAnswered(since: 20)
        #expect(text(release) == "")
    }

    @Test("the end of the connection waits with them")
    mutating func connectionEnded() {
        #expect(
            held.connectionEnded(.init(error: nil, isInsideReply: false)) == false,
            "nothing is held: it is dealt with at once")
        _ = held.begin(at: 10)
        #expect(held.connectionEnded(.init(error: nil, isInsideReply: true)) == true)
        guard case .release(_, let end) = held.barrierAnswered(since: 10) else { return #expect(Bool(false)) }
        #expect(end == .init(error: nil, isInsideReply: true))
    }

    @Test("once the client is gone nobody waits, and the barrier finds nothing")
    mutating func dropped() {
        _ = held.begin(at: 10)
        _ = held.connectionEnded(.init(error: nil, isInsideReply: false))
        #expect(held.drop() == .init(error: nil, isInsideReply: false))
        guard case .nothing = held.barrierAnswered(since: 10) else { return #expect(Bool(false)) }
    }
}
