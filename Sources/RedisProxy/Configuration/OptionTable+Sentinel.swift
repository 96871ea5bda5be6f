import BackingClient

// MARK: Sentinel

extension OptionTable {
    static let redisSentinels = Option(
        "REDIS_SENTINELS", ValueKind.sentinels.optional(), default: nil, shown: "none",
        help:
            "Sentinels that keep the backing, in the place of REDIS_HOST and REDIS_PORT: one that answers is enough, the others are known from it."
    )
    static let redisSentinelMaster = Option(
        "REDIS_SENTINEL_MASTER", ValueKind.word.optional(), default: nil, shown: "none",
        help: "The name by which the Sentinels know the backing, such as mymaster.")
    static let redisSentinelUsername = Option(
        "REDIS_SENTINEL_USERNAME", ValueKind.text.optional(), default: nil, shown: "the default user",
        help: "ACL user of the Sentinels; needs a password. REDIS_USERNAME is for the servers.")
    static let redisSentinelPassword = Option(
        "REDIS_SENTINEL_PASSWORD", ValueKind.secret.optional(), default: nil, shown: "none",
        help: "Password of the Sentinels. Others on the machine can read flags: prefer the variable or the file.")
    static let redisSentinelPasswordFile = Option(
        "REDIS_SENTINEL_PASSWORD_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help: "File that holds that password, less one newline at its end; not together with REDIS_SENTINEL_PASSWORD.")
    static let redisSentinelTLS = Option(
        "REDIS_SENTINEL_TLS", ValueKind.onOrOff.optional(), default: nil, shown: "as `REDIS_TLS`",
        help: "Whether the connections to the Sentinels are encrypted, with the files of REDIS_TLS_….")
    static let redisAddressMap = Option(
        "REDIS_ADDRESS_MAP", .addressMap, default: [], shown: "none",
        help:
            "Where servers and Sentinels are that announce addresses which cannot be reached from here: 10.0.0.1:6379=127.0.0.1:7001,…;"
            + " certificates are still to be for the announced one.")
}

/// Where a server is that announces another address.
struct AddressMapping: Sendable, Equatable {
    var announced: BackingAddress
    var actual: BackingAddress
}

extension ValueKind where Value == [BackingAddress] {
    /// Hosts with or without ports.
    static var sentinels: Self {
        ValueKind(
            placeholder: "ADDRESSES",
            allowed:
                "hosts with their ports (host:26379, [::1]:26379), separated by commas; without a port it is 26379",
            parse: { text throws(ValueRefusal) in
                var addresses: [BackingAddress] = []
                for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                    addresses.append(try EndpointText.parse(part, defaultPort: 26379))
                }
                return addresses
            },
            format: { $0.map(\.description).joined(separator: ",") })
    }
}

extension ValueKind where Value == [AddressMapping] {
    static var addressMap: Self {
        ValueKind(
            placeholder: "ADDRESSES",
            allowed: "announced addresses and actual ones (10.0.0.1:6379=127.0.0.1:7001), separated by commas",
            parse: { text throws(ValueRefusal) in
                var mappings: [AddressMapping] = []
                for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                    let sides = part.split(separator: "=", omittingEmptySubsequences: false)
                    guard sides.count == 2 else {
                        throw ValueRefusal(
                            hint: "\(QuotedValue(String(part))) is not two addresses with a = between them")
                    }
                    let mapping = AddressMapping(
                        announced: try EndpointText.parse(sides[0]), actual: try EndpointText.parse(sides[1]))
                    guard !mappings.contains(where: { $0.announced == mapping.announced }) else {
                        throw ValueRefusal(hint: "\(mapping.announced) is there twice")
                    }
                    mappings.append(mapping)
                }
                return mappings
            },
            format: { $0.map { "\($0.announced)=\($0.actual)" }.joined(separator: ",") })
    }
}

extension ValueKind where Value == String {
    /// A name without blanks, as Sentinels have them.
    static var word: Self {
        ValueKind(
            placeholder: "TEXT", allowed: "a name without blanks",
            parse: { text throws(ValueRefusal) in
                guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { throw ValueRefusal() }
                return text
            },
            format: { $0 })
    }
}

/// A host and a port as they are written together.
enum EndpointText {
    /// - Parameter defaultPort: nil: there must be one.
    static func parse(_ text: Substring, defaultPort: Int? = nil) throws(ValueRefusal) -> BackingAddress {
        let text = text.withoutOuterBlanks
        let quoted = QuotedValue(String(text))
        let colon = text.lastIndex(of: ":").flatMap { text[$0...].contains("]") ? nil : $0 }
        let host = text[..<(colon ?? text.endIndex)]
        guard !host.contains(":") || host.hasPrefix("[") else {
            throw ValueRefusal(hint: "\(quoted): an IPv6 address needs [brackets]")
        }
        var port = defaultPort
        if let colon { port = Decimal.wholeNumber(text[text.index(after: colon)...]) }
        guard let port, (1...65535).contains(port) else {
            throw ValueRefusal(hint: "\(quoted) has no port from 1 to 65535")
        }
        guard let name = try? HostName.parse(String(host)) else { throw ValueRefusal(hint: "\(quoted) names no host") }
        return .tcp(host: name, port: port)
    }
}
