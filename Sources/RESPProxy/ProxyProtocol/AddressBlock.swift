import NIOCore

/// The IP addresses that begin with the same bits, as CIDR writes them: `10.0.0.0/8`, `fd00::/8`, or one address.
public struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
    /// Why a text is none.
    public enum Fault: Error, Equatable {
        case notAnAddress
        /// What follows the slash is no number of bits from 0 to that.
        case notALength(maximum: Int)
        /// The address does not end with its first bits; perhaps that block was meant.
        case bitsBeyondLength(within: String)
    }

    private let first: IPAddress
    private let length: Int

    /// - Parameter text: without blanks around it.
    public init(_ text: String) throws(Fault) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        // What follows a percent sign is a zone: this machine's own name of one of its links.
        guard let host = parts.first, !host.contains("%"),
            let address = try? SocketAddress(ipAddress: String(host), port: 0),
            let written = IPAddress(asWritten: address)
        else { throw .notAnAddress }
        let maximum = written.width
        var length = maximum
        if parts.count > 1 {
            guard let given = Self.number(parts[1]), given <= maximum else { throw .notALength(maximum: maximum) }
            length = given
        }
        let first = written.prefix(length)
        guard first == written else { throw .bitsBeyondLength(within: Self.text(first, length)) }
        if case .v6(let bits) = first, bits >> 32 == 0xFFFF, length >= 96 {
            self.first = .v4(UInt32(truncatingIfNeeded: bits))
            self.length = length - 96
        } else {
            self.first = first
            self.length = length
        }
    }

    /// Whether the address is one of them.
    public func contains(_ address: IPAddress) -> Bool {
        address.width == first.width && address.prefix(length) == first
    }

    /// In CIDR form.
    public var description: String { Self.text(first, length) }

    private static func text(_ first: IPAddress, _ length: Int) -> String {
        let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: first.bytes), port: 0)
        return "\(address?.ipAddress ?? "")/\(length)"
    }

    /// Digits only, without zeros before them.
    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), text.utf8.count <= 3,
            text == "0" || text.first != "0"
        else { return nil }
        return Int(text)
    }
}

extension IPAddress {
    /// Bits.
    fileprivate var width: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// Its first bits, zeros behind them.
    fileprivate func prefix(_ length: Int) -> IPAddress {
        // A shift by the whole width gives 0.
        switch self {
        case .v4(let bits): .v4(bits & ~(UInt32.max >> length))
        case .v6(let bits): .v6(bits & ~(UInt128.max >> length))
        }
    }

    fileprivate var bytes: [UInt8] {
        switch self {
        case .v4(let bits): (0..<4).map { UInt8(truncatingIfNeeded: bits >> (24 - 8 * $0)) }
        case .v6(let bits): (0..<16).map { UInt8(truncatingIfNeeded: bits >> (120 - 8 * $0)) }
        }
    }
}

extension [AddressBlock] {
    /// Whether the address is in one of them.
    public func contain(_ address: IPAddress) -> Bool { contains { $0.contains(address) } }
}
