import RESPParser

/// What a hit writes, and a fetch, put together where it is sent from: each piece by itself would ask the buffer once more for room. The
/// caller has made sure of the room.
extension UnsafeMutableRawBufferPointer {
    /// A whole bulk string, as `RESPEncoder.bulk(_:into:)` writes it: at most 24 bytes more than its body.
    func put(bulk body: RawSpan, at end: inout Int) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        let start = digits.writeDecimal(UInt64(body.byteCount), before: 20)
        self[end] = UInt8(ascii: "$")
        end += 1
        digits.span.bytes.extracting(start..<20).withUnsafeBytes { put($0, at: &end) }
        putLineEnd(at: &end)
        body.withUnsafeBytes { put($0, at: &end) }
        putLineEnd(at: &end)
    }

    func put(_ text: StaticString, at end: inout Int) {
        put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), at: &end)
    }

    func put(_ bytes: UnsafeRawBufferPointer, at end: inout Int) {
        UnsafeMutableRawBufferPointer(rebasing: self[end..<end + bytes.count]).copyMemory(from: bytes)
        end += bytes.count
    }

    private func putLineEnd(at end: inout Int) {
        self[end] = UInt8(ascii: "\r")
        self[end + 1] = UInt8(ascii: "\n")
        end += 2
    }
}
