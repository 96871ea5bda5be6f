/// Why the configuration was refused. The description is the one line that stops start-up; it never shows a password.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// A value that does not parse or is out of range.
    ///
    /// - Parameters:
    ///   - name: The option as the user gave it: its environment variable or its flag.
    init(name: String, value: String, allowed: String, hint: String?) {
        let note = hint.map { " (\($0))" } ?? ""
        self.init("\(name): \(QuotedValue(value)) is not allowed, expected \(allowed)\(note)")
    }
}

/// A value of the user's as an error shows it: on one line, of bounded length, without credentials.
struct QuotedValue: CustomStringConvertible {
    private static let lengthLimit = 100
    private let value: String

    init(_ value: String) {
        self.value = value
    }

    var description: String {
        // What stands before an @ may be `user:password`, as in a URL that was given where a host name is expected.
        let shown = value.lastIndex(of: "@").map { "***" + value[$0...] } ?? value
        var text = "\""
        for scalar in shown.unicodeScalars.prefix(Self.lengthLimit) {
            text += scalar.escaped(asASCII: false)
        }
        return text + (shown.unicodeScalars.count > Self.lengthLimit ? "…\"" : "\"")
    }
}
