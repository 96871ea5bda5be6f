/// The checksum of RFC 4960, appendix B.
struct CRC32C {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    private var state = UInt32.max

    /// Of the bytes so far.
    var value: UInt32 { ~state }

    mutating func add(_ byte: UInt8) {
        let index = UInt8(truncatingIfNeeded: state) ^ byte
        state = state >> 8 ^ Self.table[Int(index)]
    }
}
