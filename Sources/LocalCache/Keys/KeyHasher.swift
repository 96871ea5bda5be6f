/// A keyed hash of bytes: folded multiplication, sixteen bytes a step.
///
/// All of the secrets are random for each cache, none is a published constant, so nobody can prepare keys that collide.
/// It is not cryptographic: the cache compares keys in full and needs only that no client can choose its bucket.
@usableFromInline
struct KeyHasher: Sendable {
    @usableFromInline let start: UInt64
    @usableFromInline let first: UInt64
    @usableFromInline let last: UInt64
    @usableFromInline let final: UInt64

    @usableFromInline
    init(using generator: inout some RandomNumberGenerator) {
        start = generator.next()
        first = generator.next()
        last = generator.next()
        // Odd, hence not zero: a zero factor would fold every key into one hash.
        final = generator.next() | 1
    }

    /// - Returns: 32 bits: as many as an index cell keeps.
    @inlinable
    func hash(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var state = start ^ UInt64(truncatingIfNeeded: bytes.count)
        let low: UInt64
        let high: UInt64
        // An empty buffer may have no address.
        if let base = bytes.baseAddress, bytes.count > 0 {
            let count = bytes.count
            if count >= 16 {
                var offset = 0
                // The last sixteen bytes, or fewer, are left to the tail, which reads backwards from the end.
                while offset < count &- 16 {
                    state = Self.fold(
                        Self.load64(base, offset) ^ first, Self.load64(base, offset &+ 8) ^ state)
                    offset &+= 16
                }
                low = Self.load64(base, count &- 16)
                high = Self.load64(base, count &- 8)
            } else if count >= 8 {
                low = Self.load64(base, 0)
                high = Self.load64(base, count &- 8)
            } else if count >= 4 {
                low = Self.load32(base, 0)
                high = Self.load32(base, count &- 4)
            } else {
                let middle = base.loadUnaligned(fromByteOffset: count >> 1, as: UInt8.self)
                let end = base.loadUnaligned(fromByteOffset: count &- 1, as: UInt8.self)
                low = UInt64(base.loadUnaligned(as: UInt8.self)) | UInt64(middle) << 8 | UInt64(end) << 16
                high = 0
            }
        } else {
            low = 0
            high = 0
        }
        state = Self.fold(low ^ last, high ^ state)
        state = Self.fold(state ^ first, final)
        return UInt32(truncatingIfNeeded: state ^ (state >> 32))
    }

    @inlinable
    @inline(__always)
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    @inlinable
    @inline(__always)
    static func load64(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inlinable
    @inline(__always)
    static func load32(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
