import NIOCore

/// What is passed on of bytes that have come together, where it is not all of them as they are.
struct ReplyEdits {
    /// Where something stands that is not passed on as it is, and what is in its place.
    private var edits: [(range: Range<Int>, replacement: ByteBuffer?)] = []
    /// What goes before them: the beginning of a reply that was withheld, and turned out to be the client's.
    private var restored = ByteBuffer()

    /// Other bytes have come.
    mutating func begin() { edits.removeAll(keepingCapacity: true) }

    /// That is not passed on.
    mutating func drop(_ range: Range<Int>) { edits.append((range, nil)) }

    /// Something else is passed on in its place.
    mutating func replace(_ range: Range<Int>, by replacement: ByteBuffer) { edits.append((range, replacement)) }

    /// What was withheld is passed on after all.
    mutating func restore(_ withheld: ByteBuffer) { restored = withheld }

    /// What is passed on of `buffer`: the bytes that have come, or of those before a fault.
    mutating func passedOn(of buffer: ByteBuffer) -> ByteBuffer {
        guard !edits.isEmpty || restored.readableBytes > 0 else { return buffer }
        var passed = ByteBuffer()
        swap(&passed, &restored)
        var start = 0
        for edit in edits + [(buffer.readableBytes..<buffer.readableBytes, nil)] {
            // Behind a fault less is passed on than was edited.
            guard edit.range.lowerBound >= start, edit.range.lowerBound <= buffer.readableBytes else { break }
            let part = buffer.getSlice(at: buffer.readerIndex + start, length: edit.range.lowerBound - start)
            if let part { passed.writeImmutableBuffer(part) }
            if let replacement = edit.replacement { passed.writeImmutableBuffer(replacement) }
            start = edit.range.upperBound
        }
        return passed
    }
}
