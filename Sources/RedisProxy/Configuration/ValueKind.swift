/// What values an option takes: how they are written, parsed and described.
///
/// Over its files it is longer than 300 lines: one kind of value after the other, none of which needs another.
struct ValueKind<Value: Sendable>: Sendable {
    /// The value's stand-in in `--help`, e.g. `NUMBER`.
    let placeholder: String
    /// What is allowed, to follow "expected": `a whole number from 0 to 65535`.
    let allowed: String
    let parse: @Sendable (_ text: String) throws(ValueRefusal) -> Value
    /// The value as a user would write it; ``parse`` reads it back.
    let format: @Sendable (_ value: Value) -> String
}

/// A text that is no value of its kind.
struct ValueRefusal: Error {
    /// What the user may have meant, where that can be told.
    var hint: String?
}

extension ValueKind {
    /// The same, for an option that may stay unset.
    func optional() -> ValueKind<Value?> {
        ValueKind<Value?>(
            placeholder: placeholder, allowed: allowed,
            parse: { text throws(ValueRefusal) in try self.parse(text) },
            format: { value in value.map(self.format) ?? "unset" })
    }

    /// The same, where the word `off` stands for unset.
    func orOff() -> ValueKind<Value?> {
        ValueKind<Value?>(
            placeholder: placeholder, allowed: "\(allowed), or off",
            parse: { text throws(ValueRefusal) in text.lowercased() == "off" ? nil : try self.parse(text) },
            format: { value in value.map(self.format) ?? "off" })
    }
}

extension ValueKind where Value == Int {
    static func wholeNumber(_ range: ClosedRange<Int>) -> Self {
        ValueKind(
            placeholder: "NUMBER",
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            parse: { text throws(ValueRefusal) in
                guard let value = Decimal.wholeNumber(text), range.contains(value) else { throw ValueRefusal() }
                return value
            },
            format: { "\($0)" })
    }

    /// Bytes, plain or with a unit as in redis.conf, or with an IEC unit.
    static func byteCount(_ range: ClosedRange<Int>) -> Self {
        ValueKind(
            placeholder: "SIZE",
            allowed: "bytes from \(ByteCount.format(range.lowerBound)) to \(ByteCount.format(range.upperBound)),"
                + " plain or with a unit (256MiB, 1gb)",
            parse: { text throws(ValueRefusal) in
                guard let value = ByteCount.parse(text), range.contains(value) else { throw ValueRefusal() }
                return value
            },
            format: ByteCount.format)
    }
}

extension ValueKind where Value == Int {
    /// Who may do what with a file.
    static var fileMode: Self {
        ValueKind(
            placeholder: "MODE", allowed: "an octal number from 0 to 0777",
            parse: { text throws(ValueRefusal) in
                guard let mode = Int(text, radix: 8), (0...0o777).contains(mode), text.first != "+" else {
                    throw ValueRefusal()
                }
                return mode
            },
            format: { "0" + String($0, radix: 8) })
    }
}

extension ValueKind where Value == Bool {
    static var onOrOff: Self {
        ValueKind(
            placeholder: "on|off",
            allowed: "on or off (also true, false, yes, no, 1, 0)",
            parse: { text throws(ValueRefusal) in
                switch text.lowercased() {
                case "on", "true", "yes", "1": true
                case "off", "false", "no", "0": false
                default: throw ValueRefusal()
                }
            },
            format: { $0 ? "on" : "off" })
    }
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of an enumeration, in any case.
    static func word(of type: Value.Type) -> Self {
        let words = Value.allCases.map(\.rawValue)
        return ValueKind(
            placeholder: words.count > 3 ? "WORD" : words.joined(separator: "|"),
            allowed: words.count == 1 ? words.joined() : "one of \(words.joined(separator: ", "))",
            parse: { text throws(ValueRefusal) in
                guard let value = Value.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
                    throw ValueRefusal()
                }
                return value
            },
            format: { $0.rawValue })
    }
}
