import NIOHTTP1

/// The header fields that matter here, picked out in one pass.
struct RequestFields {
    /// All `Accept` fields as one list; nil where there is none.
    var accept: String?
    /// All `If-None-Match` fields as one list; nil where there is none.
    var ifNoneMatch: String?
    var authorization: String?
    var expect: String?
    var contentLength: String?
    var hosts = 0
    var contentLengths = 0
    var authorizations = 0
    var hasTransferEncoding = false
    /// Asks for another protocol, which makes the parser stop after this request.
    var hasUpgrade = false

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            // The length tells most names apart before a byte is compared.
            switch name.utf8.count {
            case 4 where Self.matches(name, "host"):
                hosts += 1
            case 6 where Self.matches(name, "accept"):
                accept = Self.joined(accept, value)
            case 6 where Self.matches(name, "expect"):
                expect = Self.joined(expect, value)
            case 7 where Self.matches(name, "upgrade"):
                hasUpgrade = true
            case 13 where Self.matches(name, "authorization"):
                authorization = value
                authorizations += 1
            case 13 where Self.matches(name, "if-none-match"):
                ifNoneMatch = Self.joined(ifNoneMatch, value)
            case 14 where Self.matches(name, "content-length"):
                contentLength = value
                contentLengths += 1
            case 17 where Self.matches(name, "transfer-encoding"):
                hasTransferEncoding = true
            default:
                break
            }
        }
    }

    /// Whether a body follows the head.
    var announcesBody: Bool {
        hasTransferEncoding || (contentLength.map { $0 != "0" } ?? false)
    }

    private static func joined(_ list: String?, _ value: String) -> String {
        guard let list else { return value }
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
