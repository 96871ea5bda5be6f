/// What a hit writes, and a fetch, put together where it is sent from: each piece by itself would ask the buffer once more for room, a
/// quarter of what it costs. The caller has made sure of the room.
extension UnsafeMutableRawBufferPointer {
    /// A whole bulk string, as `RESPEncoder.bulk(_:into:)` writes it: at most 24 bytes more than its body.
    func put(bulk body: RawSpan, at end: inout Int) {
        let length = body.byteCount
        var digits = 1
        var bound = 10
        while length >= bound, digits < 18 {
            digits += 1
            bound *= 10
        }
        self[end] = UInt8(ascii: "$")
        var rest = length
        for position in stride(from: end + digits, to: end, by: -1) {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            self[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
        end += 1 + digits
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
