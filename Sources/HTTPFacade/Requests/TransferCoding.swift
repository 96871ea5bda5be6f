/// What the `Transfer-Encoding` fields of a request, taken together, say of its body (RFC 9112, 6.1 and 6.3).
struct TransferCoding {
    /// The codings in the order in which they were applied; an empty one where a field or an element of it is empty.
    private var codings: [Substring] = []

    mutating func append(_ value: String) {
        codings += splitOutsideQuotes(value[...], at: ",").map(trimmed)
    }

    /// Why the body cannot be read; nil where it is chunked and nothing else.
    var error: FacadeError? {
        guard let last = codings.last, !codings.contains(where: \.isEmpty) else {
            return .badRequest("Transfer-Encoding is empty", closes: true)
        }
        let chunked = codings.count { isToken($0, "chunked") }
        guard chunked == 1, isToken(last, "chunked") else {
            return .badRequest("the last Transfer-Encoding must be chunked, and no other", closes: true)
        }
        return codings.count == 1 ? nil : .unknownTransferCoding
    }
}
