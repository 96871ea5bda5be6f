/// One of the 16,384 parts into which a Redis Cluster divides its keys; each belongs to one primary at a time.
public struct HashSlot: Hashable, Sendable {
    /// How many there are.
    public static let count = 16_384

    /// From 0 to 16,383.
    public let number: Int

    /// nil where there is no such slot.
    public init?(_ number: Int) {
        guard (0..<Self.count).contains(number) else { return nil }
        self.number = number
    }

    /// The slot of a key: by its hash tag, if it has one, else by all of it.
    public init(of key: RawSpan) {
        number = Int(Self.checksum(key.extracting(Self.hashed(key))) & UInt16(Self.count - 1))
    }

    /// What of a key is hashed: what stands between its first `{` and the next `}`, unless that is nothing, so that keys can be kept together.
    private static func hashed(_ key: RawSpan) -> Range<Int> {
        let all = 0..<key.byteCount
        guard let open = all.first(where: { key.byte(at: $0) == UInt8(ascii: "{") }) else { return all }
        let behind = (open + 1)..<key.byteCount
        guard let close = behind.first(where: { key.byte(at: $0) == UInt8(ascii: "}") }), close > behind.lowerBound
        else { return all }
        return behind.lowerBound..<close
    }

    /// CRC16 as XMODEM has it: polynomial 0x1021, beginning with 0, nothing reflected.
    private static func checksum(_ bytes: RawSpan) -> UInt16 {
        var sum: UInt16 = 0
        for offset in 0..<bytes.byteCount {
            let index = UInt8(truncatingIfNeeded: sum >> 8) ^ bytes.byte(at: offset)
            sum = sum << 8 ^ table[Int(index)]
        }
        return sum
    }

    private static let table: [UInt16] = (0..<256).map { byte in
        (0..<8).reduce(UInt16(byte) << 8) { sum, _ in sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
    }
}

extension RawSpan {
    /// Every bit pattern is a byte, so that the load is safe.
    @inline(__always)
    fileprivate func byte(at offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
}

extension HashSlot: Comparable {
    /// By their numbers.
    public static func < (one: HashSlot, other: HashSlot) -> Bool { one.number < other.number }
}

extension HashSlot: CustomStringConvertible {
    /// For log lines and failed tests.
    public var description: String { "slot \(number)" }
}
