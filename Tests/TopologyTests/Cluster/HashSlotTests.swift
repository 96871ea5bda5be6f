import TestSupport
import Testing

@testable import Topology

@Suite("Which slot a key is in")
struct HashSlotTests {
    private func slot(of key: [UInt8]) -> Int { key.withUnsafeBytes { HashSlot(of: $0.bytes).number } }
    private func slot(of key: String) -> Int { slot(of: Array(key.utf8)) }

    @Test("the examples of the specification")
    func examples() {
        #expect(slot(of: "123456789") == 0x31C3)
        #expect(slot(of: "foo") == 12_182)
        #expect(slot(of: "") == 0)
        #expect(slot(of: "{user1000}.following") == slot(of: "user1000"))
        #expect(
            slot(of: "foo{}{bar}") != slot(of: "bar"), "what stands in the first braces is nothing: all of it counts")
        #expect(slot(of: "foo{{bar}}zap") == slot(of: "{bar"))
        #expect(slot(of: "foo{bar}{zap}") == slot(of: "bar"))
        #expect(slot(of: "}a{b}") == slot(of: "b"))
    }

    @Test("there are slots from 0 to 16383")
    func range() {
        #expect(HashSlot(0)?.number == 0 && HashSlot(16_383)?.number == 16_383)
        #expect(HashSlot(-1) == nil && HashSlot(16_384) == nil)
    }

    @Test("each key is where the server says: 2,000 keys of all bytes, most with braces")
    func differential() throws {
        let server = try RedisCluster.startNode().server
        let client = try server.client()
        var generator = SeededGenerator()
        for _ in 0..<2_000 {
            let key = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: UInt8(ascii: "{")
                case 1: UInt8(ascii: "}")
                default: UInt8.random(in: 0...255, using: &generator)
                }
            }
            let words = [Array("CLUSTER".utf8), Array("KEYSLOT".utf8), key]
            #expect(try client.command(words) == .integer(Int64(slot(of: key))), "\(key)")
        }
    }
}
