import BackingClient
import NIOCore
import RESPProxy
import Time

extension ValueKind where Value == String {
    /// A host name or an IP address, without a port.
    static var host: Self {
        ValueKind(
            placeholder: "HOST", allowed: "a host name or an IP address",
            parse: { text throws(ValueRefusal) in try HostName.parse(text) }, format: { $0 })
    }

    /// Any text; for names.
    static var text: Self {
        ValueKind(
            placeholder: "TEXT", allowed: "any text", parse: { text throws(ValueRefusal) in text }, format: { $0 })
    }

    /// The path of a file.
    static var path: Self {
        ValueKind(placeholder: "PATH", allowed: "a path", parse: { text throws(ValueRefusal) in text }, format: { $0 })
    }
}

extension ValueKind where Value == [String] {
    /// Names as they stand in a URL; blanks around them are no part of them.
    static var hostNames: Self {
        ValueKind(
            placeholder: "NAMES", allowed: "host names without ports, separated by commas",
            parse: { text throws(ValueRefusal) in
                var names: [String] = []
                for part in text.split(separator: ",") {
                    names.append(try HostName.parseForURL(String(part.withoutOuterBlanks)))
                }
                return names
            },
            format: { $0.joined(separator: ",") })
    }
}

extension Substring {
    /// Blanks around the parts of a list are no part of them.
    var withoutOuterBlanks: Substring {
        var text = drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}

extension ValueKind where Value == [AddressBlock] {
    /// Addresses and networks; blanks around them are no part of them.
    static var addressBlocks: Self {
        ValueKind(
            placeholder: "NETWORKS",
            allowed: "IP addresses or networks in CIDR form (10.0.0.0/8, fd00::/8), separated by commas",
            parse: { text throws(ValueRefusal) in
                var blocks: [AddressBlock] = []
                for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                    let part = part.withoutOuterBlanks
                    do throws(AddressBlock.Fault) {
                        blocks.append(try AddressBlock(String(part)))
                    } catch {
                        throw ValueRefusal(hint: error.hint(about: QuotedValue(String(part))))
                    }
                }
                return blocks
            },
            format: { $0.map(\.description).joined(separator: ",") })
    }
}

extension AddressBlock.Fault {
    fileprivate func hint(about part: QuotedValue) -> String {
        switch self {
        case .notAnAddress: "\(part) does not begin with an IP address"
        case .notALength(let maximum): "in \(part) what follows the slash is no number from 0 to \(maximum)"
        case .bitsBeyondLength(let within): "\(part) is not the first address of its network, \(within)"
        }
    }
}

extension ValueKind where Value == Secret {
    /// A URL, which may hold a password. What is wrong with it is said by who reads it.
    static var url: Self {
        ValueKind(
            placeholder: "URL",
            allowed: "a URL that begins with redis://, rediss://, redis+sentinel://, rediss+sentinel:// or unix://",
            parse: { text throws(ValueRefusal) in Secret(text) }, format: { $0.description })
    }

    static var secret: Self {
        ValueKind(
            placeholder: "TEXT", allowed: "any text",
            parse: { text throws(ValueRefusal) in Secret(text) }, format: { $0.description })
    }
}

extension ValueKind where Value == TimeSpan {
    /// Seconds with an optional fraction, from `range`, which is in nanoseconds.
    static func seconds(_ range: ClosedRange<Int64>) -> Self {
        ValueKind(
            placeholder: "SECONDS",
            allowed: "seconds from \(Decimal.formatSeconds(nanoseconds: range.lowerBound)) to "
                + "\(Decimal.formatSeconds(nanoseconds: range.upperBound)), fractions allowed",
            parse: { text throws(ValueRefusal) in
                guard let nanoseconds = Decimal.nanoseconds(seconds: text), range.contains(nanoseconds) else {
                    throw ValueRefusal()
                }
                return .nanoseconds(nanoseconds)
            },
            format: { Decimal.formatSeconds(nanoseconds: $0.nanoseconds) })
    }
}

extension ValueKind where Value == BackingHost {
    /// A host name, an IP address, or the path of a Unix socket.
    static var backingHost: Self {
        ValueKind(
            placeholder: "HOST",
            allowed: "a host name, an IP address, or the path of a Unix socket (/path or unix:/path)",
            parse: { text throws(ValueRefusal) in
                let path = text.hasPrefix("unix:") ? String(text.dropFirst(5)) : text
                if path.hasPrefix("/") {
                    // The kernel's limit on the name of a socket, its closing NUL included, is 108 bytes.
                    guard path.utf8.count < 108 else { throw ValueRefusal(hint: "the path is longer than 107 bytes") }
                    return .unixSocket(path: path)
                }
                return .name(try HostName.parse(text))
            },
            format: { $0.description })
    }
}

/// Where the backing is, as `REDIS_HOST` says it.
enum BackingHost: Sendable, Equatable, CustomStringConvertible {
    case name(String)
    case unixSocket(path: String)

    var description: String {
        switch self {
        case .name(let name): name
        case .unixSocket(let path): path
        }
    }
}

/// The rules for what is given as a host: it goes to the resolver, so only what cannot be a name is refused here.
enum HostName {
    /// - Returns: The name; an IPv6 address without its brackets.
    static func parse(_ text: String) throws(ValueRefusal) -> String {
        guard !text.contains("://") else { throw ValueRefusal(hint: "give the host alone, not a URL") }
        if text.hasPrefix("[") && text.hasSuffix("]") {
            let address = String(text.dropFirst().dropLast())
            guard isIPv6(address) else { throw ValueRefusal() }
            return address
        }
        if text.contains(":") && !isIPv6(text) {
            throw ValueRefusal(hint: "give the host alone; the port has an option of its own")
        }
        let allowed = text.utf8.allSatisfy { byte in
            byte > UInt8(ascii: " ") && byte != 0x7f && byte != UInt8(ascii: "/") && byte != UInt8(ascii: "@")
        }
        guard allowed, (1...253).contains(text.utf8.count) else { throw ValueRefusal() }
        return text
    }

    /// A name of letters, digits, hyphens, underscores and dots: only such a one can come in a `Host` field.
    static func parseForURL(_ name: String) throws(ValueRefusal) -> String {
        guard !name.contains(":") && !name.contains("/") else {
            throw ValueRefusal(hint: "give the names alone, without scheme and port")
        }
        guard !name.contains("*") else { throw ValueRefusal(hint: "each name must be given in full") }
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw ValueRefusal(hint: "give names beyond ASCII as browsers send them (xn--…)")
        }
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isName, (1...253).contains(name.utf8.count), name != "." else { throw ValueRefusal() }
        return name
    }

    private static func isIPv6(_ text: String) -> Bool {
        // A zone (`fe80::1%eth0`) is for the resolver to read.
        let address = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init)
        guard let address, address.contains(":") else { return false }
        return (try? SocketAddress(ipAddress: address, port: 0)) != nil
    }
}
