import NIOCore

/// What a request target (RFC 9112, 3.2) asks for.
enum RequestTarget: Equatable {
    /// The key's bytes were written into the buffer.
    case key
    /// The path is `/`: no key is named.
    case empty
    /// Not a target that names a key; says why.
    case invalid(String)

    /// Parses `target`, origin or absolute form, and appends the key to `key`.
    ///
    /// The key is the path after its first `/`, percent-decoded and otherwise taken as it is: further slashes, dot segments and
    /// plus signs are bytes of the key like any other. What follows the first `?` is no part of it.
    static func parse(_ target: String, into key: inout ByteBuffer) -> RequestTarget {
        var target = target
        return target.withUTF8 { parse($0, into: &key) }
    }

    private static func parse(_ target: UnsafeBufferPointer<UInt8>, into key: inout ByteBuffer) -> RequestTarget {
        guard var position = pathStart(of: target) else {
            return .invalid("the request target must be a path that begins with /")
        }
        // `runStart` is the first byte not yet copied: bytes that stand for themselves are copied a run at a time.
        var runStart = position
        let keyStart = key.writerIndex
        scan: while position < target.count {
            switch target[position] {
            case UInt8(ascii: "%"):
                guard position + 2 < target.count, let high = hexadecimal(target[position + 1]),
                    let low = hexadecimal(target[position + 2])
                else {
                    return .invalid("a % in the request target must be followed by two hexadecimal digits")
                }
                key.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(target)[runStart..<position]))
                key.writeInteger(high << 4 | low)
                position += 3
                runStart = position
            case UInt8(ascii: "?"):
                break scan
            case UInt8(ascii: "#"):
                return .invalid("a # in a key must be sent as %23")
            case 0xEF where isReplacementCharacter(target, at: position):
                // The parser below hands the target over as a string, in which bytes that are not UTF-8 have been replaced by
                // U+FFFD; which bytes they were is lost, and another key must not be read in their place.
                return .invalid(
                    "bytes that are not UTF-8 must be percent-encoded in the request target, and so must U+FFFD")
            default:
                position += 1
            }
        }
        key.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(target)[runStart..<position]))
        return key.writerIndex == keyStart ? .empty : .key
    }

    /// The authority of an absolute form: it stands for `Host` (RFC 9112, 3.2.2). nil: the target has another form, or names none.
    static func authority(of target: String) -> String? {
        // The other forms have no colon and slashes before their first slash.
        guard target.utf8.first != UInt8(ascii: "/") else { return nil }
        for scheme in ["http://", "https://"] as [StaticString] {
            let length = scheme.utf8CodeUnitCount
            guard isToken(Substring(target.utf8.prefix(length)), scheme) else { continue }
            let end: (UInt8) -> Bool = { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
            return String(Substring(target.utf8.dropFirst(length).prefix { !end($0) }))
        }
        return nil
    }

    /// Where the path begins behind its first `/`; the end of the target where an absolute form has no path.
    private static func pathStart(of target: UnsafeBufferPointer<UInt8>) -> Int? {
        if target.first == UInt8(ascii: "/") { return 1 }
        for scheme in ["http://", "https://"] as [StaticString] {
            let length = scheme.utf8CodeUnitCount
            guard target.count > length else { continue }
            let matches = (0..<length).allSatisfy { lowercased(target[$0]) == scheme.utf8Start[$0] }
            guard matches else { continue }
            var position = length
            while position < target.count {
                switch target[position] {
                case UInt8(ascii: "/"): return position == length ? nil : position + 1
                case UInt8(ascii: "?"): return position == length ? nil : position
                default: position += 1
                }
            }
            return position
        }
        return nil
    }

    private static func isReplacementCharacter(_ target: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
        position + 2 < target.count && target[position + 1] == 0xBF && target[position + 2] == 0xBD
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
