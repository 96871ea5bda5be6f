import NIOHTTP1

/// The header fields that matter here, picked out in one pass, without the white space around their values.
///
/// Not copyable: so much would be copied that a request must not cost it by chance.
struct RequestFields: ~Copyable {
    /// All `Accept` fields as one list; nil where there is none.
    var accept: String?
    var preconditions = Preconditions()
    var authorization: String?
    /// All `Expect` fields as one list; nil where there is none.
    var expect: String?
    /// nil: there is none; the highest number where it is more than can be counted.
    var contentLength: Int?
    var host: String?
    var transferCoding: TransferCoding?
    var hosts = 0
    var contentLengths = 0
    var authorizations = 0
    /// Asks for another protocol, which makes the parser stop after this request.
    var hasUpgrade = false
    /// `Connection` says `close`.
    var closes = false

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            // The length tells most names apart before a byte is compared.
            switch name.utf8.count {
            case 4 where Self.matches(name, "host"):
                host = trimmed(value)
                hosts += 1
            case 6 where Self.matches(name, "accept"):
                accept = Self.joined(accept, value)
            case 6 where Self.matches(name, "expect"):
                expect = Self.joined(expect, value)
            case 7 where Self.matches(name, "upgrade"):
                hasUpgrade = true
            case 8 where Self.matches(name, "if-match"):
                preconditions.ifMatch = Self.joined(preconditions.ifMatch, value)
            case 10 where Self.matches(name, "connection"):
                // The parser sees this too, but not where a tab stands behind it.
                closes = closes || splitOutsideQuotes(value[...], at: ",").contains { isToken(trimmed($0), "close") }
            case 13 where Self.matches(name, "authorization"):
                authorization = trimmed(value)
                authorizations += 1
            case 13 where Self.matches(name, "if-none-match"):
                preconditions.ifNoneMatch = Self.joined(preconditions.ifNoneMatch, value)
            case 14 where Self.matches(name, "content-length"):
                // The parser lets nothing but digits through.
                contentLength = Int(trimmed(value)) ?? .max
                contentLengths += 1
            case 17 where Self.matches(name, "transfer-encoding"):
                var coding = transferCoding ?? TransferCoding()
                coding.append(value)
                transferCoding = coding
            default:
                break
            }
        }
    }

    /// Whether a body follows the head.
    var announcesBody: Bool {
        transferCoding != nil || contentLength ?? 0 > 0
    }

    /// What `Expect` asks for.
    enum Expectation {
        case nothing
        /// `100-continue`.
        case interimResponse
        case somethingElse
    }

    /// Empty elements of the list ask for nothing.
    var expectation: Expectation {
        guard let expect else { return .nothing }
        let elements = splitOutsideQuotes(expect[...], at: ",").map(trimmed).filter { !$0.isEmpty }
        if elements.isEmpty { return .nothing }
        return elements.allSatisfy { isToken($0, "100-continue") } ? .interimResponse : .somethingElse
    }

    private static func joined(_ list: String?, _ value: String) -> String {
        guard let list else { return trimmed(value) }
        return "\(list), \(value)"
    }

    /// - Parameter expected: In lower case, of the same length.
    private static func matches(_ name: String, _ expected: StaticString) -> Bool {
        var index = 0
        for byte in name.utf8 {
            guard lowercased(byte) == expected.utf8Start[index] else { return false }
            index += 1
        }
        return true
    }
}
