/// A command's name in lower case, packed so that a look-up neither allocates nor builds a `String`.
///
/// 24 bytes hold every name of Redis 7 (the longest, `georadiusbymember_ro`, has 20); a longer name is nobody's we know.
struct CommandName: Hashable, Sendable {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0

    /// nil for a name of no bytes or of more than 24.
    init?(_ name: RawSpan) {
        let count = name.byteCount
        guard count > 0, count <= 24 else { return nil }
        for offset in 0..<count {
            append(name.unsafeLoad(fromByteOffset: offset, as: UInt8.self), at: offset)
        }
    }

    private mutating func append(_ byte: UInt8, at offset: Int) {
        let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
        let lower = UInt64(isCapital ? byte | 0x20 : byte) << UInt64(offset % 8 * 8)
        switch offset / 8 {
        case 0: first |= lower
        case 1: second |= lower
        default: third |= lower
        }
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
