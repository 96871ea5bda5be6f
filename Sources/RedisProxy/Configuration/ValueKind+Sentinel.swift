import BackingClient

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
