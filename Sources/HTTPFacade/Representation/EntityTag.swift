import NIOCore

/// A strong entity tag (RFC 9110, 8.8.3): a hash of the value, and a letter for the representation.
///
/// The hash depends on the bytes alone, so that several proxies in front of one Redis, and one that was restarted, agree.
enum EntityTag {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// The tag with its quotes: 14 bytes, which a `String` holds without allocating.
    static func make(value: ByteBuffer, representation: Representation) -> String {
        let hash = value.withUnsafeReadableBytes(hash)
        let letter: UInt8 =
            switch representation {
            case .json: UInt8(ascii: "j")
            case .octetStream: UInt8(ascii: "o")
            case .text: UInt8(ascii: "t")
            }
        return String(unsafeUninitializedCapacity: 14) { output in
            output[0] = UInt8(ascii: "\"")
            output[1] = letter
            for digit in 0..<11 {
                // 64 bits in digits of six, the highest first; the last one holds the four bits left over.
                let shift = 58 - digit * 6
                let bits = shift >= 0 ? hash >> UInt64(shift) : hash << 2
                output[2 + digit] = alphabet.utf8Start[Int(bits & 63)]
            }
            output[13] = UInt8(ascii: "\"")
            return 14
        }
    }

    /// Whether a list of tags, `If-Match` or `If-None-Match`, names `tag` (RFC 9110, 8.8.3 and 13.1).
    ///
    /// - Parameters:
    ///   - tag: nil where the representation has none; then only `*` names it.
    ///   - weakly: A weak tag in the list names the strong one, too.
    static func isNamed(_ tag: String?, in list: String, weakly: Bool) -> Bool {
        if trimmed(list[...]) == "*" { return true }
        guard let tag else { return false }
        var bytes = list.utf8[...]
        while !bytes.isEmpty {
            bytes = bytes.drop { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            let isWeak = bytes.starts(with: "W/".utf8)
            if isWeak { bytes = bytes.dropFirst(2) }
            // A tag is all between two quotation marks: commas are part of it, and a backslash is a byte like any other.
            if bytes.first == UInt8(ascii: "\""), let end = bytes.dropFirst().firstIndex(of: UInt8(ascii: "\"")) {
                let candidate = bytes[...end]
                bytes = bytes[bytes.index(after: end)...]
                if (weakly || !isWeak) && candidate.elementsEqual(tag.utf8) { return true }
            }
            // What is no tag, or stands behind one, is passed over.
            bytes = bytes.drop { $0 != UInt8(ascii: ",") }
        }
        return false
    }

    /// 64 bits by multiplying and folding, sixteen bytes a step. Not proof against somebody who looks for collisions, and need not
    /// be: who can choose a key's values can show its readers an old one anyway.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index + 16 <= bytes.count {
            let low = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let high = bytes.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self)
            state = fold(UInt64(littleEndian: low) ^ state, UInt64(littleEndian: high) ^ 0xC2B2_AE3D_27D4_EB4F)
            index += 16
        }
        var low: UInt64 = 0
        var high: UInt64 = 0
        for position in index..<bytes.count {
            let shift = UInt64((position - index) % 8 * 8)
            if position - index < 8 {
                low |= UInt64(bytes[position]) << shift
            } else {
                high |= UInt64(bytes[position]) << shift
            }
        }
        state = fold(low ^ state, high ^ 0xC2B2_AE3D_27D4_EB4F)
        return fold(state ^ UInt64(bytes.count), 0x1656_67B1_9E37_79F9)
    }

    @inline(__always)
    private static func fold(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let product = first.multipliedFullWidth(by: second)
        return product.high ^ product.low
    }
}
