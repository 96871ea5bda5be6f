// What all header fields have in common (RFC 9110, 5.5 and 5.6). Everything works on bytes: Swift's strings count some
// characters beyond ASCII as equal to letters, which HTTP does not.

/// Without the white space around it, which is no part of a field's value.
func trimmed(_ text: Substring) -> Substring {
    var bytes = text.utf8
    while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
    while let last = bytes.last, isBlank(last) { bytes.removeLast() }
    return Substring(bytes)
}

/// The same for a whole value; one without white space around it, as nearly all are, is not copied.
func trimmed(_ value: String) -> String {
    let hasBlank = value.utf8.withContiguousStorageIfAvailable { bytes in
        guard let first = bytes.first, let last = bytes.last else { return false }
        return isBlank(first) || isBlank(last)
    }
    return hasBlank == false ? value : String(trimmed(value[...]))
}

/// Whether `text` is `expected`, which is in lower case, whatever the case of its ASCII letters.
func isToken(_ text: Substring, _ expected: StaticString) -> Bool {
    guard text.utf8.count == expected.utf8CodeUnitCount else { return false }
    var index = 0
    for byte in text.utf8 {
        guard lowercased(byte) == expected.utf8Start[index] else { return false }
        index += 1
    }
    return true
}

/// Splits a header field's list, leaving quoted strings whole.
func splitOutsideQuotes(_ text: Substring, at separator: Character) -> [Substring] {
    let separator = separator.asciiValue ?? 0
    var parts: [Substring] = []
    var start = text.startIndex
    var quoted = false
    var escaped = false
    for index in text.utf8.indices {
        let byte = text.utf8[index]
        if escaped {
            escaped = false
        } else if quoted && byte == UInt8(ascii: "\\") {
            escaped = true
        } else if byte == UInt8(ascii: "\"") {
            quoted.toggle()
        } else if byte == separator && !quoted {
            parts.append(text[start..<index])
            start = text.utf8.index(after: index)
        }
    }
    parts.append(text[start...])
    return parts
}

/// `byte` in lower case where it is an ASCII letter.
@inline(__always)
func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}

@inline(__always)
private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
}
