import NIOCore

/// Writes bytes as JSON strings (RFC 8259).
enum JSONWriter {
    /// Appends `bytes` as a quoted, escaped string; false, and nothing written, where they are not UTF-8.
    static func writeString(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) -> Bool {
        let plain = plainPrefix(of: bytes, from: 0)
        if plain == bytes.count {
            writeQuoted(bytes, into: &buffer)
            return true
        }
        buffer.reserveCapacity(minimumWritableBytes: bytes.count + 2)
        guard isUTF8(bytes, from: plain) else { return false }
        buffer.writeInteger(UInt8(ascii: "\""))
        var start = 0
        var end = plain
        while end < bytes.count {
            let byte = bytes[end]
            if byte >= 0x80 {
                end += 1
            } else if needsEscape(byte) {
                buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                writeEscape(of: byte, into: &buffer)
                end += 1
                start = end
            } else {
                end = plainPrefix(of: bytes, from: end)
            }
        }
        buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        buffer.writeInteger(UInt8(ascii: "\""))
        return true
    }

    /// Appends `bytes` as they are, between quotes, as one piece.
    private static func writeQuoted(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count + 2) { output in
            output[0] = UInt8(ascii: "\"")
            UnsafeMutableRawBufferPointer(rebasing: output[1..<bytes.count + 1]).copyMemory(from: bytes)
            output[bytes.count + 1] = UInt8(ascii: "\"")
            return bytes.count + 2
        }
    }

    /// Appends `bytes` as a quoted string in base64.
    static func writeBase64(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: "\""))
        Base64.encode(bytes, into: &buffer)
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// Whether `bytes`, whose first `start` are known to be ASCII, are UTF-8.
    static func isUTF8(_ bytes: UnsafeRawBufferPointer, from start: Int = 0) -> Bool {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        return rest.withMemoryRebound(to: UInt8.self) { characters in
            do {
                _ = try UTF8Span(validating: characters.span)
                return true
            } catch {
                return false
            }
        }
    }

    /// The first index at or behind `start` of a byte that cannot be copied unseen: not ASCII, or in need of an escape.
    ///
    /// Looks at eight bytes at a time. This and the copy behind it are most of what a JSON hit costs beyond its headers.
    private static func plainPrefix(of bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var index = start
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            // A high bit is set for a byte below 0x20, equal to a quote or a backslash, or above 0x7F. A borrow may also set it in
            // the byte above such a one, which does no harm: that word is looked at byte by byte anyway.
            let found = (word &- ones &* 0x20) | (quote &- ones) | (backslash &- ones) | word
            if found & highs != 0 { break }
            index += 8
        }
        while index < bytes.count, bytes[index] < 0x80, !needsEscape(bytes[index]) { index += 1 }
        return index
    }

    @inline(__always)
    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func writeEscape(of byte: UInt8, into buffer: inout ByteBuffer) {
        switch byte {
        case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
        case 0x08: buffer.writeStaticString("\\b")
        case 0x09: buffer.writeStaticString("\\t")
        case 0x0A: buffer.writeStaticString("\\n")
        case 0x0C: buffer.writeStaticString("\\f")
        case 0x0D: buffer.writeStaticString("\\r")
        default:
            let digits: StaticString = "0123456789abcdef"
            buffer.writeStaticString("\\u00")
            buffer.writeInteger(digits.utf8Start[Int(byte >> 4)])
            buffer.writeInteger(digits.utf8Start[Int(byte & 15)])
        }
    }
}
