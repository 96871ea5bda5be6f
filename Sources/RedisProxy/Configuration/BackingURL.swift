import BackingClient

/// A server as a URL says it: `redis://user:password@host:port/database`, `rediss://…` for TLS, `unix://user:password@/path?db=2`, or, where
/// Sentinels keep it, `redis+sentinel://user:password@host:port,host:port/name/database`; the credentials are the server's.
///
/// What a URL means is what `redis-cli -u` and redis-py's `from_url` take it for; where the two differ it is refused.
struct BackingURL: Equatable {
    /// nil = the URL names none.
    var host: BackingHost?
    /// nil = the URL names none.
    var port: Int?
    /// nil = the URL names none.
    var username: String?
    /// nil = the URL names none.
    var password: Secret?
    /// nil = the URL names none.
    var database: Int?
    /// nil = the URL leaves it open, as `redis://` does for redis-cli beside `--tls`.
    var isTLS: Bool?
    /// nil = the URL names none.
    var sentinels: [BackingAddress]?
    /// nil = the URL names none.
    var sentinelMaster: String?

    private enum Form {
        case server, sentinels, unixSocket
    }

    /// What is wrong with a URL. Never shows any of it: what looks like a port may be part of a password.
    struct Failure: Error, Equatable {
        let reason: String
    }

    init(_ text: String) throws(Failure) {
        guard let schemeEnd = text.firstRange(of: "://") else { throw Failure(reason: "has no ://") }
        let form: Form
        switch text[..<schemeEnd.lowerBound].lowercased() {
        case "redis": (isTLS, form) = (nil, .server)
        case "rediss": (isTLS, form) = (true, .server)
        case "redis+sentinel": (isTLS, form) = (nil, .sentinels)
        case "rediss+sentinel": (isTLS, form) = (true, .sentinels)
        case "unix": (isTLS, form) = (nil, .unixSocket)
        default:
            throw Failure(
                reason: "does not begin with redis://, rediss://, redis+sentinel://, rediss+sentinel:// or unix://")
        }
        let rest = text[schemeEnd.upperBound...]
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Failure(reason: "holds a blank or a control character; write it as %20 and so on")
        }
        guard !rest.contains("#") else { throw Failure(reason: "holds a #; in a password write it as %23") }
        let authorityEnd = rest.firstIndex { "/?".contains($0) } ?? rest.endIndex
        let queryStart = rest[authorityEnd...].firstIndex(of: "?") ?? rest.endIndex
        let path = rest[authorityEnd..<queryStart]
        let place = try readCredentials(rest[..<authorityEnd])
        switch form {
        case .unixSocket:
            guard place.isEmpty, path.count > 1 else { throw Failure(reason: "of a Unix socket is unix:///path") }
            host = try Self.unixSocket(Self.decoded(path))
        case .server:
            try readPlace(place)
            if path.count > 1 { database = try Self.database(path.dropFirst()) }
        case .sentinels: try readSentinels(place, path)
        }
        if queryStart < rest.endIndex { try readQuery(rest[rest.index(after: queryStart)...]) }
    }

    // MARK: Parts

    /// - Returns: What stands behind the credentials.
    private mutating func readCredentials(_ authority: Substring) throws(Failure) -> Substring {
        guard let at = authority.firstIndex(of: "@") else { return authority }
        let place = authority[authority.index(after: at)...]
        guard !place.contains("@") else { throw Failure(reason: "holds an @ twice; in a password write it as %40") }
        let credentials = authority[..<at]
        guard !credentials.isEmpty else { return place }
        guard let colon = credentials.firstIndex(of: ":") else {
            throw Failure(
                reason:
                    "has one word before the @, which some take for a name and some for a password; write user:password@"
                    + " or :password@")
        }
        let name = try Self.decoded(credentials[..<colon])
        let word = try Self.decodedBytes(credentials[credentials.index(after: colon)...])
        if !name.isEmpty { username = name }
        if !name.isEmpty || !word.isEmpty { password = Secret(word) }
        return place
    }

    private mutating func readPlace(_ place: Substring) throws(Failure) {
        var name = place
        var number: Substring?
        if let bracket = place.firstIndex(of: "]") {
            let end = place.index(after: bracket)
            name = place[..<end]
            guard end == place.endIndex || place[end] == ":" else {
                throw Failure(reason: "has no port behind the address")
            }
            number = end == place.endIndex ? nil : place[place.index(after: end)...]
        } else if let colon = place.firstIndex(of: ":") {
            name = place[..<colon]
            number = place[place.index(after: colon)...]
            if number?.contains(":") == true {
                throw Failure(reason: "has more than one : behind the credentials; an IPv6 address needs [brackets]")
            }
        }
        if let number, !number.isEmpty {
            guard let port = Decimal.wholeNumber(number), (1...65535).contains(port) else {
                throw Failure(reason: "has no port from 1 to 65535 behind the host")
            }
            self.port = port
        }
        guard !name.isEmpty else { return }
        guard let parsed = try? HostName.parse(Self.decoded(name)) else { throw Failure(reason: "names no host") }
        host = .name(parsed)
    }

    private mutating func readSentinels(_ places: Substring, _ path: Substring) throws(Failure) {
        if !places.isEmpty {
            guard let addresses = try? ValueKind.sentinels.parse(Self.decoded(places)) else {
                throw Failure(reason: "names no Sentinels behind the credentials; write host:port,host:port")
            }
            sentinels = addresses
        }
        let words = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard words.count < 3 else { throw Failure(reason: "has more than a name and a database behind the Sentinels") }
        if let name = words.first, !name.isEmpty {
            guard let word = try? ValueKind.word.parse(Self.decoded(name)) else {
                throw Failure(reason: "has a blank in the name of the primary")
            }
            sentinelMaster = word
        }
        if words.count == 2, !words[1].isEmpty { database = try Self.database(words[1]) }
    }

    private mutating func readQuery(_ query: Substring) throws(Failure) {
        for parameter in query.split(separator: "&") {
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "db" else {
                throw Failure(
                    reason:
                        "has a parameter that is not known; db is, all else has an option of its own, such as REDIS_TLS_CA_FILE"
                )
            }
            let number = try Self.database(parts[1])
            guard database == nil || database == number else { throw Failure(reason: "names two databases") }
            database = number
        }
    }

    private static func database(_ text: Substring) throws(Failure) -> Int {
        guard let number = Decimal.wholeNumber(try decoded(text)), (0...Int(Int32.max)).contains(number) else {
            throw Failure(reason: "has a database that is no number from 0 to \(Int32.max)")
        }
        return number
    }

    private static func unixSocket(_ path: String) throws(Failure) -> BackingHost {
        guard let host = try? ValueKind.backingHost.parse(path), case .unixSocket = host else {
            throw Failure(reason: "names no path of a Unix socket")
        }
        return host
    }

    private static func decoded(_ text: Substring) throws(Failure) -> String {
        guard let decoded = String(validating: try decodedBytes(text), as: UTF8.self) else {
            throw Failure(reason: "is not UTF-8 text")
        }
        return decoded
    }

    /// RFC 3986, 2.1.
    private static func decodedBytes(_ text: Substring) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                throw Failure(reason: "has a % without two hexadecimal digits behind it; a % itself is written as %25")
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
