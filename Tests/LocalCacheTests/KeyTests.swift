import TestSupport
import Testing

@testable import LocalCache

@Suite("Keys")
struct KeyTests {
    @Test("keys of every length up to 100 are told from those that differ in one byte", arguments: 0...100)
    func everyLength(length: Int) {
        var generator = SystemRandomNumberGenerator()
        let hasher = KeyHasher(using: &generator)
        let key = (0..<length).map { UInt8($0) }
        key.withUnsafeBytes { bytes in
            let owned = KeyBytes(copying: bytes)
            defer { owned.deallocate() }
            #expect(owned.equals(bytes))
            #expect(hasher.hash(owned.bytes) == hasher.hash(bytes))
            for position in 0..<length {
                var other = key
                other[position] ^= 0x40
                other.withUnsafeBytes {
                    #expect(!owned.equals($0))
                    // Equal by chance once in four thousand million.
                    #expect(hasher.hash($0) != hasher.hash(bytes))
                }
            }
            (key + [0]).withUnsafeBytes { #expect(!owned.equals($0)) }
        }
    }

    @Test("two caches hash the same key differently")
    func seeded() {
        var generator = SystemRandomNumberGenerator()
        let hashers = (0..<4).map { _ in KeyHasher(using: &generator) }
        let hashes = Array("greeting".utf8).withUnsafeBytes { bytes in hashers.map { $0.hash(bytes) } }
        #expect(Set(hashes).count == 4)
    }

    @Test("numbered keys, and keys that differ in one bit, spread evenly over the index")
    func spread() {
        var generator = SystemRandomNumberGenerator()
        let hasher = KeyHasher(using: &generator)
        let numbered = (0..<40_000).map { Array("user:\($0):name".utf8) }
        let sparse = (0..<64).flatMap { first in
            (0..<64).map { second in withBits(first, second) }
        }
        for keys in [numbered, sparse] {
            // Balls thrown into as many bins leave 1/e of them empty.
            let bins = keys.count
            var used = Set<Int>()
            for key in keys { used.insert(key.withUnsafeBytes { Int(hasher.hash($0)) % bins }) }
            let share = Double(used.count) / Double(Set(keys).count)
            #expect(share > 0.6 && share < 0.85)
        }
    }

    private func withBits(_ first: Int, _ second: Int) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: 8)
        key[first / 8] |= 1 << UInt8(first % 8)
        key[second / 8] |= 1 << UInt8(second % 8)
        return key
    }

    @Test("the index finds what is in it and nothing else, through any inserting and removing")
    func index() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        var index = KeyIndex()
        var model: [Slot: UInt32] = [:]
        for _ in 0..<20_000 {
            let slot = Slot.random(in: 0..<300, using: &generator)
            if let hash = model.removeValue(forKey: slot) {
                index.remove(hash: hash, slot: slot)
            } else {
                // Few different hashes, so that runs are long and wrap around the end.
                let hash = UInt32.random(in: 0..<40, using: &generator) &* 0x0FFF_FFFF
                model[slot] = hash
                index.insert(hash: hash, slot: slot)
            }
            let sought = Slot.random(in: 0..<300, using: &generator)
            let found = index.position(hash: model[sought] ?? 0) { $0 == sought }
            #expect((found != nil) == (model[sought] != nil), "seed \(seed)")
            if let found { #expect(index.slot(at: found) == sought, "seed \(seed)") }
        }
        #expect(index.count == model.count, "seed \(seed)")
        for (slot, hash) in model {
            #expect(index.position(hash: hash) { $0 == slot } != nil, "seed \(seed)")
        }
    }
}
