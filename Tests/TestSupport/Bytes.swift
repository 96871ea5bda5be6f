import Foundation

/// Whether two byte strings are equal. One `memcmp`, because element-wise comparison of 64 MiB takes seconds in a
/// debug build.
public func sameBytes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return left.withUnsafeBytes { left in
        right.withUnsafeBytes { right in
            guard let first = left.baseAddress, let second = right.baseAddress else { return true }
            return memcmp(first, second, left.count) == 0
        }
    }
}

/// `count` bytes that look random and are the same on every call with the same seed.
public func patternedBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    let words = (0..<8192).map { _ in generator.next() }
    var block: [UInt8] = []
    words.withUnsafeBytes { block.append(contentsOf: $0) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count + block.count <= count { bytes.append(contentsOf: block) }
    bytes.append(contentsOf: block.prefix(count - bytes.count))
    return bytes
}

/// A command as a client sends it: an array of bulk strings.
public func encodeCommand(_ arguments: [[UInt8]]) -> [UInt8] {
    var bytes = Array("*\(arguments.count)\r\n".utf8)
    for argument in arguments {
        bytes.append(contentsOf: Array("$\(argument.count)\r\n".utf8))
        bytes.append(contentsOf: argument)
        bytes.append(contentsOf: [13, 10])
    }
    return bytes
}

/// A command of text arguments as a client sends it.
public func encodeCommand(_ arguments: String...) -> [UInt8] {
    encodeCommand(arguments.map { Array($0.utf8) })
}

/// The bytes as text, with control bytes escaped, for test reports and for comparing protocol texts.
public func printable(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes.prefix(2000) {
        switch byte {
        case 13: text += "\\r"
        case 10: text += "\\n"
        case 32...126: text.unicodeScalars.append(Unicode.Scalar(byte))
        default: text += "\\x" + String(byte, radix: 16)
        }
    }
    return text
}
