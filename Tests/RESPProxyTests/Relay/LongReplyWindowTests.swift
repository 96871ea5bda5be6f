import Testing

@testable import RESPProxy

@Suite("How many long replies may be under way on a shared connection")
struct LongReplyWindowTests {
    /// How many begin before there is no more room.
    private func fill(_ window: inout LongReplyWindow) -> Int {
        var count = 0
        while window.hasRoom, count < 10_000 {
            window.began()
            count += 1
        }
        return count
    }

    @Test("few at first, and more with each short reply, up to a limit")
    func grows() {
        var window = LongReplyWindow()
        #expect(fill(&window) == 16)
        for _ in 0..<16 { window.ended(length: 100) }
        #expect(fill(&window) == 32)
        #expect(!window.isLong)
        for _ in 0..<32 { window.ended(length: 0) }
        for _ in 0..<1_000 {
            window.began()
            window.ended(length: 100)
        }
        #expect(fill(&window) == 256)
    }

    @Test(
        "as many as make up a megabyte by the length of the last, one at least; while one is under way others keep away"
    )
    func shrinks() {
        var window = LongReplyWindow()
        for _ in 0..<1_000 {
            window.began()
            window.ended(length: 100)
        }
        window.began()
        window.ended(length: 100_000)
        #expect(!window.isLong, "nothing is under way")
        #expect(fill(&window) == 10)
        #expect(window.isLong)
        for _ in 0..<10 { window.ended(length: 10 << 20) }
        #expect(fill(&window) == 1)
        #expect(window.isLong)
        window.ended(length: 100)
        #expect(!window.isLong)
        #expect(fill(&window) == 2)
    }
}
