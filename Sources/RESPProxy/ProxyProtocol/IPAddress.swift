import NIOCore

/// An IP address without a port. One of IPv4 that is written as one of IPv6 (`::ffff:192.0.2.1`) is the one of IPv4.
public enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt128)

    /// - Returns: nil for a Unix socket.
    public init?(_ address: SocketAddress) {
        switch Self(asWritten: address) {
        case .v6(let bits) where bits >> 32 == 0xFFFF: self = .v4(UInt32(truncatingIfNeeded: bits))
        case let address?: self = address
        case nil: return nil
        }
    }

    /// The same, but one of IPv6 stays one.
    init?(asWritten address: SocketAddress) {
        switch address {
        case .v4(let address):
            self = .v4(UInt32(bigEndian: address.address.sin_addr.s_addr))
        case .v6(let address):
            self = .v6(
                withUnsafeBytes(of: address.address.sin6_addr) { bytes in
                    bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
                })
        case .unixDomainSocket:
            return nil
        }
    }

    /// Whether it is this machine's own.
    var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let bits): bits == 1
        }
    }
}

extension SocketAddress {
    /// Whether a client at this address is on this machine: loopback, or a Unix socket.
    var isLoopback: Bool { IPAddress(self)?.isLoopback ?? true }

    /// As it stands in the log.
    package var endpoint: String {
        guard let host = ipAddress, let port else { return "a Unix socket" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
