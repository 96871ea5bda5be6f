#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A key's bytes in memory of their own, twelve bytes in its holder. An array would add a header of 32 bytes to each key.
///
/// Behind them there may be others, of which the holder knows how many: a value that is kept beside its key.
///
/// Whoever holds one must pass it on or call ``deallocate()``, once.
@usableFromInline
struct KeyBytes {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let count: UInt32

    /// Copies `bytes`, of which there are at most `UInt32.max`: the cache's face sees to that.
    ///
    /// - Parameter others: Kept behind them.
    @inlinable
    init(copying bytes: UnsafeRawBufferPointer, and others: UnsafeRawBufferPointer = .init(start: nil, count: 0)) {
        // Swift's own way asks for aligned memory, which costs three times as much, each time that a fill or a write begins.
        guard let memory = malloc(max(1, bytes.count + others.count)) else { preconditionFailure("out of memory") }
        base = memory
        count = UInt32(bytes.count)
        UnsafeMutableRawBufferPointer(start: base, count: bytes.count).copyMemory(from: bytes)
        UnsafeMutableRawBufferPointer(start: base + bytes.count, count: others.count).copyMemory(from: others)
    }

    /// So many of the bytes that are kept behind the key's.
    @inlinable
    func others(_ otherCount: UInt32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + Int(count), count: Int(otherCount))
    }

    @inlinable
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: Int(count))
    }

    @inlinable
    func deallocate() {
        free(base)
    }

    /// Compares eight bytes at a time; what is left is read backwards from the end, overlapping what was compared.
    @inlinable
    func equals(_ other: UnsafeRawBufferPointer) -> Bool {
        let length = other.count
        guard Int(count) == length else { return false }
        guard length > 0, let start = other.baseAddress else { return true }
        if length >= 8 {
            var offset = 0
            while offset < length &- 8 {
                guard KeyHasher.load64(base, offset) == KeyHasher.load64(start, offset) else { return false }
                offset &+= 8
            }
            return KeyHasher.load64(base, length &- 8) == KeyHasher.load64(start, length &- 8)
        }
        var offset = 0
        while offset < length {
            let own = base.loadUnaligned(fromByteOffset: offset, as: UInt8.self)
            guard own == start.loadUnaligned(fromByteOffset: offset, as: UInt8.self) else { return false }
            offset &+= 1
        }
        return true
    }
}
