import TestSupport
import Testing

/// Sends a text and our FIN on two connections, and expects the same bytes until they close.
func compareAnswers(to text: String, _ proxied: RawConnection, _ straight: RawConnection) throws {
    let bytes = Array(text.utf8)
    let expected = try answers(to: bytes, on: straight)
    let actual = try answers(to: bytes, on: proxied)
    #expect(withoutId(actual) == withoutId(expected), "\(printable(bytes.prefix(120)))")
}

/// The connection's id in the reply to `HELLO` is the one thing that differs by nature.
func withoutId(_ text: String) -> String {
    guard let range = text.firstRange(of: "$2\\r\\nid\\r\\n:") else { return text }
    return text[..<range.upperBound] + withoutId(String(text[range.upperBound...].drop { $0.isNumber }))
}
