/// Numbers as people write them, read strictly: digits and nothing else, no overflow.
enum Decimal {
    /// A whole number with an optional minus; nil for anything else, spaces and plus included.
    static func wholeNumber(_ text: some StringProtocol) -> Int? {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
        return Int(text)
    }

    /// Seconds with up to nine digits of fraction, as nanoseconds.
    static func nanoseconds(seconds text: String) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, !first.isEmpty, first.utf8.allSatisfy(isDigit), let whole = Int64(first) else {
            return nil
        }
        var fraction: Int64 = 0
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...9).contains(digits.count), digits.allSatisfy(isDigit) else { return nil }
            let padded = parts[1] + String(repeating: "0", count: 9 - digits.count)
            guard let nanoseconds = Int64(padded) else { return nil }
            fraction = nanoseconds
        }
        let (scaled, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        let (sum, carry) = scaled.addingReportingOverflow(fraction)
        return carry ? nil : sum
    }

    /// Nanoseconds as seconds, without needless zeros.
    static func formatSeconds(nanoseconds: Int64) -> String {
        let (whole, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard fraction != 0 else { return "\(whole)" }
        let digits = String(fraction)
        var text = "\(whole)." + String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while text.hasSuffix("0") { text.removeLast() }
        return text
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
