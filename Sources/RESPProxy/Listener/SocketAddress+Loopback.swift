import NIOCore

extension SocketAddress {
    /// Whether a client at this address is on this machine: loopback, or a Unix socket.
    var isLoopback: Bool {
        switch self {
        case .v4(let address):
            return UInt32(bigEndian: address.address.sin_addr.s_addr) >> 24 == 127
        case .v6(let address):
            return withUnsafeBytes(of: address.address.sin6_addr) { bytes in
                let isMapped = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
                if isMapped { return bytes[12] == 127 }
                return bytes[0..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
            }
        case .unixDomainSocket:
            return true
        }
    }
}
