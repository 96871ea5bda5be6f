/// The forms in which a value can be had, best first.
enum Representation: CaseIterable {
    /// `{"key":…,"value":…}`.
    case json
    /// The raw bytes.
    case octetStream
    /// The raw bytes, labelled as text.
    case text

    var mediaType: StaticString {
        switch self {
        case .json: "application/json"
        case .octetStream: "application/octet-stream"
        case .text: "text/plain"
        }
    }

    /// Chooses by an `Accept` header field (RFC 9110, 12.5.1); nil when nothing that there is would be acceptable.
    ///
    /// The most specific range that names a form gives its quality; the best quality wins and, among equals, the first form in
    /// ``allCases``. Ranges that cannot be read are passed over, and a field in which none can be read counts as absent.
    static func negotiate(_ accept: String?) -> Representation? {
        guard let accept, accept != "*/*", accept != "application/json" else { return .json }
        var readable = false
        // Quality in thousandths and specificity of the best range for each form.
        var ratings = [(quality: Int, specificity: Int)](repeating: (0, -1), count: allCases.count)
        for element in splitOutsideQuotes(accept[...], at: ",") {
            guard let range = MediaRange(element) else { continue }
            readable = true
            for (index, form) in allCases.enumerated() {
                let specificity = range.specificity(for: form)
                if specificity > ratings[index].specificity {
                    ratings[index] = (range.quality, specificity)
                } else if specificity >= 0 && specificity == ratings[index].specificity {
                    ratings[index].quality = max(ratings[index].quality, range.quality)
                }
            }
        }
        guard readable else { return .json }
        var best: (form: Representation, quality: Int)?
        for (form, rating) in zip(allCases, ratings) where rating.quality > (best?.quality ?? 0) {
            best = (form, rating.quality)
        }
        return best?.form
    }
}

/// One element of an `Accept` field.
private struct MediaRange {
    /// Lower case, `*/*` and `type/*` included.
    var name: String
    /// In thousandths.
    var quality = 1000

    init?(_ element: Substring) {
        var parts = splitOutsideQuotes(element, at: ";").map(trimmed)
        name = parts.removeFirst().lowercased()
        let halves = name.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ !$0.isEmpty }), halves[0] != "*" || halves[1] == "*" else {
            return nil
        }
        // Parameters other than the weight (`charset=utf-8`) do not tell our forms apart.
        for part in parts where isToken(part.prefix(2), "q=") {
            guard let quality = Self.quality(part.dropFirst(2)) else { return nil }
            self.quality = quality
        }
    }

    /// How closely the range names `form`; -1 = not at all.
    func specificity(for form: Representation) -> Int {
        let mediaType = "\(form.mediaType)"
        if name == mediaType { return 2 }
        if name == "*/*" { return 0 }
        return name.hasSuffix("/*") && mediaType.hasPrefix(name.dropLast()) ? 1 : -1
    }

    /// RFC 9110, 12.4.2: `0` or `1` with up to three decimals, at most 1.
    private static func quality(_ text: Substring) -> Int? {
        let digits = text.utf8
        guard let first = digits.first, first == UInt8(ascii: "0") || first == UInt8(ascii: "1") else { return nil }
        var thousandths = first == UInt8(ascii: "1") ? 1000 : 0
        let rest = digits.dropFirst()
        guard let point = rest.first else { return thousandths }
        guard point == UInt8(ascii: "."), rest.count <= 4 else { return nil }
        var weight = 100
        for digit in rest.dropFirst() {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            thousandths += Int(digit - UInt8(ascii: "0")) * weight
            weight /= 10
        }
        return thousandths <= 1000 ? thousandths : nil
    }
}
