/// Sizes in bytes. Units without an `i` mean what they mean in redis.conf: `1k` is 1000 bytes, `1kb` is 1024.
enum ByteCount {
    private static let units: [(name: String, factor: Int)] = [
        ("", 1), ("b", 1),
        ("k", 1000), ("kb", 1 << 10), ("kib", 1 << 10),
        ("m", 1_000_000), ("mb", 1 << 20), ("mib", 1 << 20),
        ("g", 1_000_000_000), ("gb", 1 << 30), ("gib", 1 << 30),
        ("tb", 1 << 40), ("tib", 1 << 40),
    ]

    static func parse(_ text: String) -> Int? {
        let end = text.firstIndex { !$0.isASCII || !$0.isNumber } ?? text.endIndex
        let unit = text[end...].lowercased()
        guard
            let number = Decimal.wholeNumber(text[..<end]),
            let factor = units.first(where: { $0.name == unit })?.factor
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    /// With the largest IEC unit that divides it.
    static func format(_ bytes: Int) -> String {
        for (name, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] {
            let unit = 1 << shift
            if bytes >= unit && bytes % unit == 0 { return "\(bytes / unit)\(name)" }
        }
        return "\(bytes)"
    }
}
