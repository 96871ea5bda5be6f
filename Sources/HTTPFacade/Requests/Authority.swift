import NIOCore

/// A host and perhaps a port, as `Host` and the absolute form of a target give them (RFC 3986, 3.2.2; RFC 9110, 7.2).
struct Authority: Equatable {
    /// The whole of it, as it came.
    private let text: String
    /// Length of the host in `text`, in bytes.
    private let hostLength: Int
    /// Whether the host is an IP address, and so has not been looked up.
    let isAddress: Bool

    /// nil where `text` is none. A user name before the host is none either: it serves nobody but those who would deceive (RFC 9110, 4.2.4).
    init?(_ text: String) {
        var text = text
        guard let (hostLength, isAddress) = text.withUTF8({ Self.parse($0) }) else { return nil }
        self.text = text
        self.hostLength = hostLength
        self.isAddress = isAddress
    }

    /// Shows the host in its own case, without a dot at its end.
    func withHost<Result>(_ look: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        var text = text
        return text.withUTF8 { text in
            let host = text[..<hostLength]
            return look(UnsafeBufferPointer(rebasing: host.last == UInt8(ascii: ".") ? host.dropLast() : host))
        }
    }

    /// Whether ``init(_:)`` was given the same bytes.
    func isWritten(_ other: String) -> Bool {
        // What `==` takes for equal to ASCII, as U+212A to "K", is longer; and `text` is ASCII.
        text == other && text.utf8.count == other.utf8.count
    }

    private static func parse(_ text: UnsafeBufferPointer<UInt8>) -> (hostLength: Int, isAddress: Bool)? {
        let hostLength: Int
        let isAddress: Bool
        if text.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let inside = text[1..<end]
            isAddress = isIPv6(inside)
            guard isAddress || isFutureAddress(inside) else { return nil }
            hostLength = end + 1
        } else {
            hostLength = text.firstIndex(of: UInt8(ascii: ":")) ?? text.count
            let host = text[..<hostLength]
            guard hostLength > 0, isName(host) else { return nil }
            isAddress = isIPv4(host)
        }
        guard hostLength < text.count else { return (hostLength, isAddress) }
        guard text[hostLength] == UInt8(ascii: ":"), text[(hostLength + 1)...].allSatisfy(isDigit) else { return nil }
        return (hostLength, isAddress)
    }

    /// `reg-name`: unreserved characters, percent-encoded ones, and sub-delimiters.
    private static func isName(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var position = bytes.startIndex
        while position < bytes.endIndex {
            if bytes[position] == UInt8(ascii: "%") {
                guard bytes.endIndex - position > 2, isHexadecimal(bytes[position + 1]),
                    isHexadecimal(bytes[position + 2])
                else { return false }
                position += 3
            } else {
                guard isUnreserved(bytes[position]) || isSubDelimiter(bytes[position]) else { return false }
                position += 1
            }
        }
        return true
    }

    private static func isIPv4(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var parts = 0
        var value = 0
        var digits = 0
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, parts < 3 else { return false }
                parts += 1
                value = 0
                digits = 0
            } else {
                // No zero leads: who reads such a number as octal means another address.
                guard isDigit(byte), digits == 0 || value > 0 else { return false }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
                digits += 1
                guard value <= 255 else { return false }
            }
        }
        return parts == 3 && digits > 0
    }

    /// With a zone (`fe80::1%eth0`, RFC 6874) or without.
    private static func isIPv6(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let address = bytes.prefix { $0 != UInt8(ascii: "%") }
        let zone = bytes[address.endIndex...].dropFirst()
        guard zone.allSatisfy({ isUnreserved($0) || $0 == UInt8(ascii: "%") }) else { return false }
        guard address.endIndex == bytes.endIndex || !zone.isEmpty else { return false }
        guard address.allSatisfy({ isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }) else {
            return false
        }
        let text = String(decoding: address, as: UTF8.self)
        return text.contains(":") && (try? SocketAddress(ipAddress: text, port: 0)) != nil
    }

    /// `IPvFuture`: "v", a version, ".", and what only that version knows.
    private static func isFutureAddress(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let first = bytes.first, lowercased(first) == UInt8(ascii: "v") else { return false }
        let version = bytes.dropFirst().prefix(while: isHexadecimal)
        let rest = bytes[version.endIndex...]
        guard !version.isEmpty, rest.first == UInt8(ascii: "."), rest.count > 1 else { return false }
        return rest.dropFirst().allSatisfy { isUnreserved($0) || isSubDelimiter($0) || $0 == UInt8(ascii: ":") }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func isSubDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&")...UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "="):
            true
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (lowercased(byte) >= UInt8(ascii: "a") && lowercased(byte) <= UInt8(ascii: "f"))
    }
}
