/// A command's name in lower case, packed so that a look-up neither allocates nor builds a `String`.
///
/// 24 bytes hold every name of Redis 7 (the longest, `georadiusbymember_ro`, has 20); no known command has a longer name.
struct CommandName: Hashable, Sendable {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0

    /// nil for a name of no bytes or of more than 24.
    init?(_ name: RawSpan) {
        let count = name.byteCount
        guard count > 0, count <= 24 else { return nil }
        first = Self.pack(name, from: 0)
        if count > 8 { second = Self.pack(name, from: 8) }
        if count > 16 { third = Self.pack(name, from: 16) }
    }

    @inline(__always)
    private static func pack(_ name: RawSpan, from start: Int) -> UInt64 {
        var packed: UInt64 = 0
        for offset in start..<min(start + 8, name.byteCount) {
            packed |= UInt64(name.unsafeLoad(fromByteOffset: offset, as: UInt8.self)) << UInt64((offset - start) * 8)
        }
        return lowerCased(packed)
    }

    /// Eight bytes at once: the high bit of each tells whether it is a capital, and moved to where 0x20 is makes it a small letter.
    @inline(__always)
    private static func lowerCased(_ packed: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let lowBits = packed & (ones * 0x7F)
        let isFromA = lowBits + ones * UInt64(0x80 - UInt8(ascii: "A"))
        let isBeyondZ = lowBits + ones * UInt64(0x7F - UInt8(ascii: "Z"))
        return packed | (((isFromA ^ isBeyondZ) & ~packed & (ones * 0x80)) >> 2)
    }

    /// For an index by names: cheap, and not meant to withstand names that were chosen to collide.
    var cheapHash: UInt64 {
        let mixed =
            (first ^ (second &* 0x9E37_79B9_7F4A_7C15) ^ (third &* 0xC2B2_AE3D_27D4_EB4F)) &* 0x9E37_79B9_7F4A_7C15
        return mixed ^ (mixed >> 32)
    }
}

extension CommandName: ExpressibleByStringLiteral {
    /// Inlined, and written so that the compiler reduces it to three constants: a `switch` over names is a few comparisons then.
    @inline(__always)
    init(stringLiteral name: StaticString) {
        precondition(name.utf8CodeUnitCount <= 24, "a command name in the source is too long")
        first = Self.pack(name, from: 0)
        second = Self.pack(name, from: 8)
        third = Self.pack(name, from: 16)
    }

    @inline(__always)
    private static func pack(_ name: StaticString, from start: Int) -> UInt64 {
        var packed: UInt64 = 0
        for offset in 0..<8 where start + offset < name.utf8CodeUnitCount {
            packed |= UInt64(name.utf8Start[start + offset]) << UInt64(offset * 8)
        }
        return packed
    }
}
