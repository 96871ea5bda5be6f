@testable import RESPProxy

/// A header of the PROXY protocol, as a test writes it.
struct HeaderBytes {
    var versionAndCommand: UInt8 = 0x21
    var familyAndTransport: UInt8
    /// What follows the 16 bytes that every header has.
    var rest: [UInt8]
    /// The length that the header states, where it is not that of the rest.
    var statedLength: Int?

    /// For a client at 203.0.113.9, port 40000.
    static let ipv4 = HeaderBytes(
        familyAndTransport: 0x11, rest: [203, 0, 113, 9, 10, 0, 0, 1, 0x9C, 0x40, 0x1F, 0x40])
    /// For a client at 2001:db8::7, port 40000.
    static let ipv6 = HeaderBytes(
        familyAndTransport: 0x21,
        rest: [0x20, 0x01, 0x0D, 0xB8] + zeros(11) + [7] + zeros(15) + [1] + [0x9C, 0x40, 0x1F, 0x40])
    /// For a client of a Unix socket.
    static let unix = HeaderBytes(familyAndTransport: 0x31, rest: zeros(216))

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    var bytes: [UInt8] {
        let length = statedLength ?? rest.count
        return ProxyHeader.signature + [
            versionAndCommand, familyAndTransport, UInt8(length >> 8), UInt8(length & 0xFF),
        ]
            + rest
    }

    /// The same with a vector at its end.
    func with(_ type: UInt8, _ value: [UInt8]) -> HeaderBytes {
        var copy = self
        copy.rest += [type, UInt8(value.count >> 8), UInt8(value.count & 0xFF)] + value
        return copy
    }

    /// The same with its checksum at its end.
    func withChecksum() -> HeaderBytes {
        var checksum = CRC32C()
        for byte in with(0x03, Self.zeros(4)).bytes { checksum.add(byte) }
        return with(0x03, (0..<4).map { UInt8(truncatingIfNeeded: checksum.value >> (24 - 8 * $0)) })
    }
}
