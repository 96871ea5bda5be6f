import LocalCache
import Time

#if canImport(Glibc)
import Glibc
#endif

/// A hit in the local cache beside the look-up of the same key in a dictionary, each with a copy of the value behind it.
struct CacheBenchmarks {
    let comparison: Comparison
    let entries: Int
    let lookUps: Int

    private typealias Cache = LocalCache<[UInt8], Int>
    private static let keyLength = 16
    private static let valueLength = 100

    func run() {
        // Keys in an order that no cache of the processor's foresees; the same for both.
        var generator = Sequence(state: 7)
        let wanted = (0..<lookUps).flatMap { _ in Self.key(Int(generator.next() % UInt64(entries))) }
        let cache = filledCache()
        let dictionary = filledDictionary()

        comparison.run("hit/\(entries) entries", count: lookUps) {
            Self.hits(wanted, in: cache)
        } other: {
            Self.hits(wanted, in: dictionary)
        }
        guard let allocations = Self.allocations() else { return }
        _ = Self.hits(wanted, in: cache)
        let after = Self.allocations() ?? allocations
        // The scratch memory of the loop counts a few.
        print("hit/\(entries) entries/allocations \(Double(after - allocations) / Double(lookUps))")
    }

    private static func hits(_ wanted: [UInt8], in cache: Cache) -> Int {
        var sum = 0
        var copy = [UInt8](repeating: 0, count: valueLength)
        for start in stride(from: 0, to: wanted.count, by: keyLength) {
            let key = wanted.span.bytes.extracting(start..<start + keyLength)
            guard
                case .hit = cache.lookUp(
                    key, now: Instant(nanoseconds: 1), lane: 0, outstandingLane: nil,
                    copy: { value in value.withUnsafeBytes { Self.copy($0, into: &copy) } }, waiter: { 0 })
            else { continue }
            sum &+= Int(copy[valueLength - 1])
        }
        return sum
    }

    private static func hits(_ wanted: [UInt8], in dictionary: [[UInt8]: [UInt8]]) -> Int {
        var sum = 0
        var copy = [UInt8](repeating: 0, count: valueLength)
        var key = [UInt8](repeating: 0, count: keyLength)
        for start in stride(from: 0, to: wanted.count, by: keyLength) {
            for offset in 0..<keyLength { key[offset] = wanted[start + offset] }
            guard let value = dictionary[key] else { continue }
            value.withUnsafeBytes { Self.copy($0, into: &copy) }
            sum &+= Int(copy[valueLength - 1])
        }
        return sum
    }

    /// Not inlined, so that the length is not known and a dictionary's value is copied as any other.
    @inline(never)
    private static func copy(_ value: UnsafeRawBufferPointer, into copy: inout [UInt8]) {
        copy.withUnsafeMutableBytes { $0.copyMemory(from: value) }
    }

    private func filledCache() -> Cache {
        let cache = Cache(configuration: CacheConfiguration(capacity: entries, expiry: nil, memoryLimit: .max))
        for number in 0..<entries {
            guard
                case .miss(let ticket) = cache.lookUp(
                    Self.key(number).span.bytes, now: Instant(nanoseconds: 1), lane: 0, outstandingLane: nil,
                    copy: { _ in }, waiter: { 0 })
            else { continue }
            _ = cache.complete(
                ticket, withBytes: Self.value(number).span.bytes, deadline: nil, now: Instant(nanoseconds: 1))
        }
        return cache
    }

    private func filledDictionary() -> [[UInt8]: [UInt8]] {
        var dictionary: [[UInt8]: [UInt8]] = [:]
        for number in 0..<entries { dictionary[Self.key(number)] = Self.value(number) }
        return dictionary
    }

    private static func key(_ number: Int) -> [UInt8] {
        let digits = Array(String(number).utf8)
        return Array("key:".utf8) + [UInt8](repeating: UInt8(ascii: "0"), count: 12 - digits.count) + digits
    }

    private static func value(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: valueLength)
    }

    /// What the library says that counts them, where it was lent to this process.
    private static func allocations() -> Int? {
        guard let symbol = dlsym(nil, "benchmark_allocations") else { return nil }
        return unsafeBitCast(symbol, to: (@convention(c) () -> Int).self)()
    }
}

/// Numbers that are the same in every run (xorshift).
private struct Sequence: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
